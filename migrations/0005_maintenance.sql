-- What each maintenance job was about; its state, times, result and error are the job's.
CREATE TABLE maintenance (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    connection_id TEXT NOT NULL,
    action TEXT NOT NULL,
    -- Names as JSON; an empty list is the whole database.
    tables TEXT NOT NULL,
    -- Bytes it was to work on, for estimating the next one.
    bytes INTEGER
) STRICT;
CREATE INDEX maintenance_by_connection ON maintenance (connection_id, action);
