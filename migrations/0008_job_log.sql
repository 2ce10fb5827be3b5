-- What each job did, line by line, in the words of its progress. Lines of jobs long past are removed.
CREATE TABLE job_log (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    step INTEGER,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX job_log_of ON job_log (job, at_ms);
CREATE INDEX job_log_age ON job_log (at_ms);
