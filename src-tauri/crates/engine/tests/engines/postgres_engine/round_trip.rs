//! Everything there is comes back the same, by the reference tool and by the content of every table.

use holdfast_contract::ErrorCode;
use holdfast_engine::postgres::PostgresDriver;
use holdfast_engine::{Driver as _, NamePurpose};

use super::memory::work;
use super::server::Server;
use super::{assert_same, assert_same_text, backed_up, code, dumped, names, table, value};

const RICH: &str = holdfast_testkit::fixtures::RICH;

#[tokio::test]
async fn a_rich_database_comes_back_the_same_by_the_reference_tool_and_by_its_export() {
    let server = Server::shared();
    server.create_database("rich").await;
    server.run("rich", RICH).await;
    let engine = server.engine("rich");
    let stored = backed_up(&*engine, 2).await;
    assert_eq!(stored.snapshot.omissions, []);
    assert!(stored.snapshot.position.is_some());

    let load = engine.load().unwrap();
    let preflight = load.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert_eq!((preflight.blockers, preflight.warnings), (vec![], vec![]));
    let report = load.load("rich copy", &stored, &work(2)).await.unwrap();
    assert_eq!(report.remarks, Vec::<String>::new());
    assert_same(&*engine, "rich copy", &stored).await;
    assert_same_text(&dumped(server, "rich copy"), &dumped(server, "rich"));

    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut out = tokio::fs::File::from_std(file.reopen().unwrap());
    PostgresDriver.export().sql(&stored, &mut out, &work(1)).await.unwrap();
    server.create_database("rich \"export").await;
    let mut psql = server.program("psql");
    psql.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", "rich \"export"]);
    psql.stdin(file.as_file_mut().try_clone().unwrap());
    let output = psql.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_same_text(&dumped(server, "rich \"export"), &dumped(server, "rich"));
}

const EVERY_KIND: &str = holdfast_testkit::fixtures::EVERYTHING_AND_KINDS;

#[tokio::test]
async fn every_kind_of_object_comes_back_with_its_rows() {
    let server = Server::shared();
    let roles = r#"CREATE ROLE app; CREATE ROLE reader; CREATE ROLE auditor; CREATE ROLE "group"; CREATE ROLE "Ünï ""role""""#;
    server.run("postgres", roles).await;
    server.create_database("kinds").await;
    let version = server.connect("kinds").await.server_version_num().unwrap() / 10_000;
    let suits = |line: &&str| {
        let since = line.rsplit_once("-- since ").and_then(|(_, since)| since.parse::<u32>().ok());
        since.is_none_or(|since| version >= since)
    };
    server.run("kinds", &EVERY_KIND.lines().filter(suits).collect::<Vec<_>>().join("\n")).await;
    let engine = server.engine("kinds");
    let stored = backed_up(&*engine, 2).await;
    assert_eq!(stored.snapshot.omissions, []);
    let report = engine.load().unwrap().load("kinds copy", &stored, &work(2)).await.unwrap();
    assert_eq!(report.remarks, Vec::<String>::new());
    assert_same(&*engine, "kinds copy", &stored).await;
    assert_same_text(&dumped(server, "kinds copy"), &dumped(server, "kinds"));
    // The reference tool passes over members that users gave to families of the server and of extensions.
    let members = "SELECT (SELECT count(*) FROM pg_amop WHERE oid >= 16384) || ' ' || count(*) FROM pg_amproc WHERE oid >= 16384";
    assert_eq!(value(server, "kinds copy", members).await, value(server, "kinds", members).await);
}

