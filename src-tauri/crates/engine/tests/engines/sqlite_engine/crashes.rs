//! What dead processes left behind, and what happens to the file while it is being copied.

use std::io::{BufRead, BufReader, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::Scope;

use super::witness::agree;
use super::*;

/// Says a word, then waits to be killed.
fn wait_for_the_end(word: &str) {
    println!("\n{word}");
    std::io::stdout().flush().unwrap();
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
#[ignore = "run by the tests of this module in a process of its own"]
fn child_leaves_a_log() {
    let connection = make(
        Path::new(&std::env::var("HOLDFAST_TEST_LIVE").unwrap()),
        "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES ('committed, and only in the log');
         BEGIN; INSERT INTO t VALUES ('never committed');",
    );
    wait_for_the_end("left");
    drop(connection);
}

#[test]
#[ignore = "run by the tests of this module in a process of its own"]
fn child_stops_half_way() {
    // So small a cache writes pages to the file before the commit: the journal it leaves is hot.
    let connection = make(
        Path::new(&std::env::var("HOLDFAST_TEST_LIVE").unwrap()),
        "PRAGMA cache_size=5; BEGIN; UPDATE t SET x = x || ' half way';",
    );
    wait_for_the_end("left");
    drop(connection);
}

fn kill_once_it_says(mut process: std::process::Child, word: &str) {
    let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap() == word));
    process.kill().unwrap();
    process.wait().unwrap();
}

#[tokio::test]
async fn a_log_left_by_a_dead_process_is_part_of_the_backup() {
    for read_only in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
        let variables = [("HOLDFAST_TEST_LIVE", live.to_str().unwrap())];
        kill_once_it_says(child("sqlite_engine::crashes::child_leaves_a_log", &variables), "left");
        assert!(std::fs::metadata(folder.path().join("live-wal")).unwrap().len() > 0);
        let sink = Memory::default();
        let snapshot = access(&live, read_only)
            .dump(&Scope::default(), &sink, &work(&tempfile::tempdir().unwrap()))
            .await
            .unwrap();
        load(&sink.close(snapshot), &copy).await;
        assert_eq!(
            shell(&copy, "SELECT x FROM t; PRAGMA journal_mode"),
            b"committed, and only in the log\nwal\n"
        );
        agree(&live, &copy);
    }
}

#[tokio::test]
async fn a_hot_journal_is_rolled_back_first() {
    let folder = tempfile::tempdir().unwrap();
    let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
    make(
        &live,
        "CREATE TABLE t(id INTEGER PRIMARY KEY, x); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000)
         INSERT INTO t SELECT x, 'row ' || x || hex(zeroblob(50)) FROM n;",
    );
    let whole = shell(&live, ".dump");
    kill_once_it_says(
        child(
            "sqlite_engine::crashes::child_stops_half_way",
            &[("HOLDFAST_TEST_LIVE", live.to_str().unwrap())],
        ),
        "left",
    );
    let torn = std::fs::read(&live).unwrap();
    assert!(torn.windows(8).any(|bytes| bytes == b"half way"), "half of it reached the file");

    // A read-only connection changes nothing, not even to mend: it says so.
    let refused = access(&live, true).dump(&Scope::default(), &Memory::default(), &work(&folder)).await;
    let refused = refused.unwrap_err().into_api();
    assert_eq!(refused.code, ErrorCode::ReadOnly, "{refused:?}");
    assert!(refused.hint.is_some());
    assert_eq!(std::fs::read(&live).unwrap(), torn);

    load(&dump(&live, &Scope::default()).await, &copy).await;
    assert_eq!(shell(&copy, ".dump"), whole);
    assert_eq!(files_in(folder.path()), ["copy", "live"], "the journal was applied and is gone");
}

/// Calls back once, at the given report of a phase.
struct At<F: Fn() + Send + Sync>(&'static str, AtomicBool, F);
impl<F: Fn() + Send + Sync> Progress for At<F> {
    fn phase(&self, text: &str) {
        if text.contains(self.0) && !self.1.swap(true, Ordering::SeqCst) {
            (self.2)();
        }
    }
    fn total_bytes(&self, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
}

const LARGE: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, x); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 9000)
    INSERT INTO t SELECT x, hex(randomblob(500)) FROM n;";

