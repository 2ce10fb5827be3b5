//! What goes in comes out, whatever it is.

use holdfast_contract::snapshot::{BackupKind, Scope};
use holdfast_engine::Driver as _;
use holdfast_engine::sqlite::SqliteDriver;

use super::*;

/// Every kind of table, value and name that is known to break dumps.
pub const KITCHEN_SINK: &str = r#"
CREATE TABLE plain(a, b TEXT, c REAL, d BLOB, e INTEGER);
INSERT INTO plain VALUES (1, 'one', 1.5, x'00ff0a09', 9007199254740993), (NULL, '', -0.0, x'', -9223372036854775808),
  ('5', '5', 1e999, '5', 5.5), (5, 'tab	new
line\N \. back\slash', -1e999, 5, 'text in integer'), (5.0, 'nul' || char(0) || 'after', 0.1+0.2, zeroblob(9000), 9e18),
  (CAST(x'61ff62' AS TEXT), '🦊 żółw', 5e-324, NULL, 1.7976931348623157e308), ('-- not a comment; ''quoted''', 'x00', 1e16, 'w00', 3);
DELETE FROM plain WHERE a = 1;
CREATE TABLE keyed(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE UNIQUE, parent REFERENCES keyed(id));
INSERT INTO keyed VALUES (10, 'ten', NULL), (20, 'twenty', 10), (999, 'gone', 10); DELETE FROM keyed WHERE id = 999;
CREATE TABLE odd_key(id INTEGER PRIMARY KEY DESC, v); INSERT INTO odd_key VALUES (3, 'c'), (1, 'a');
CREATE TABLE without(k TEXT, n INT, v, PRIMARY KEY(k, n)) WITHOUT ROWID; INSERT INTO without VALUES ('k', 1, 'v'), ('k', 2, NULL);
CREATE INDEX without_v ON without(v, n, k);
CREATE TABLE strictly(i INT, r REAL, t TEXT, b BLOB, a ANY) STRICT; INSERT INTO strictly VALUES (1, 2, '3', x'04', '5');
CREATE TABLE made(a INT, twice AS (a * 2) VIRTUAL, thrice INT GENERATED ALWAYS AS (a * 3) STORED, b); INSERT INTO made(a, b) VALUES (7, 'x');
CREATE TABLE "quo""te 100% ; -- [x]
line" ("co""l" TEXT, "select" INT, "rowid" TEXT); INSERT INTO "quo""te 100% ; -- [x]
line" VALUES ('v', 1, 'mine');
CREATE TABLE all_taken(rowid, _rowid_, oid); INSERT INTO all_taken VALUES (1, 2, 3);
CREATE TABLE empty(x); CREATE TABLE commented(x -- ends with a comment
);
CREATE TABLE child(id INTEGER PRIMARY KEY, parent INT REFERENCES keyed(id)); INSERT INTO child VALUES (1, 10);
CREATE INDEX part ON plain(b) WHERE a IS NOT NULL; CREATE INDEX expression ON plain(lower(b), a DESC);
CREATE VIEW shown AS SELECT a, b FROM plain; CREATE VIEW broken AS SELECT * FROM no_such_table;
CREATE TRIGGER noted AFTER INSERT ON keyed BEGIN INSERT INTO empty VALUES (new.name); END;
CREATE TRIGGER instead INSTEAD OF INSERT ON shown BEGIN INSERT INTO plain(a, b) VALUES (new.a, new.b); END;
CREATE VIRTUAL TABLE search USING fts5(title, body); INSERT INTO search VALUES ('red fox', 'jumps'), ('blue whale', 'swims');
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1); INSERT INTO boxes VALUES (1, 0, 2), (2, 5, 9);
PRAGMA user_version = 42; PRAGMA application_id = 1234567;
ANALYZE;
"#;

/// Without the statistics tables, which depend on how a program was built.
fn schema(path: &Path) -> String {
    let all = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2";
    String::from_utf8(shell(path, all)).unwrap()
}

