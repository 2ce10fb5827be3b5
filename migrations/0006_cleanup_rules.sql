-- Which old rows go whenever the rule runs.
CREATE TABLE cleanup_rules (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    rule TEXT NOT NULL
) STRICT;