async fn dump_with<F: Fn() + Send + Sync + 'static>(
    live: &Path,
    phase: &'static str,
    act: F,
) -> holdfast_engine::Result<Memory> {
    let scratch = tempfile::tempdir().unwrap();
    let mut work = work(&scratch);
    work.progress = Arc::new(At(phase, AtomicBool::new(false), act));
    let sink = Memory::default();
    let snapshot = engine(live).dump(&Scope::default(), &sink, &work).await?;
    Ok(sink.close(snapshot))
}

#[tokio::test]
async fn a_writer_killed_during_the_copy_leaves_one_moment() {
    for mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().unwrap();
        let (live, copy) = (folder.path().join("live"), folder.path().join("copy"));
        make(
            &live,
            &format!("PRAGMA journal_mode={mode}; CREATE TABLE total(n); INSERT INTO total VALUES (9000); CREATE TABLE entry(id INTEGER PRIMARY KEY, text);
              WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 9000) INSERT INTO entry SELECT x, hex(randomblob(500)) FROM n;"),
        );
        let mut writer =
            child("sqlite_engine::busy::child_writes", &[("HOLDFAST_TEST_LIVE", live.to_str().unwrap())]);
        let mut said = BufReader::new(writer.stdout.take().unwrap()).lines();
        assert!(said.any(|line| line.unwrap() == "writing"));
        let writer = std::sync::Mutex::new(writer);
        let source = dump_with(&live, "%)", move || {
            let mut writer = writer.lock().unwrap();
            writer.kill().unwrap();
            writer.wait().unwrap();
        })
        .await
        .unwrap();
        load(&source, &copy).await;
        assert_proven(&source, &copy).await;
        let balance = "SELECT (SELECT n FROM total) - (SELECT count(*) FROM entry); PRAGMA integrity_check";
        assert_eq!(shell(&copy, balance), b"0\nok\n", "{mode}");
    }
}

#[tokio::test]
async fn a_file_replaced_during_the_copy_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (live, other) = (folder.path().join("live"), folder.path().join("other"));
    make(&live, LARGE);
    make(&other, &LARGE.replace("9000", "9001"));
    let (from, to) = (other.clone(), live.clone());
    let error =
        dump_with(&live, "%)", move || std::fs::rename(&from, &to).unwrap()).await.err().unwrap().into_api();
    assert_eq!((error.code, error.retry), (ErrorCode::SourceChanged, true), "{error:?}");
    assert!(error.hint.is_some() && error.message.contains(live.to_str().unwrap()));
    // Run again, it is the new one.
    let source = dump(&live, &Scope::default()).await;
    assert_eq!(source.snapshot_ref().tables[0].rows, 9001);
}

#[tokio::test]
async fn a_file_overwritten_during_the_copy_is_never_a_mixture() {
    for mode in ["DELETE", "WAL"] {
        let folder = tempfile::tempdir().unwrap();
        let (live, other, copy) =
            (folder.path().join("live"), folder.path().join("other"), folder.path().join("copy"));
        make(&live, &format!("PRAGMA journal_mode={mode}; {LARGE}"));
        make(&other, &format!("PRAGMA journal_mode={mode}; {}", LARGE.replace("9000", "9500")));
        let contents = [shell(&live, ".dump"), shell(&other, ".dump")];
        let (bytes, to) = (std::fs::read(&other).unwrap(), live.clone());
        // As `cp` does it: the same file, other contents, no lock.
        match dump_with(&live, "%)", move || std::fs::write(&to, &bytes).unwrap()).await {
            Err(error) => {
                let code = error.code();
                assert!(
                    matches!(code, ErrorCode::DatabaseDamaged | ErrorCode::SourceChanged),
                    "{mode}: {error}"
                );
            }
            Ok(source) => {
                load(&source, &copy).await;
                assert!(contents.contains(&shell(&copy, ".dump")), "{mode}: neither the old nor the new");
            }
        }
    }
}

#[tokio::test]
async fn a_database_locked_for_good_is_busy_not_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let live = folder.path().join("live");
    let locker = make(
        &live,
        "CREATE TABLE t(x); PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO t VALUES (1); COMMIT;",
    );
    let scratch = tempfile::tempdir().unwrap();
    let hasty = engine(&live).with_wait(Duration::from_millis(50));
    let error =
        hasty.dump(&Scope::default(), &Memory::default(), &work(&scratch)).await.unwrap_err().into_api();
    assert_eq!((error.code, error.retry), (ErrorCode::DatabaseBusy, true));
    assert_eq!(files_in(scratch.path()), Vec::<String>::new());
    drop(locker);
    hasty.dump(&Scope::default(), &Memory::default(), &work(&scratch)).await.unwrap();
}
