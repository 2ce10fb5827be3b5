//! Every kind of table, as pages, as rows, as chosen tables and without rows.

use holdfast_contract::snapshot::{BackupKind, Scope};

use super::witness::{agree, values};
use super::*;

const KINDS: &str = "
CREATE TABLE alias(id INTEGER PRIMARY KEY, v); INSERT INTO alias VALUES (-5, 'below'), (9223372036854775807, 'last');
CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO counted VALUES (7, 'seven'), (500, 'gone'); DELETE FROM counted WHERE id = 500;
CREATE TABLE zcounted(id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO zcounted VALUES (3, 'three'), (40, 'gone'); DELETE FROM zcounted WHERE id = 40;
CREATE TABLE pairs(a TEXT COLLATE NOCASE, b INT, c, PRIMARY KEY(b DESC, a)) WITHOUT ROWID; INSERT INTO pairs VALUES ('x', 1, NULL), ('Y', 2, x'00'), ('z', 1, 1e999);
CREATE TABLE strictly(i INTEGER PRIMARY KEY, r REAL NOT NULL, t TEXT, b BLOB, a ANY) STRICT; INSERT INTO strictly VALUES (1, 2, '3', x'04', '5'), (2, -0.5, NULL, NULL, 6);
CREATE TABLE both(k TEXT PRIMARY KEY, v ANY) STRICT, WITHOUT ROWID; INSERT INTO both VALUES ('k', 1), ('l', 'text');
CREATE TABLE made(a INT, twice INT AS (a * 2) VIRTUAL, thrice INT GENERATED ALWAYS AS (a * 3) STORED, b TEXT AS (a || '!') STORED UNIQUE, c CHECK (c <> ''));
INSERT INTO made(a, c) VALUES (7, 'x'), (8, NULL); CREATE INDEX made_twice ON made(twice); CREATE INDEX made_part ON made(thrice) WHERE twice > 14;
CREATE INDEX made_expression ON made(abs(a) DESC, lower(c) COLLATE RTRIM);
CREATE TABLE docs(id INTEGER PRIMARY KEY, title, body); INSERT INTO docs VALUES (1, 'red fox', 'jumps over'), (2, 'blue whale', 'swims under');
CREATE VIRTUAL TABLE f3 USING fts3(body); INSERT INTO f3 VALUES ('third fox');
CREATE VIRTUAL TABLE f4 USING fts4(title, body, tokenize=porter, prefix='2,3'); INSERT INTO f4 VALUES ('fourth', 'jumping foxes');
CREATE VIRTUAL TABLE f4empty USING fts4(content='', body); INSERT INTO f4empty(docid, body) VALUES (9, 'contentless fox');
CREATE VIRTUAL TABLE f4outside USING fts4(content='docs', title, body); INSERT INTO f4outside(docid, title, body) SELECT id, title, body FROM docs;
CREATE VIRTUAL TABLE f5 USING fts5(title, body, prefix='2 3', tokenize='porter unicode61'); INSERT INTO f5 VALUES ('fifth', 'jumping foxes'), ('more', 'whales');
CREATE VIRTUAL TABLE f5empty USING fts5(body, content=''); INSERT INTO f5empty(rowid, body) VALUES (9, 'contentless fox');
CREATE VIRTUAL TABLE f5outside USING fts5(title, body, content='docs', content_rowid='id'); INSERT INTO f5outside(rowid, title, body) SELECT id, title, body FROM docs;
CREATE VIRTUAL TABLE terms USING fts5vocab('f5', 'row'); CREATE VIRTUAL TABLE aux USING fts4aux('f4');
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1, +label TEXT); INSERT INTO boxes VALUES (1, 0, 2, 0, 2, 'first'), (2, 5, 9, 5, 9, 'second');
CREATE VIRTUAL TABLE cells USING rtree_i32(id, x0, x1); INSERT INTO cells VALUES (1, -4, 4);
CREATE TRIGGER docs_in AFTER INSERT ON docs BEGIN INSERT INTO f5outside(rowid, title, body) VALUES (new.id, new.title, new.body); END;
ANALYZE;
";

