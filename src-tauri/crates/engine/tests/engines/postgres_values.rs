//! Values and databases at the edge of what the server allows: every row comes back the same, whatever its encoding.
#![allow(clippy::unwrap_used)]

use holdfast_contract::snapshot::{Scope, Snapshot, TableName};
use holdfast_testkit::memory;
use holdfast_testkit::pg_dump as witness;
use holdfast_testkit::postgres as server;
use memory::{Memory, work};
use server::Server;

/// There and back, judged by hashes and by the reference tool; `own`: the tool prints the database's own bytes.
async fn round_trip(server: &Server, database: &str, own: Option<&str>) -> Snapshot {
    let engine = server.engine(database);
    let memory = Memory::default();
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(2)).await.unwrap();
    assert_eq!(snapshot.omissions, [], "{database}");
    let stored = memory.stored(snapshot);
    let (load, copy) = (engine.load().unwrap(), format!("{database} copy"));
    let preflight = load.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert_eq!((preflight.blockers, preflight.warnings), (vec![], vec![]), "{database}");
    let report = load.load(&copy, &stored, &work(2)).await.unwrap();
    assert_eq!(report.remarks, Vec::<String>::new(), "{database}");
    let tables: Vec<TableName> = stored.snapshot.tables.iter().map(|table| table.table.clone()).collect();
    let found = load.fingerprint(&copy, &tables, &work(2)).await.unwrap();
    assert_eq!(found.len(), tables.len());
    for (found, kept) in found.iter().zip(&stored.snapshot.tables) {
        assert_eq!((found.rows, &found.content_hash), (kept.rows, &kept.content_hash), "{}", kept.table);
    }
    let said = |name: &str| {
        let mut tool = server.program("pg_dump");
        tool.args(["-d", name, "--encoding", own.unwrap_or("UTF8")]);
        let output = tool.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Bytes, one letter each: not every database holds text.
        let text: String = output.stdout.iter().map(|byte| char::from(*byte)).collect();
        text.lines().filter(|line| !line.contains("restrict ")).map(str::to_owned).collect::<Vec<_>>()
    };
    witness::assert_same(database, &said(database), &said(&copy));
    stored.snapshot
}

async fn made(server: &Server, name: &str, with: &str) {
    server.run("postgres", &format!("CREATE DATABASE \"{name}\" TEMPLATE template0 {with}")).await;
}

fn rows(snapshot: &Snapshot, table: &str) -> u64 {
    snapshot.tables.iter().find(|found| found.table.name == table).unwrap().rows
}

