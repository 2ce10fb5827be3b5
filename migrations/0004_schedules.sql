-- Stored calls with their times.
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    connection_id TEXT,
    operation TEXT NOT NULL,
    request TEXT NOT NULL,
    timing TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    -- Where intervals start to count.
    created_at_ms INTEGER NOT NULL,
    -- Due times up to here have become runs.
    seen_ms INTEGER NOT NULL,
    -- Why it cannot run (the wire's ApiError), until it can.
    problem TEXT
) STRICT;

-- What became of each due time. The history outlives its schedule.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    schedule_id TEXT NOT NULL,
    schedule_name TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    state TEXT NOT NULL,
    starts_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    ended_at_ms INTEGER,
    job_id TEXT,
    error TEXT,
    -- The process that runs it.
    instance TEXT,
    -- A due time runs once, whatever the clock does and however many processes look.
    UNIQUE (schedule_id, due_ms, attempt)
) STRICT;
CREATE INDEX runs_by_time ON runs (due_ms, attempt);
CREATE INDEX runs_by_schedule ON runs (schedule_id, due_ms, attempt);
CREATE INDEX runs_open ON runs (state) WHERE state IN ('waiting', 'running');

INSERT INTO changes VALUES ('schedules', 0);
CREATE TRIGGER schedules_insert_tells AFTER INSERT ON schedules
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER schedules_update_tells AFTER UPDATE ON schedules
WHEN new.problem IS NOT old.problem OR new.name <> old.name OR new.timing <> old.timing
    OR new.enabled <> old.enabled OR new.request <> old.request
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER schedules_delete_tells AFTER DELETE ON schedules
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER runs_insert_tells AFTER INSERT ON runs
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER runs_update_tells AFTER UPDATE ON runs
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;

-- Which backups of a connection stay.
CREATE TABLE retention (
    connection_id TEXT PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
    rules TEXT NOT NULL,
    zone TEXT NOT NULL
) STRICT;
CREATE TRIGGER retention_insert_tells AFTER INSERT ON retention
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER retention_update_tells AFTER UPDATE ON retention
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