/// What only the modules themselves can answer: the indexes behind the virtual tables work.
const ASK: &str = "
SELECT 'f3', body FROM f3 WHERE f3 MATCH 'fox'; SELECT 'f4', title FROM f4 WHERE f4 MATCH 'jump'; SELECT 'f4empty', docid FROM f4empty WHERE f4empty MATCH 'fox';
SELECT 'f4outside', title FROM f4outside WHERE f4outside MATCH 'whale'; SELECT 'f5', title FROM f5 WHERE f5 MATCH 'fox'; SELECT 'f5empty', rowid FROM f5empty WHERE f5empty MATCH 'fox';
SELECT 'f5outside', title FROM f5outside WHERE f5outside MATCH 'swims'; SELECT * FROM terms; SELECT term, documents FROM aux WHERE col = '*';
SELECT id, label FROM boxes WHERE x0 > 1; SELECT * FROM cells; SELECT rtreecheck('boxes'); SELECT * FROM made; SELECT seq FROM sqlite_sequence ORDER BY name;
INSERT INTO f5(f5) VALUES('integrity-check'); INSERT INTO f4(f4) VALUES('integrity-check'); INSERT INTO f5outside(f5outside) VALUES('integrity-check');
";

fn scope(kind: BackupKind) -> Scope {
    Scope { kind, ..Scope::default() }
}

#[tokio::test]
async fn without_rowid_strict_aliases_and_counters_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    make(&live, KINDS);
    for (kind, name) in [(BackupKind::Full, "pages"), (BackupKind::Data, "rows")] {
        let copy = folder.path().join(name);
        let source = dump(&live, &scope(kind)).await;
        load(&source, &copy).await;
        assert_proven(&source, &copy).await;
        assert_eq!(values(&live), values(&copy), "{name}");
        assert_eq!(shell(&copy, "PRAGMA integrity_check"), b"ok\n");
        assert_eq!(shell(&copy, "SELECT seq FROM sqlite_sequence ORDER BY name"), b"500\n40\n");
        let next = "INSERT INTO zcounted(v) VALUES ('next') RETURNING id";
        assert_eq!(shell(&copy, next), b"41\n", "{name}: an id that was used is not used again");
        let strict =
            Connection::open(&copy).unwrap().execute("INSERT INTO strictly VALUES (3, 'no', 0, 0, 0)", []);
        assert!(strict.is_err(), "{name}: STRICT still refuses");
    }
}

#[tokio::test]
async fn search_and_spatial_tables_answer_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    make(&live, KINDS);
    let pages = dump(&live, &Scope::default()).await;
    let rows = dump(&live, &scope(BackupKind::Data)).await;
    assert_eq!(pages.snapshot_ref().tables.len(), rows.snapshot_ref().tables.len());
    for (page, row) in pages.snapshot_ref().tables.iter().zip(&rows.snapshot_ref().tables) {
        assert_eq!((page.rows, &page.content_hash), (row.rows, &row.content_hash), "{}", page.table);
    }
    let copies = [folder.path().join("pages"), folder.path().join("rows")];
    load(&pages, &copies[0]).await;
    load(&rows, &copies[1]).await;
    agree(&live, &copies[0]);
    let expected = String::from_utf8(shell(&live, ASK)).unwrap();
    assert!(expected.lines().count() > 20, "{expected}");
    for copy in &copies {
        assert_eq!(String::from_utf8_lossy(&shell(copy, ASK)), expected, "{}", copy.display());
        assert_eq!(shell(copy, ".sha3sum --schema"), shell(&live, ".sha3sum --schema"));
        // And a trigger still feeds its index.
        shell(copy, "INSERT INTO docs VALUES (3, 'green ant', 'digs')");
        assert_eq!(shell(copy, "SELECT title FROM f5outside WHERE f5outside MATCH 'digs'"), b"green ant\n");
    }
}

