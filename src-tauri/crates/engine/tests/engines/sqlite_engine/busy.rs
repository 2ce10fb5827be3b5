//! Backups while other programs write at full speed, and locks that do not open.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::Scope;

use super::*;

/// Writes without a pause until it is killed. Every transaction keeps `total = count of rows`.
#[test]
#[ignore = "run by the tests of this module in a process of its own"]
fn child_writes() {
    let connection = Connection::open(std::env::var("HOLDFAST_TEST_LIVE").unwrap()).unwrap();
    connection.busy_timeout(Duration::from_secs(60)).unwrap();
    for round in 0u64.. {
        connection
            .execute_batch(
                "BEGIN IMMEDIATE; INSERT INTO entry(text) VALUES (hex(randomblob(300)));
                 UPDATE total SET n = n + 1; UPDATE entry SET text = text || 'x' WHERE id = abs(random()) % 4000; COMMIT;",
            )
            .unwrap();
        if round == 20 {
            println!("\nwriting");
        }
    }
}

#[tokio::test]
async fn a_copy_taken_while_another_process_writes_is_one_moment() {
    for mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().unwrap();
        let live = folder.path().join("live");
        drop(make(
            &live,
            &format!(
                "PRAGMA journal_mode={mode}; CREATE TABLE total(n); INSERT INTO total VALUES (8000); CREATE TABLE entry(id INTEGER PRIMARY KEY, text);
                 WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 8000) INSERT INTO entry SELECT x, hex(randomblob(600)) FROM n;"
            ),
        ));
        assert!(std::fs::metadata(&live).unwrap().len() > 2 * 4096 * 1024, "more than two steps of the copy");
        let mut writer =
            child("sqlite_engine::busy::child_writes", &[("HOLDFAST_TEST_LIVE", live.to_str().unwrap())]);
        let mut said = BufReader::new(writer.stdout.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap() == "writing"));
        for round in 0..3 {
            let copy = folder.path().join(format!("copy{round}"));
            let source = dump(&live, &Scope::default()).await;
            load(&source, &copy).await;
            assert_proven(&source, &copy).await;
            assert_eq!(
                shell(&copy, "SELECT (SELECT n FROM total) - (SELECT count(*) FROM entry)"),
                b"0\n",
                "{mode}"
            );
            assert_eq!(shell(&copy, "PRAGMA integrity_check"), b"ok\n");
        }
        assert!(writer.try_wait().unwrap().is_none(), "it wrote all the time");
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
}

#[tokio::test]
async fn a_lock_that_does_not_open_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let locker = make(&live, "CREATE TABLE t(x); BEGIN EXCLUSIVE; INSERT INTO t VALUES (1);");
    let hasty = engine(&live).with_wait(Duration::from_millis(30));
    let error = ping(&hasty).await.unwrap_err().into_api();
    assert_eq!((error.code, error.retry), (ErrorCode::DatabaseBusy, true));
    locker.execute_batch("COMMIT").unwrap();
    assert_eq!(ping(&hasty).await.unwrap().database, "live");
}

#[tokio::test]
async fn cancelling_stops_a_dump() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    drop(make(&live, "CREATE TABLE t(x); INSERT INTO t VALUES (zeroblob(9000000))"));
    struct CancelAt(CancellationToken, &'static str);
    impl Progress for CancelAt {
        fn phase(&self, text: &str) {
            if text.starts_with(self.1) {
                self.0.cancel();
            }
        }
        fn total_bytes(&self, _: u64) {}
        fn advance(&self, _: u64, _: u64) {}
    }
    for phase in ["Copying", "Checking", "Reading"] {
        let scratch = tempfile::tempdir().unwrap();
        let mut work = work(&scratch);
        work.progress = Arc::new(CancelAt(work.cancel.clone(), phase));
        let error = engine(&live).dump(&Scope::default(), &Memory::default(), &work).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::Cancelled, "{phase}");
    }
}
