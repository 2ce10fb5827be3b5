-- Databases made for a proof on somebody's server, from before they are made until they are dropped.
-- A row whose process is gone is a database to drop: the name was made up with a random tag.
CREATE TABLE scratch_databases (
    name TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    instance TEXT NOT NULL,
    made_at_ms INTEGER NOT NULL,
    PRIMARY KEY (connection_id, name)
) STRICT;