#[tokio::test]
async fn what_was_made_is_asked_for_by_every_kind_of_name() {
    let server = Server::shared();
    let name = "Ünï \"q' \\ %s\n😀 ;drop";
    server.create_database(name).await;
    server
        .run(
            name,
            "CREATE SCHEMA \"a.b\"\"c\"; CREATE TABLE \"a.b\"\"c\".\"sel\necté😀'\\\" (\"x\\y\"\"\" int, \"\t\" text); \
             INSERT INTO \"a.b\"\"c\".\"sel\necté😀'\\\" VALUES (1, 'one'), (2, NULL)",
        )
        .await;
    let engine = server.engine(name);
    let stored = backed_up(&*engine, 2).await;
    let load = engine.load().unwrap();
    let target = load.made_up_name(name, NamePurpose::Scratch, "7c1d");
    load.load(&target, &stored, &work(2)).await.unwrap();
    assert_same(&*engine, &target, &stored).await;
    assert_eq!(table(&stored.snapshot, "sel\necté😀'\\").rows, 2);
    assert!(load.exists(&target).await.unwrap());
    load.drop_database(&target).await.unwrap();
    load.drop_database(&target).await.unwrap();
    assert!(!load.exists(&target).await.unwrap());
    assert_eq!(code(load.drop_database(name).await), ErrorCode::NotAllowed);
}

/// An enum's hash differs between databases: such rows go through the root of the tree.
#[tokio::test]
async fn rows_spread_by_a_hash_of_an_enum_find_their_partitions() {
    let server = Server::shared();
    server.create_database("spread").await;
    server
        .run(
            "spread",
            "CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd'); CREATE TABLE tree (m mood, v int) PARTITION BY HASH (m); \
             CREATE TABLE tree_0 PARTITION OF tree FOR VALUES WITH (MODULUS 2, REMAINDER 0); \
             CREATE TABLE tree_1 PARTITION OF tree FOR VALUES WITH (MODULUS 2, REMAINDER 1); \
             INSERT INTO tree SELECT m, 1 FROM unnest(enum_range(NULL::mood)) m, generate_series(1, 100)",
        )
        .await;
    let engine = server.engine("spread");
    let stored = backed_up(&*engine, 2).await;
    assert_eq!(table(&stored.snapshot, "tree").rows, 400);
    engine.load().unwrap().load("spread_copy", &stored, &work(2)).await.unwrap();
    assert_same(&*engine, "spread_copy", &stored).await;
    assert_eq!(value(server, "spread_copy", "SELECT sum(v)::text FROM tree WHERE m = 'c'").await, "100");
}

#[tokio::test]
async fn cutting_a_big_table_changes_neither_its_rows_nor_its_hash() {
    let server = Server::shared();
    server.create_database("big").await;
    server
        .run(
            "big",
            "CREATE TABLE big (id int PRIMARY KEY, words text); \
             INSERT INTO big SELECT n, repeat(md5(n::text), 12) FROM generate_series(1, 200000) n; \
             DELETE FROM big WHERE id % 7 = 0; CREATE TABLE small AS SELECT * FROM big WHERE id < 100",
        )
        .await;
    let engine = server.engine("big");
    let stored = backed_up(&*engine, 2).await;
    let big = table(&stored.snapshot, "big");
    assert!(big.streams.len() > 1, "cut into pieces");
    assert_eq!(big.rows, 200_000 - 200_000 / 7);

    // The witness: one COPY of everything, hashed here.
    let mut conn = server.connect("big").await;
    let mut whole = holdfast_engine::content::ContentHasher::new();
    let mut rows = conn.copy_out_raw("COPY big TO STDOUT").await.unwrap();
    while let Some(row) = futures::StreamExt::next(&mut rows).await {
        whole.write(&row.unwrap());
    }
    assert_eq!((big.content_hash.clone(), big.bytes), (whole.hex(), whole.bytes()));

    engine.load().unwrap().load("big_copy", &stored, &work(2)).await.unwrap();
    assert_same(&*engine, "big_copy", &stored).await;
    server.run("big_copy", "UPDATE big SET words = words || 'x' WHERE id = 1").await;
    let changed =
        engine.load().unwrap().fingerprint("big_copy", &names(&stored.snapshot), &work(2)).await.unwrap();
    assert!(changed.iter().any(|found| found.table.name == "big" && found.content_hash != big.content_hash));
}
