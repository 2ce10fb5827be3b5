//! What was dumped comes back: judged by the server's own dump program and by counts and hashes; and a load that
//! cannot be done leaves nothing behind.
#![allow(clippy::unwrap_used)]

use holdfast_contract::ErrorCode;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::{Scope, TableName};
use holdfast_engine::mysql::{Mysql, definer};
use holdfast_engine::{Access, Dump as _, Load as _};
use holdfast_testkit::mariadb as server;
use holdfast_testkit::memory;
use memory::{Memory, Stored, work};
use secrecy::SecretString;
use server::Server;

const KINDS: &str = holdfast_testkit::fixtures::MARIADB_VALUES;
/// Views, triggers, routines and events.
const CODE: &str = holdfast_testkit::fixtures::MARIADB_CODE;

fn engine_as(port: u16, database: &str, user: &str, password: Option<&str>) -> Mysql {
    let spec = ConnectionSpec::Mysql {
        host: "127.0.0.1".into(),
        port,
        database: database.into(),
        user: user.into(),
        tls: Default::default(),
    };
    let password = password.map(|text| SecretString::from(text.to_owned()));
    Mysql::new(Access::new(spec).password(password)).unwrap()
}

fn engine(server: &Server, database: &str) -> Mysql {
    engine_as(server.port(), database, server::SUPERUSER, None)
}

async fn dumped(engine: &Mysql) -> Stored {
    let memory = Memory::default();
    let snapshot = engine.dump(&Scope::default(), &memory, &work(2)).await.unwrap();
    memory.stored(snapshot)
}

fn make(server: &Server, name: &str, script: &str) {
    server.script("", &format!("CREATE DATABASE `{name}` COLLATE latin1_german2_ci COMMENT 'It''s'"));
    server.script(name, script);
}

/// Panics with the lines that differ, not with two whole dumps.
fn same(found: &str, wanted: &str) {
    let only = |a: &str, b: &str| {
        let lines = a.lines().filter(|line| !b.lines().any(|other| other == *line));
        lines.map(|line| line.chars().take(300).collect::<String>()).collect::<Vec<_>>().join("\n")
    };
    assert!(
        found == wanted,
        "-- only in the copy:\n{}\n-- missing:\n{}",
        only(found, wanted),
        only(wanted, found)
    );
}

fn databases(server: &Server, prefix: &str) -> String {
    server.script(
        "",
        &format!("SELECT group_concat(schema_name ORDER BY 1) FROM information_schema.schemata WHERE schema_name LIKE '{prefix}%'"),
    )
}

async fn comes_back(name: &str, script: &str) {
    let server = Server::shared();
    make(server, name, script);
    let source = engine(server, name);
    let stored = dumped(&source).await;
    let before = server.dump(name);
    let (copy, renamed) = (format!("{name}_copy"), format!("{name} `renamed`"));
    source.load(&copy, &stored, &work(2)).await.unwrap();
    let tables: Vec<TableName> = stored.snapshot.tables.iter().map(|table| table.table.clone()).collect();
    let found = source.fingerprint(&copy, &tables, &work(2)).await.unwrap();
    for table in &stored.snapshot.tables {
        let found = found.iter().find(|found| found.table == table.table).unwrap();
        assert_eq!((table.rows, &table.content_hash), (found.rows, &found.content_hash), "{}", table.table);
    }
    assert_eq!(found.len(), stored.snapshot.tables.len());
    source.rename(&copy, &renamed).await.unwrap();
    same(&server.dump(&renamed), &before);
    let of = |name: &str| {
        server.script("", &format!("SELECT default_collation_name, schema_comment FROM information_schema.schemata WHERE schema_name = '{name}'"))
    };
    assert_eq!(of(&renamed), of(name));
}

#[tokio::test]
async fn every_kind_of_value_comes_back() {
    comes_back("kinds", KINDS).await;
}

#[tokio::test]
async fn every_kind_of_definition_comes_back() {
    comes_back("code", CODE).await;
}

#[tokio::test]
async fn events_do_not_run_in_a_copy_without_its_final_name() {
    let server = Server::shared();
    make(server, "events", CODE);
    let stored = dumped(&engine(server, "events")).await;
    engine(server, "events").load("events_staged", &stored, &work(1)).await.unwrap();
    let status = "SELECT event_name, status FROM information_schema.events WHERE event_schema = 'events_staged' ORDER BY 1";
    assert_eq!(server.script("", status), "asleep anyway\tDISABLED\neach day\tDISABLED\n");
    let said = engine(server, "events").preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert!(said.warnings.iter().any(|warning| warning.contains("event runs")), "{said:?}");
}

