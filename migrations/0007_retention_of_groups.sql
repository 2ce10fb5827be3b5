-- Rules for all connections of a group that have none of their own.
CREATE TABLE group_retention (
    group_name TEXT PRIMARY KEY,
    rules TEXT NOT NULL,
    zone TEXT NOT NULL
) STRICT;
CREATE TRIGGER group_retention_insert_tells AFTER INSERT ON group_retention
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER group_retention_update_tells AFTER UPDATE ON group_retention
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER group_retention_delete_tells AFTER DELETE ON group_retention
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER retention_delete_tells AFTER DELETE ON retention
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