#[tokio::test]
async fn a_full_snapshot_is_the_same_database() {
    for (page_size, auto_vacuum, encoding, wal) in [
        (512, 0, "UTF-8", false),
        (1024, 1, "UTF-8", true),
        (4096, 0, "UTF-8", true),
        (8192, 2, "UTF-16le", false),
        (65536, 2, "UTF-16be", true),
    ] {
        let case = format!("{page_size} {auto_vacuum} {encoding} {wal}");
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live.sqlite"), folder.path().join("copy.sqlite"));
        let header = format!(
            "PRAGMA page_size={page_size}; PRAGMA auto_vacuum={auto_vacuum}; PRAGMA encoding='{encoding}';"
        );
        let mode = if wal { "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;" } else { "" };
        // Stays open: in WAL mode everything is still in the log.
        let writer = make(&live, &format!("{header}{mode}{KITCHEN_SINK}"));
        writer.execute_batch("PRAGMA foreign_keys=OFF; INSERT INTO child VALUES (2, 777);").unwrap();
        if encoding == "UTF-16le" {
            writer.execute("INSERT INTO plain(a) VALUES (CAST(x'00d84100' AS TEXT))", []).unwrap();
        }

        let source = dump(&live, &Scope::default()).await;
        let snapshot = source.snapshot_ref();
        assert_eq!(snapshot.engine_facts["foreign_key_violations"], "1", "{case}");
        assert_eq!(snapshot.engine_facts["journal_mode"], if wal { "wal" } else { "delete" });
        assert_eq!(snapshot.omissions, [], "pages hold everything");
        assert_eq!(snapshot.extra_streams, ["pages"]);
        let kinds: Vec<_> =
            snapshot.object_counts.iter().map(|count| (count.kind.as_str(), count.count)).collect();
        assert_eq!(
            kinds,
            [
                ("table", 11),
                ("virtual table", 2),
                ("shadow table", 8),
                ("view", 2),
                ("index", 3),
                ("trigger", 2)
            ]
        );

        load(&source, &copy).await;
        assert_proven(&source, &copy).await;
        assert_same_by_shell(&live, &copy);
        assert_eq!(shell(&copy, "PRAGMA integrity_check"), b"ok\n");
        for pragma in
            ["page_size", "auto_vacuum", "encoding", "journal_mode", "user_version", "application_id"]
        {
            let ask = format!("PRAGMA {pragma}");
            assert_eq!(shell(&live, &ask), shell(&copy, &ask), "{case} {pragma}");
        }
        assert!(
            files_in(folder.path()).iter().all(|name| name.starts_with("live.") || name == "copy.sqlite"),
            "{case}"
        );
        // A dump of the copy is the same dump.
        let again = dump(&copy, &Scope::default()).await;
        assert_eq!(again.snapshot_ref().tables, snapshot.tables);
        drop(writer);
    }
}

#[tokio::test]
async fn sql_text_loads_with_the_shell() {
    for encoding in ["UTF-8", "UTF-16le"] {
        let folder = tempfile::tempdir().unwrap();
        let (live, loaded) = (folder.path().join("live.sqlite"), folder.path().join("loaded.sqlite"));
        make(&live, &format!("PRAGMA encoding='{encoding}'; {KITCHEN_SINK}"));
        let source = dump(&live, &Scope::default()).await;
        let mut text = Vec::new();
        SqliteDriver.export().sql(&source, &mut text, &work(&folder)).await.unwrap();
        let script = folder.path().join("script.sql");
        std::fs::write(&script, &text).unwrap();
        let said = shell(&loaded, &format!(".read {}", script.display()));
        assert_eq!(String::from_utf8_lossy(&said), "", "{encoding}");
        let names: Vec<_> = source.snapshot_ref().tables.iter().map(|table| table.table.clone()).collect();
        let statistics = |name: &TableName| name.name == "sqlite_stat4";
        let names: Vec<_> = names.into_iter().filter(|name| !statistics(name)).collect();
        let (before, after) = (fingerprints(&live, &names).await, fingerprints(&loaded, &names).await);
        assert_eq!(before, after);
        assert_eq!(shell(&loaded, "SELECT title FROM search WHERE search MATCH 'whale'"), b"blue whale\n");
        assert_eq!(schema(&live), schema(&loaded));

        let file = folder.path().join("exported.sqlite");
        SqliteDriver.export().file().unwrap().write(&source, &file, &work(&folder)).await.unwrap();
        assert_same_by_shell(&live, &file);
    }
}

