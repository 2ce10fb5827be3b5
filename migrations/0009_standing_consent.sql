-- That a rule may act by itself: what was agreed to, by whom and when. The subject names the rule: "cleanup/<id>",
-- "retention/<connection>", "schedule/<id>". A rule without a row waits for somebody to look at it.
CREATE TABLE standing_consents (
    subject TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    agreed_by TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    most INTEGER NOT NULL
) STRICT;
CREATE TRIGGER standing_consents_insert_tells AFTER INSERT ON standing_consents
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER standing_consents_update_tells AFTER UPDATE ON standing_consents
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
CREATE TRIGGER standing_consents_delete_tells AFTER DELETE ON standing_consents
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'schedules'; END;
