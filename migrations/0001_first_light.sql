-- Holdfast's own catalog. Numbered files, never edited once released; the next change is the next file.
-- Times are milliseconds since 1970 (UTC). JSON columns hold the wire's own types.

CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    spec TEXT NOT NULL,
    environment TEXT NOT NULL,
    group_name TEXT,
    read_only INTEGER NOT NULL,
    prove_after_backup INTEGER NOT NULL,
    has_password INTEGER NOT NULL,
    sample INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The vaults this catalog knows; the current one is in use.
CREATE TABLE vaults (
    id TEXT PRIMARY KEY,
    location TEXT NOT NULL,
    current INTEGER NOT NULL,
    -- Slot whose key is in the keychain (or sealed file), when it opens by itself.
    keychain_slot TEXT,
    -- The newest state of the vault that was seen: an older one later on is a rollback.
    tip TEXT,
    last_check TEXT,
    added_at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_current_vault ON vaults (current) WHERE current = 1;

CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    operation TEXT NOT NULL,
    -- What apply plans again from.
    request TEXT NOT NULL,
    digest TEXT NOT NULL,
    confirm_name TEXT,
    target_name TEXT,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER
) STRICT;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    operation TEXT NOT NULL,
    title TEXT NOT NULL,
    connection_id TEXT,
    state TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    ended_at_ms INTEGER,
    progress TEXT NOT NULL,
    error TEXT,
    result TEXT,
    cancellable INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    -- The process that runs it: the name of its lock file in instances/.
    instance TEXT NOT NULL,
    -- What to write into the audit log when it ends.
    audit TEXT
) STRICT;
CREATE INDEX jobs_by_time ON jobs (created_at_ms);
CREATE INDEX jobs_active ON jobs (state) WHERE state IN ('queued', 'running');

-- Backups that are running or did not become good. A good one is a manifest in the vault.
CREATE TABLE attempts (
    backup_id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL,
    job_id TEXT,
    state TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER,
    -- The wire's Backup as far as it is known.
    backup TEXT NOT NULL,
    instance TEXT NOT NULL
) STRICT;
CREATE INDEX attempts_by_time ON attempts (created_at_ms);

-- The journal of restores: written before each step that changes a database.
CREATE TABLE restores (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    connection_id TEXT NOT NULL,
    job_id TEXT,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER,
    facts TEXT NOT NULL,
    instance TEXT NOT NULL
) STRICT;
CREATE INDEX restores_by_time ON restores (started_at_ms);

CREATE TABLE health (
    connection_id TEXT PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
    health TEXT NOT NULL
) STRICT;

-- AUTOINCREMENT: the highest number ever given stays known, so a cut tail shows.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    principal TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT NOT NULL,
    target_name TEXT,
    phase TEXT NOT NULL,
    outcome TEXT,
    error_code TEXT,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- How often each kind of thing changed; every process tells its listeners what moved since it last looked.
CREATE TABLE changes (
    what TEXT PRIMARY KEY,
    count INTEGER NOT NULL
) STRICT;
INSERT INTO changes VALUES
    ('connections', 0), ('backups', 0), ('restores', 0), ('vault', 0), ('settings', 0), ('health', 0);
CREATE TRIGGER connections_insert_tells AFTER INSERT ON connections
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'connections'; END;
CREATE TRIGGER connections_update_tells AFTER UPDATE ON connections
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'connections'; END;
CREATE TRIGGER connections_delete_tells AFTER DELETE ON connections
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'connections'; END;
CREATE TRIGGER settings_insert_tells AFTER INSERT ON settings
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'settings'; END;
CREATE TRIGGER settings_update_tells AFTER UPDATE ON settings
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'settings'; END;
CREATE TRIGGER settings_delete_tells AFTER DELETE ON settings
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'settings'; END;
CREATE TRIGGER vaults_insert_tells AFTER INSERT ON vaults
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'vault'; END;
CREATE TRIGGER vaults_update_tells AFTER UPDATE ON vaults
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'vault'; END;
CREATE TRIGGER vaults_delete_tells AFTER DELETE ON vaults
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'vault'; END;
CREATE TRIGGER attempts_insert_tells AFTER INSERT ON attempts
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'backups'; END;
CREATE TRIGGER attempts_update_tells AFTER UPDATE ON attempts
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'backups'; END;
CREATE TRIGGER attempts_delete_tells AFTER DELETE ON attempts
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'backups'; END;
CREATE TRIGGER restores_insert_tells AFTER INSERT ON restores
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'restores'; END;
CREATE TRIGGER restores_update_tells AFTER UPDATE ON restores
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'restores'; END;
CREATE TRIGGER restores_delete_tells AFTER DELETE ON restores
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'restores'; END;
CREATE TRIGGER health_insert_tells AFTER INSERT ON health
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'health'; END;
CREATE TRIGGER health_update_tells AFTER UPDATE ON health
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'health'; END;
CREATE TRIGGER health_delete_tells AFTER DELETE ON health
BEGIN UPDATE changes SET count = count + 1 WHERE what = 'health'; END;