#[tokio::test]
async fn parts_of_a_database_make_a_database() {
    for encoding in ["UTF-8", "UTF-16be"] {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().join("live.sqlite");
        make(&live, &format!("PRAGMA page_size=1024; PRAGMA encoding='{encoding}'; {KITCHEN_SINK}"));

        let rows = dump(&live, &Scope { kind: BackupKind::Data, ..Scope::default() }).await;
        let copy = folder.path().join("rows.sqlite");
        load(&rows, &copy).await;
        assert_proven(&rows, &copy).await;
        assert_eq!(
            shell(&live, ".dump --preserve-rowids").len(),
            shell(&copy, ".dump --preserve-rowids").len()
        );
        assert_eq!(shell(&copy, "SELECT body FROM search WHERE search MATCH 'fox'"), b"jumps\n");
        assert_eq!(
            shell(&copy, "PRAGMA integrity_check; PRAGMA page_size; PRAGMA user_version"),
            b"ok\n1024\n42\n"
        );
        assert_eq!(shell(&copy, "SELECT seq FROM sqlite_sequence WHERE name='keyed'"), b"999\n");

        let empty = dump(&live, &Scope { kind: BackupKind::Schema, ..Scope::default() }).await;
        let copy = folder.path().join("schema.sqlite");
        load(&empty, &copy).await;
        assert_eq!(schema(&copy), schema(&live));
        assert_eq!(shell(&copy, "SELECT count(*) FROM plain; SELECT count(*) FROM search"), b"0\n0\n");
        assert!(empty.snapshot_ref().omissions.iter().all(|omission| omission.by_request));

        let chosen = Scope { tables: vec!["plain".into(), "search".into()], ..Scope::default() };
        let chosen = dump(&live, &chosen).await;
        let copy = folder.path().join("chosen.sqlite");
        load(&chosen, &copy).await;
        assert_eq!(shell(&copy, "SELECT count(*) FROM plain; SELECT count(*) FROM keyed"), b"6\n0\n");
        assert_eq!(shell(&copy, "SELECT body FROM search WHERE search MATCH 'fox'"), b"jumps\n");
        assert_eq!(shell(&copy, "SELECT count(*) FROM boxes; PRAGMA integrity_check"), b"0\nok\n");
    }
}

#[tokio::test]
async fn names_that_look_like_something_else_are_names() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a?mode=memory", "b%41", "c#d", "e\nf", "g'h\"i", "file:j?immutable=1", "k 🦊.sqlite"] {
        let live = folder.path().join(name);
        make(&live, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
        let copy = folder.path().join(format!("{name}-copy"));
        load(&dump(&live, &Scope::default()).await, &copy).await;
        assert_same_by_shell(&live, &copy);
    }
}

#[tokio::test]
async fn an_empty_file_is_an_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("empty"), folder.path().join("copy"));
    std::fs::write(&live, b"").unwrap();
    load(&dump(&live, &Scope::default()).await, &copy).await;
    assert_eq!(shell(&copy, "PRAGMA integrity_check; SELECT count(*) FROM sqlite_schema"), b"ok\n0\n");
    assert_eq!(std::fs::metadata(&live).unwrap().len(), 0, "looking at it changed nothing");
}

#[tokio::test]
async fn a_module_that_is_missing_here_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    make(
        &live,
        "CREATE TABLE m_data(x); INSERT INTO m_data VALUES (1); PRAGMA writable_schema=ON;
         INSERT INTO sqlite_schema VALUES ('table', 'm', 'm', 0, 'CREATE VIRTUAL TABLE m USING martian(x)');
         CREATE TABLE c(a TEXT);",
    );
    make(
        &live,
        "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE c(a TEXT COLLATE martian)' WHERE name = 'c';",
    );
    let source = dump(&live, &Scope::default()).await;
    load(&source, &copy).await;
    assert_proven(&source, &copy).await;
    let objects = holdfast_engine::SnapshotSource::objects(&source).await.unwrap();
    let preflight = engine(&live).preflight(source.snapshot_ref(), &objects).await.unwrap();
    assert!(preflight.blockers.is_empty());
    assert!(preflight.warnings.iter().any(|warning| warning.contains("martian")), "{preflight:?}");

    // Rows need the table made by a statement; that this cannot be is said, and how to get the table all the same.
    let rows = dump(&live, &Scope { kind: BackupKind::Data, ..Scope::default() }).await;
    let target = folder.path().join("rows");
    let refused =
        engine(&live).load(target.to_str().unwrap(), &rows, &work(&folder)).await.unwrap_err().into_api();
    assert_eq!(refused.code, holdfast_contract::ErrorCode::Unsupported);
    assert!(refused.hint.is_some());
    make(
        &live,
        "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE c(a TEXT)' WHERE name = 'c';",
    );
    let rows = dump(&live, &Scope { kind: BackupKind::Data, ..Scope::default() }).await;
    load(&rows, &target).await;
    assert_proven(&rows, &target).await;
}