const VALUES: &str = r#"
    CREATE TABLE numbers (n numeric, f float8, r float4, m money, i interval);
    INSERT INTO numbers VALUES ('NaN', 'NaN', '-Infinity', '-92233720368547758.08', '-178000000 years'), (0, '-0', '-0', 0, '00:00'),
      (('1' || repeat('0', 131071))::numeric, 5e-324, 1e-45, 1, '1 mon -1 day'), (('0.' || repeat('7', 16383))::numeric, 1.7976931348623157e308, 3.4028235e38, 2, '23:59:59.999999'),
      (0.000, 0.1, 0.1, 3, NULL), (1.10, 1e15, 16777216, 4, '-0.000001 sec');
    CREATE TABLE days (d date, t timestamp, z timestamptz, tz timetz, tt time);
    INSERT INTO days VALUES ('infinity', 'infinity', '-infinity', '24:00+15:59', '24:00'), ('4713-01-01 BC', '4713-01-01 00:00 BC', '4713-01-01 00:00+00 BC', '00:00-15:59', '00:00'),
      ('5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', NULL, NULL), ('0001-01-01', '1900-01-01 00:00:00.5', '1883-11-18 12:03:58-04:56:02', NULL, NULL);
    CREATE TABLE words (w text, b bytea, j json, jb jsonb, x xml, c "char", bp char(5), bits bit varying);
    INSERT INTO words VALUES (E'\\.', '\x', '{"a":1,"a":2}', '123456789012345678901234567890.10', NULL, 'x', 'a', ''), (E'\\N', '\x5c4e0a', '[1 , 2]', '"\u0041"', NULL, '', '', B'0'),
      ('', '', 'null', 'null', NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (E'a\tb\r\n\x0b\f\bc\\', decode('000102ff', 'hex'), '1e400', '1e400', NULL, E'\\377', '🦀', B'1'),
      (E'\u200e\u202e\ufeff\U0010ffff', NULL, NULL, NULL, NULL, NULL, NULL, NULL), (E'\n', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('', 'a,b', '"', 'NULL'); CREATE DOMAIN small AS int CHECK (VALUE < 10);
    CREATE TABLE nested (a int[], aa text[][], p pair, pp pair[], m mood[], s small[], r int4range, n numrange, ts tstzrange);
    INSERT INTO nested VALUES ('[-3:-2]={1,NULL}', '{{"a,b","\""},{NULL,"NULL"}}', ROW(1, 'x,"y"\'), ARRAY[ROW(NULL, ''), NULL]::pair[], '{"",NULL,"a,b","NULL"}', '{9,NULL}', 'empty', '[,)', '["infinity",)'),
      ('{}', '{}', ROW(NULL, NULL), '{}', '{}', '{}', '(,5)', '(1.5,2.5]', '(,)'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;
    CREATE TABLE all_dropped (a int); INSERT INTO all_dropped VALUES (1), (2), (3); ALTER TABLE all_dropped DROP COLUMN a;
    CREATE TABLE only_generated (a int GENERATED ALWAYS AS (1 + 1) STORED); INSERT INTO only_generated DEFAULT VALUES;
    CREATE UNLOGGED TABLE fast AS SELECT 1 AS a; CREATE TABLE long (t text); INSERT INTO long SELECT string_agg(md5(n::text), '') FROM generate_series(1, 60000) n;
    CREATE TABLE late (a int); INSERT INTO late VALUES (1); ALTER TABLE late ADD COLUMN b text DEFAULT 'fast default', ADD COLUMN c timestamptz DEFAULT 'epoch';
    SELECT lo_from_bytea(77, '\x000aff5c'), lo_create(78);
"#;

#[tokio::test]
async fn values_at_the_edge_come_back_the_same() {
    let server = Server::shared();
    made(server, "edges", "").await;
    server.run("edges", VALUES).await;
    let columns: Vec<String> =
        (0..1600).map(|number| format!("c{number} bool DEFAULT {}", number % 2 == 0)).collect();
    server
        .run("edges", &format!("CREATE TABLE wide ({}); INSERT INTO wide DEFAULT VALUES", columns.join(", ")))
        .await;
    let snapshot = round_trip(server, "edges", None).await;
    let counts =
        ["nothing", "all_dropped", "only_generated", "wide", "numbers"].map(|table| rows(&snapshot, table));
    assert_eq!(counts, [2, 3, 1, 1, 6]);
    assert_eq!(snapshot.tables.iter().find(|table| table.table.name == "wide").unwrap().columns.len(), 1600);
}

#[tokio::test]
async fn a_database_without_a_table_comes_back_as_one() {
    let server = Server::shared();
    made(server, "bare", "").await;
    let snapshot = round_trip(server, "bare", None).await;
    assert_eq!(snapshot.tables, []);
}

#[tokio::test]
async fn databases_of_other_encodings_come_back_byte_for_byte() {
    let server = Server::shared();
    for (name, encoding, text) in [
        ("western", "LATIN1", r"E'\344\366\374 \337 \\x'"),
        ("japanese", "EUC_JP", r"E'\306\374\313\334'"),
        ("cyrillic", "WIN1251", r"E'\317\360\350'"),
    ] {
        made(server, name, &format!("ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")).await;
        let sql = format!(
            "SET client_encoding = 'SQL_ASCII'; CREATE TABLE t (w text DEFAULT {text}); INSERT INTO t DEFAULT VALUES; COMMENT ON TABLE t IS {text}"
        );
        server.run(name, &sql).await;
        round_trip(server, name, Some(encoding)).await;
    }
}

/// No encoding at all: what is in it need not be text.
#[tokio::test]
async fn invalid_bytes_in_sql_ascii_come_back_byte_for_byte() {
    let server = Server::shared();
    made(server, "bytes", "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'").await;
    server
        .run("bytes", r"CREATE TABLE t (id int, w text); INSERT INTO t VALUES (1, E'\377\376 caf\351'), (2, E'\303\251'), (3, E'\200\\N'), (4, 'plain')")
        .await;
    let snapshot = round_trip(server, "bytes", Some("SQL_ASCII")).await;
    assert_eq!(rows(&snapshot, "t"), 4);
}

#[tokio::test]
async fn a_database_that_sorts_by_icu_does_so_again() {
    let server = Server::shared();
    made(server, "icu", "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE-u-co-phonebk' LC_COLLATE 'C' LC_CTYPE 'C'")
        .await;
    server
        .run(
            "icu",
            "CREATE COLLATION german (provider = icu, locale = 'de-u-kn-true', deterministic = false); \
             CREATE TABLE t (w text COLLATE german, v text COLLATE \"en-x-icu\"); INSERT INTO t VALUES ('Ä', 'a2'), ('a', 'a10'); CREATE INDEX i ON t (w)",
        )
        .await;
    let snapshot = round_trip(server, "icu", None).await;
    assert_eq!(snapshot.engine_facts.get("icu_locale").map(String::as_str), Some("de-DE-u-co-phonebk"));
    let facts = |database: &'static str| async move {
        let sql = "SELECT row(datlocprovider, encoding, datcollate, to_jsonb(d) - 'oid' ->> 'daticulocale')::text AS v FROM pg_database d WHERE datname = current_database()";
        let mut conn = server.connect(database).await;
        let row = sqlx::raw_sql(sql).fetch_one(&mut conn).await.unwrap();
        sqlx::Row::try_get_raw(&row, 0).unwrap().as_str().unwrap().to_owned()
    };
    assert_eq!(facts("icu").await, facts("icu copy").await);
}
