-- Guarded commands: what is between a proven backup and the look at what the command has done. They outlive the process.
CREATE TABLE guards (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    -- The wire's Guard.
    guard TEXT NOT NULL,
    -- The process that prepares it, and for which the command runs.
    instance TEXT NOT NULL
) STRICT;
CREATE INDEX guards_by_time ON guards (started_at_ms);

INSERT INTO changes VALUES ('guards', 0);
CREATE TRIGGER guards_insert_tells AFTER INSERT ON guards
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'guards'; END;
CREATE TRIGGER guards_update_tells AFTER UPDATE ON guards
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'guards'; END;
