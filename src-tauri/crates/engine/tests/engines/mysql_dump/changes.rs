//! What others do while a dump runs.

use std::time::Duration;

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::Scope;
use holdfast_engine::{Dump, Result};

use super::memory::{Memory, work};
use super::server::Server;
use super::{access, engine};

/// Enough rows that reading goes on while the hook runs.
const ROWS: &str = "CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a SELECT seq, repeat('x', 500) FROM seq_1_to_20000; \
                    CREATE TABLE z (id int PRIMARY KEY); INSERT INTO z VALUES (1), (2);";

async fn while_reading(
    database: &str,
    statement: &'static str,
) -> Result<holdfast_contract::snapshot::Snapshot> {
    let server = Server::shared();
    server.create_database(database).await;
    server.script(database, ROWS);
    // Time stamps of tables are in whole seconds.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let name = database.to_owned();
    let memory = Memory::with_hook(move |written| {
        if written == 0 {
            Server::shared().script(&name, statement);
        }
    });
    engine(server, database).dump(&Scope::default(), &memory, &work(1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_emptied_and_replaced_tables_fail_the_dump() {
    for (database, statement) in [
        ("altered", "ALTER TABLE z ADD COLUMN n int DEFAULT 5"),
        ("altered_instant", "ALTER TABLE z COMMENT 'other'"),
        ("emptied", "TRUNCATE TABLE z"),
        ("replaced", "DROP TABLE z; CREATE TABLE z (id int PRIMARY KEY)"),
        ("dropped", "DROP TABLE z"),
        ("renamed", "RENAME TABLE z TO y"),
    ] {
        let error = while_reading(database, statement)
            .await
            .err()
            .unwrap_or_else(|| panic!("{database} was not noticed"));
        assert_eq!(error.code(), ErrorCode::SourceChanged, "{database}: {error}");
        assert!(error.to_string().contains('z'), "{database}: {error}");
        assert!(error.into_api().retry);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn later_rows_are_not_seen() {
    let snapshot =
        while_reading("written", "INSERT INTO z VALUES (3); DELETE FROM z WHERE id = 1").await.unwrap();
    let rows = |name: &str| snapshot.tables.iter().find(|table| table.table.name == name).unwrap().rows;
    assert_eq!((rows("a"), rows("z")), (20_000, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_readers_see_one_moment() {
    let server = Server::start(&["--log-bin", "--server-id=1"]);
    server.create_database("moments").await;
    let tables: String =
        (0..6).map(|n| format!("CREATE TABLE t{n} (id int PRIMARY KEY AUTO_INCREMENT, x int);")).collect();
    server.script("moments", &tables);
    // Each transaction writes one row into every table.
    let one: String = (0..6).map(|n| format!("INSERT INTO t{n} (x) VALUES (1);")).collect();
    let mut writer = server.program("mariadb");
    writer.arg("moments").stdin(std::process::Stdio::piped());
    let mut child = writer.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        use std::io::Write;
        while stdin.write_all(format!("START TRANSACTION; {one} COMMIT;\n").as_bytes()).is_ok() {}
    });
    for _ in 0..5 {
        let memory = Memory::default();
        let snapshot = engine(&server, "moments").dump(&Scope::default(), &memory, &work(3)).await.unwrap();
        let counts: Vec<u64> = snapshot.tables.iter().map(|table| table.rows).collect();
        assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
        let position = snapshot.position.expect("the binary log is on");
        assert_eq!(position.kind, "gtid");
        assert!(snapshot.engine_facts["binlog_position"].contains("bin.0000"), "{:?}", snapshot.engine_facts);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    feeding.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_the_work_on_the_server() {
    let server = Server::shared();
    server.create_database("cancelled").await;
    server.script("cancelled", ROWS);
    server.script("cancelled", "CREATE TABLE b LIKE a; INSERT INTO b SELECT * FROM a");
    let work = work(2);
    let cancel = work.cancel.clone();
    let memory = Memory::with_hook(move |_| cancel.cancel());
    let error = engine(server, "cancelled").dump(&Scope::default(), &memory, &work).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
    let own = "SELECT count(*) FROM information_schema.processlist WHERE db = 'cancelled' AND id <> connection_id()";
    assert_eq!(server.script("", own), "0\n", "no session of ours is left");
    assert!(memory.streams.lock().unwrap().len() < 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_is_a_lost_connection() {
    let server: &'static Server = Box::leak(Box::new(Server::start(&[])));
    server.create_database("gone").await;
    server.script("gone", ROWS);
    let memory = Memory::with_hook(move |written| {
        if written == 0 {
            server.kill();
        }
    });
    let error = super::Mysql::new(access(server, "gone", "root")).unwrap();
    let error = error.dump(&Scope::default(), &memory, &work(1)).await.unwrap_err();
    assert!(matches!(error.code(), ErrorCode::ConnectionLost), "{error:?}");
    assert!(error.into_api().retry);
}

/// Stands for an application that never rests. Ends with the test.
async fn write_on(database: &str, statements: &'static str) -> tokio::task::JoinHandle<()> {
    let mut session = Server::shared().connect(database).await;
    tokio::spawn(async move { while sqlx::raw_sql(statements).execute(&mut session).await.is_ok() {} })
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_without_transactions_are_of_the_moment_while_others_write_on() {
    let server = Server::shared();
    server.create_database("restless").await;
    server.script(
        "restless",
        "CREATE TABLE old (id int AUTO_INCREMENT PRIMARY KEY) ENGINE=MyISAM; CREATE TABLE ours (id int AUTO_INCREMENT PRIMARY KEY); \
         CREATE TABLE aria (id int AUTO_INCREMENT PRIMARY KEY) ENGINE=Aria TRANSACTIONAL=0; CREATE TABLE more (id int PRIMARY KEY); \
         CREATE USER locker@localhost; GRANT SELECT, LOCK TABLES, SHOW VIEW, TRIGGER, EVENT ON restless.* TO locker@localhost; \
         CREATE USER looker@localhost; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON restless.* TO looker@localhost",
    );
    let writers = [
        write_on("restless", "INSERT INTO ours () VALUES (); INSERT INTO old () VALUES ()").await,
        write_on("restless", "INSERT INTO aria () VALUES ()").await,
        // Holds one of each in one transaction.
        write_on(
            "restless",
            "START TRANSACTION; UPDATE more SET id = id; INSERT INTO aria () VALUES (); DO SLEEP(0.01); COMMIT",
        )
        .await,
    ];
    for (user, parallel) in [("root", 3), ("root", 1), ("locker", 3), ("looker", 3)] {
        let begun = std::time::Instant::now();
        let engine = holdfast_engine::mysql::Mysql::new(access(server, "restless", user)).unwrap();
        let snapshot = engine.dump(&Scope::default(), &Memory::default(), &work(parallel)).await;
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{user} with {parallel}: {error}"));
        let unsteady: Vec<&str> = snapshot
            .omissions
            .iter()
            .filter(|omission| omission.kind == "consistency")
            .map(|omission| omission.name.as_str())
            .collect();
        let rows = |name: &str| snapshot.tables.iter().find(|table| table.table.name == name).unwrap().rows;
        if user == "looker" {
            assert_eq!(unsteady, ["aria", "old"], "who may not lock says so");
        } else {
            assert!(unsteady.is_empty(), "{user} with {parallel}: {unsteady:?}");
        }
        // With one session, the lock comes before the moment, and others go on in between.
        if parallel > 1 && user != "looker" {
            assert!(rows("ours").abs_diff(rows("old")) <= 1, "{user}: {} and {}", rows("ours"), rows("old"));
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{user} with {parallel}: {:?}", begun.elapsed());
    }
    for writer in writers {
        writer.abort();
    }
}