#[tokio::test]
async fn generated_columns_and_partial_and_expression_indexes_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    make(&live, KINDS);
    let wanted = "SELECT * FROM made; SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'made' ORDER BY 1";
    for (kind, name) in [(BackupKind::Full, "pages"), (BackupKind::Data, "rows")] {
        let copy = folder.path().join(name);
        load(&dump(&live, &scope(kind)).await, &copy).await;
        assert_eq!(shell(&copy, wanted), shell(&live, wanted), "{name}");
        let plan = shell(&copy, "EXPLAIN QUERY PLAN SELECT a FROM made WHERE twice > 14 AND thrice = 24");
        assert!(String::from_utf8_lossy(&plan).contains("made_part"), "{name}: the partial index is used");
    }
}

#[tokio::test]
async fn a_schema_without_rows_is_whole_and_usable() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    make(&live, KINDS);
    load(&dump(&live, &scope(BackupKind::Schema)).await, &copy).await;
    let all = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1, 2";
    assert_eq!(shell(&copy, all), shell(&live, all));
    assert_eq!(
        shell(&copy, "SELECT count(*) FROM made; SELECT count(*) FROM f5; SELECT count(*) FROM boxes"),
        b"0\n0\n0\n"
    );
    shell(
        &copy,
        "INSERT INTO f5 VALUES ('new', 'searchable'); INSERT INTO boxes VALUES (1, 0, 1, 0, 1, 'x')",
    );
    assert_eq!(
        shell(&copy, "SELECT title FROM f5 WHERE f5 MATCH 'searchable'; PRAGMA integrity_check"),
        b"new\nok\n"
    );
}

#[tokio::test]
async fn chosen_and_excluded_tables_of_every_kind() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    make(&live, KINDS);
    let wanted = ["counted", "pairs", "made", "f4", "f5", "boxes"];
    let chosen = Scope { tables: wanted.map(str::to_owned).to_vec(), ..Scope::default() };
    let copy = folder.path().join("chosen");
    let source = dump(&live, &chosen).await;
    load(&source, &copy).await;
    let (before, after) = (values(&live), values(&copy));
    for (table, rows) in &after {
        let taken = wanted.iter().any(|name| table == name || table.starts_with(&format!("{name}_")));
        match table.as_str() {
            "sqlite_sequence" => assert_eq!(rows, &before[table], "the counters go with the tables"),
            _ if taken => assert_eq!(rows, &before[table], "{table}"),
            // An empty search or spatial index has rows of its own in its shadow tables.
            _ if table.contains('_') => {}
            _ => assert!(rows.is_empty(), "{table} was not chosen"),
        }
    }
    assert_eq!(
        shell(&copy, "SELECT title FROM f5 WHERE f5 MATCH 'fox'; SELECT count(*) FROM f3"),
        b"fifth\n0\n"
    );
    assert_eq!(shell(&copy, "PRAGMA integrity_check; SELECT rtreecheck('boxes')"), b"ok\nok\n");
    let named: Vec<&str> =
        source.snapshot_ref().omissions.iter().map(|omission| omission.name.as_str()).collect();
    assert!(
        named.contains(&"strictly") && named.contains(&"f3_content") && !named.contains(&"counted"),
        "{named:?}"
    );

    let without =
        Scope { exclude: vec!["f?".into(), "f4*".into(), "f5*".into(), "docs".into()], ..Scope::default() };
    let copy = folder.path().join("without");
    load(&dump(&live, &without).await, &copy).await;
    assert_eq!(
        shell(&copy, "SELECT count(*) FROM docs; SELECT count(*) FROM f5; SELECT count(*) FROM pairs"),
        b"0\n0\n3\n"
    );
    assert_eq!(
        shell(&copy, "SELECT id, label FROM boxes; PRAGMA integrity_check"),
        b"1|first\n2|second\nok\n"
    );
}
