//! What only the database's own program has (collations, functions, modules), what points nowhere, and statistics: kept
//! exactly, and named where a person should know.

use holdfast_contract::snapshot::{BackupKind, Scope};

use super::witness::{agree, values};
use super::*;

/// As a program with code of its own leaves it; nothing here or in the shell knows that code. Made with what every SQLite
/// has, then renamed.
fn with_own_code(live: &Path) {
    make(
        live,
        "CREATE TABLE named(id INTEGER PRIMARY KEY, name TEXT COLLATE nocase); CREATE INDEX by_name ON named(name);
         INSERT INTO named(name) VALUES ('a'), ('C'), ('b');
         CREATE TABLE hums(v INT, hummed INT AS (abs(v)) STORED); CREATE INDEX by_hum ON hums(abs(v)); INSERT INTO hums(v) VALUES (1), (-2);
         CREATE TABLE plain(x); INSERT INTO plain VALUES ('untouched'); CREATE TABLE m_data(x); INSERT INTO m_data VALUES (1);",
    );
    make(
        live,
        "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(replace(sql, 'nocase', 'martian'), 'abs(', 'hum(');
         INSERT INTO sqlite_schema VALUES ('table', 'm', 'm', 0, 'CREATE VIRTUAL TABLE m USING venusian(x)');",
    );
}

#[tokio::test]
async fn missing_collations_functions_and_modules_are_named_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    with_own_code(&live);
    let source = dump(&live, &Scope::default()).await;
    let told = source.snapshot_ref().remarks.join("\n");
    for word in ["venusian", "martian", "“named”", "“hums”", "“m”"] {
        assert!(told.contains(word), "{word} in {told}");
    }
    assert!(!told.contains("plain"), "{told}");
    let plan = engine(&live).plan(&Scope::default()).await.unwrap();
    let planned = plan.remarks.join("\n");
    assert!(planned.contains("venusian") && planned.contains("martian"), "before the backup: {planned}");
    assert_eq!(plan.omissions, [], "nothing is left out");

    load(&source, &copy).await;
    assert_proven(&source, &copy).await;
    assert_eq!(values(&live), values(&copy));
    // In the hands of a program that has what it needs, it works as before.
    make(
        &copy,
        "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'm';
         UPDATE sqlite_schema SET sql = replace(replace(sql, 'martian', 'nocase'), 'hum(', 'abs(');",
    );
    let found = shell(
        &copy,
        "PRAGMA integrity_check; SELECT name FROM named WHERE name = 'c'; SELECT v FROM hums WHERE abs(v) = 2",
    );
    assert_eq!(String::from_utf8_lossy(&found), "ok\nC\n-2\n");
}

#[tokio::test]
async fn views_and_triggers_that_point_nowhere_come_back_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    make(
        &live,
        "CREATE TABLE t(x); INSERT INTO t VALUES (1); CREATE VIEW lost AS SELECT a FROM nowhere JOIN t; CREATE VIEW upon AS SELECT * FROM lost;
         CREATE VIEW unknown_function AS SELECT no_such(x) FROM t;
         CREATE TRIGGER adrift AFTER INSERT ON t BEGIN INSERT INTO nowhere VALUES (new.x); UPDATE t SET x = no_such(x); END;
         CREATE TRIGGER on_view INSTEAD OF DELETE ON lost BEGIN DELETE FROM gone; END;",
    );
    for (kind, name) in
        [(BackupKind::Full, "pages"), (BackupKind::Data, "rows"), (BackupKind::Schema, "schema")]
    {
        let copy = folder.path().join(name);
        load(&dump(&live, &Scope { kind, ..Scope::default() }).await, &copy).await;
        let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2";
        assert_eq!(shell(&copy, schema), shell(&live, schema), "{name}");
    }
    agree(&live, &folder.path().join("pages"));
}

#[tokio::test]
async fn statistics_and_counters_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    make(
        &live,
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, b TEXT); CREATE INDEX i ON t(a, b);
         WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 500) INSERT INTO t(a, b) SELECT x % 7, 'b' || x % 50 FROM n;
         DELETE FROM t WHERE id > 400; ANALYZE; UPDATE sqlite_sequence SET seq = 12345;
         -- As a build with SQLITE_ENABLE_STAT4 leaves it.
         PRAGMA writable_schema=ON; CREATE TABLE IF NOT EXISTS sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample); DELETE FROM sqlite_stat4;
         INSERT INTO sqlite_stat4 SELECT 't', 'i', x || ' 1', x || ' 2', x || ' 3', zeroblob(x) FROM (SELECT 4 AS x UNION ALL SELECT 9);",
    );
    let all = "SELECT * FROM sqlite_sequence; SELECT * FROM sqlite_stat1; SELECT tbl, idx, neq, nlt, ndlt, hex(sample) FROM sqlite_stat4";
    assert_eq!(shell(&live, all).iter().filter(|byte| **byte == b'\n').count(), 4);
    for (kind, name) in [(BackupKind::Full, "pages"), (BackupKind::Data, "rows")] {
        let copy = folder.path().join(name);
        let source = dump(&live, &Scope { kind, ..Scope::default() }).await;
        load(&source, &copy).await;
        assert_proven(&source, &copy).await;
        assert_eq!(shell(&copy, all), shell(&live, all), "{name}");
    }
}

#[tokio::test]
async fn rows_without_parents_are_named_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    make(
        &live,
        "PRAGMA foreign_keys=OFF;
         CREATE TABLE a(id INTEGER PRIMARY KEY, b REFERENCES b(id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TABLE b(id INTEGER PRIMARY KEY, a REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED, self REFERENCES b(id));
         INSERT INTO a VALUES (1, 1), (2, 77), (3, 78); INSERT INTO b VALUES (1, 1, 1), (2, 99, 2);
         CREATE TABLE lonely(x REFERENCES no_such_table(y)); INSERT INTO lonely VALUES (1);",
    );
    let plan = engine(&live).plan(&Scope::default()).await.unwrap();
    let remark = "4 rows point to parents that do not exist (2 in “a”, 1 in “b”, 1 in “lonely”); they are kept as they are.";
    assert_eq!(plan.remarks, [remark]);
    for (kind, name) in [(BackupKind::Full, "pages"), (BackupKind::Data, "rows")] {
        let copy = folder.path().join(name);
        let source = dump(&live, &Scope { kind, ..Scope::default() }).await;
        assert_eq!(source.snapshot_ref().remarks, [remark]);
        load(&source, &copy).await;
        assert_proven(&source, &copy).await;
        agree(&live, &copy);
    }
}