#[tokio::test]
async fn what_would_stop_or_change_a_restore_is_said_before() {
    let server = Server::shared();
    make(server, "ahead", CODE);
    server.script(
        "ahead",
        "CREATE USER helper@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON ahead.* TO helper@'%'",
    );
    let mut stored = dumped(&engine(server, "ahead")).await;
    let root = engine(server, "ahead");
    let said = root.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert_eq!(said.blockers, Vec::<String>::new());
    assert!(said.warnings.iter().any(|warning| warning.contains("nobody@nowhere")), "{said:?}");

    let longest = stored.snapshot.engine_facts.get_mut("longest_row").unwrap();
    assert!(longest.parse::<u64>().is_ok() && !said.warnings.concat().contains("max_allowed_packet"));
    *longest = "40000000000".into();
    let said = root.preflight(&stored.snapshot, &stored.objects).await.unwrap().warnings.concat();
    assert!(said.contains("40000000000 bytes") && said.contains("max_allowed_packet"), "{said}");

    let helper = engine_as(server.port(), "ahead", "helper", Some("secret"));
    let said = helper.preflight(&stored.snapshot, &stored.objects).await.unwrap().blockers.join("\n");
    assert!(said.contains("may not create databases") && said.contains("--map-definers"), "{said}");
    let mapped = definer::map_to_loader(stored.objects.clone());
    let said = helper.preflight(&stored.snapshot, &mapped).await.unwrap().blockers.join("\n");
    assert!(!said.contains("--map-definers"), "{said}");

    let table = stored.objects.iter_mut().find(|object| object.kind == "table").unwrap();
    table.sql[0] = table.sql[0].replace("ENGINE=InnoDB", "ENGINE=TokuDB") + " COLLATE=utf8mb4_0900_ai_ci";
    let said = root.preflight(&stored.snapshot, &stored.objects).await.unwrap().blockers.join("\n");
    assert!(
        said.contains("collation utf8mb4_0900_ai_ci") && said.contains("storage engine tokudb"),
        "{said}"
    );
}

#[tokio::test]
async fn mapped_definers_are_the_login_that_loads() {
    let server = Server::shared();
    make(server, "mapped", CODE);
    let mut stored = dumped(&engine(server, "mapped")).await;
    stored.objects = definer::map_to_loader(stored.objects);
    engine(server, "mapped").load("mapped_copy", &stored, &work(1)).await.unwrap();
    let copy = server.dump("mapped_copy");
    assert!(copy.contains("DEFINER=`root`@`") && !copy.contains("nobody"), "{copy}");
}

#[tokio::test]
async fn a_load_that_fails_or_is_cancelled_leaves_nothing() {
    let server = Server::shared();
    make(server, "failing", KINDS);
    let source = engine(server, "failing");
    let stored = dumped(&source).await;
    let spoil = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut stored = stored.clone();
        let many = stored.snapshot.tables.iter().find(|table| table.table.name == "many").unwrap();
        let mut streams = stored.streams.lock().unwrap().clone();
        change(streams.get_mut(&many.streams[0]).unwrap());
        stored.streams = std::sync::Arc::new(std::sync::Mutex::new(streams));
        stored
    };
    let shortened = spoil(&|rows| {
        let at = rows.iter().position(|byte| *byte == b'\n').unwrap();
        rows.drain(..=at);
    });
    let error = source.load("failing_a", &shortened, &work(2)).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Incomplete, "{error}");
    let torn = spoil(&|rows| rows.truncate(rows.len() - 3));
    assert_eq!(source.load("failing_b", &torn, &work(2)).await.unwrap_err().code(), ErrorCode::Incomplete);
    let too_long = spoil(&|rows| {
        let tab = rows.iter().position(|byte| *byte == b'\t').unwrap();
        rows.splice(tab + 1..=tab, std::iter::repeat_n(b'x', 100));
    });
    let error = source.load("failing_c", &too_long, &work(2)).await.unwrap_err();
    assert!(error.to_string().contains("many"), "nothing is cut to fit: {error}");
    let mut wrong = stored.clone();
    wrong.objects.last_mut().unwrap().sql = vec!["CREATE VIEW v AS SELECT * FROM nowhere".into()];
    let error = source.load("failing_d", &wrong, &work(2)).await.unwrap_err();
    assert!(error.to_string().contains(&wrong.objects.last().unwrap().name), "{error}");
    let cancelled = work(2);
    let ahead = cancelled.cancel.clone();
    let loading = source.load("failing_e", &stored, &cancelled);
    let (outcome, ()) = tokio::join!(loading, async {
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        ahead.cancel();
    });
    assert_eq!(outcome.unwrap_err().code(), ErrorCode::Cancelled);
    assert_eq!(databases(server, "failing"), "failing\n");
    let taken = source.load("failing", &stored, &work(1)).await.unwrap_err();
    assert_eq!(taken.code(), ErrorCode::TargetExists);
}
