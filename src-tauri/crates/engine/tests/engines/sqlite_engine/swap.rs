//! Replacing the live file: all or nothing, under readers' eyes and across kills.

use std::io::{BufRead, BufReader, Write};
use std::time::{Duration, Instant};

use holdfast_contract::ErrorCode;
use holdfast_engine::{Swap, SwapState};

use super::*;

struct Stage {
    folder: TempDir,
    live: std::path::PathBuf,
    staged: std::path::PathBuf,
    kept: std::path::PathBuf,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        Self { live: at("live"), staged: at("staged"), kept: at("kept"), folder }
    }
    async fn swap_as(&self, engine: &Sqlite) -> holdfast_engine::Result<()> {
        let scratch = tempfile::tempdir().unwrap();
        engine.swap(self.staged.to_str().unwrap(), self.kept.to_str().unwrap(), &work(&scratch)).await
    }
    async fn swap(&self) -> holdfast_engine::Result<()> {
        self.swap_as(&engine(&self.live)).await
    }
    async fn state(&self) -> SwapState {
        engine(&self.live)
            .swap_state(self.staged.to_str().unwrap(), self.kept.to_str().unwrap())
            .await
            .unwrap()
    }
}

fn old_and_new(mode: &str, old_page: u32, new_page: u32) -> (String, String) {
    let old = format!(
        "PRAGMA page_size={old_page}; PRAGMA journal_mode={mode}; CREATE TABLE t(x); INSERT INTO t VALUES ('old'); DELETE FROM t WHERE 0;"
    );
    let new = format!("PRAGMA page_size={new_page}; PRAGMA user_version=7; CREATE TABLE t(x); INSERT INTO t VALUES ('gone'), ('new');
        DELETE FROM t WHERE x = 'gone'; CREATE TABLE more(y); CREATE INDEX i ON t(x);");
    (old, new)
}

#[tokio::test]
async fn the_live_file_takes_the_new_content_and_keeps_its_nature() {
    for mode in ["DELETE", "TRUNCATE", "WAL"] {
        for (old_page, new_page, new_mode) in
            [(4096, 4096, "DELETE"), (4096, 1024, "WAL"), (1024, 8192, "DELETE"), (512, 65536, "WAL")]
        {
            let stage = Stage::new();
            let (old, new) = old_and_new(mode, old_page, new_page);
            drop(make(&stage.live, &old));
            drop(make(&stage.staged, &format!("{new} PRAGMA journal_mode={new_mode};")));
            let (was, wanted) =
                (shell(&stage.live, ".dump"), shell(&stage.staged, ".dump --preserve-rowids"));
            stage.swap().await.unwrap();
            let case = format!("{mode} {old_page} {new_page} {new_mode}");
            assert_eq!(shell(&stage.live, ".dump --preserve-rowids"), wanted, "{case}");
            assert_eq!(shell(&stage.kept, ".dump"), was, "{case}");
            let now = if mode == "WAL" { "wal" } else { "delete" };
            assert_eq!(
                String::from_utf8_lossy(&shell(
                    &stage.live,
                    "PRAGMA integrity_check; PRAGMA journal_mode; PRAGMA user_version"
                )),
                format!("ok\n{now}\n7\n"),
                "{case}"
            );
            assert_eq!(files_in(stage.folder.path()), ["kept", "live"], "{case}");
            assert_eq!(stage.state().await, SwapState::Swapped);
            // And back again.
            std::fs::rename(&stage.kept, &stage.staged).unwrap();
            stage.swap().await.unwrap();
            assert_eq!(shell(&stage.live, ".dump"), was, "{case}");
        }
    }
}

#[tokio::test]
async fn readers_stay_consistent() {
    let stage = Stage::new();
    let (old, new) = old_and_new("WAL", 4096, 4096);
    let reader = make(&stage.live, &old);
    drop(make(&stage.staged, &new));
    let see =
        |reader: &Connection| reader.query_row("SELECT x FROM t", [], |row| row.get::<_, String>(0)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(see(&reader), "old");
    stage.swap().await.unwrap();
    assert_eq!(see(&reader), "old", "its snapshot");
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(see(&reader), "new", "without opening the file again");

    // With a rollback journal an open read transaction is waited for, then said.
    let stage = Stage::new();
    let (old, new) = old_and_new("DELETE", 4096, 4096);
    let reader = make(&stage.live, &old);
    drop(make(&stage.staged, &new));
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(see(&reader), "old");
    let hasty = engine(&stage.live).with_wait(Duration::from_millis(50));
    assert_eq!(stage.swap_as(&hasty).await.unwrap_err().code(), ErrorCode::DatabaseBusy);
    assert_eq!(stage.state().await, SwapState::NotSwapped);
    assert_eq!(files_in(stage.folder.path()), ["live", "staged"]);
    reader.execute_batch("COMMIT").unwrap();
    stage.swap_as(&hasty).await.unwrap();
    assert_eq!(see(&reader), "new");
    reader.execute_batch("INSERT INTO t VALUES ('and writes')").unwrap();
}

#[tokio::test]
async fn a_live_file_that_is_gone_or_beyond_reading_is_replaced() {
    let (_, new) = old_and_new("DELETE", 4096, 4096);
    let stage = Stage::new();
    drop(make(&stage.staged, &new));
    assert_eq!(stage.state().await, SwapState::NotSwapped);
    stage.swap().await.unwrap();
    assert_eq!(files_in(stage.folder.path()), ["live"]);

    let stage = Stage::new();
    drop(make(&stage.staged, &new));
    std::fs::write(&stage.live, "ruins").unwrap();
    stage.swap().await.unwrap();
    assert_eq!(std::fs::read(&stage.kept).unwrap(), b"ruins");
    assert_eq!(shell(&stage.live, "SELECT x FROM t"), b"new\n");

    // Killed between the two renames of that case: the old one comes back.
    let stage = Stage::new();
    drop(make(&stage.staged, &new));
    std::fs::write(&stage.kept, "ruins").unwrap();
    assert_eq!(stage.state().await, SwapState::NotSwapped);
    assert_eq!(std::fs::read(&stage.live).unwrap(), b"ruins");
}

#[tokio::test]
async fn a_cancelled_swap_changes_nothing() {
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
    for mode in ["DELETE", "WAL"] {
        for phase in ["Reading", "Keeping", "Replacing"] {
            let stage = Stage::new();
            let (old, new) = old_and_new(mode, 4096, 4096);
            drop(make(&stage.live, &old));
            drop(make(&stage.staged, &new));
            let scratch = tempfile::tempdir().unwrap();
            let mut work = work(&scratch);
            work.progress = Arc::new(CancelAt(work.cancel.clone(), phase));
            let swap = engine(&stage.live)
                .swap(stage.staged.to_str().unwrap(), stage.kept.to_str().unwrap(), &work)
                .await;
            assert_eq!(swap.unwrap_err().code(), ErrorCode::Cancelled, "{mode} {phase}");
            assert_eq!(shell(&stage.live, "SELECT x FROM t; PRAGMA integrity_check"), b"old\nok\n");
            assert_eq!(files_in(stage.folder.path()), ["live", "staged"], "{mode} {phase}");
        }
    }
}

/// Tells every step, so that the parent can kill at any of them.
struct Aloud;
impl Progress for Aloud {
    fn phase(&self, text: &str) {
        println!("\nphase {text}");
        std::io::stdout().flush().unwrap();
    }
    fn total_bytes(&self, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
}

#[tokio::test]
#[ignore = "run by `kills_leave_old_or_new` in a process of its own"]
async fn child_swaps() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut work = work(&scratch);
    work.progress = Arc::new(Aloud);
    engine(Path::new(&variable("HOLDFAST_TEST_LIVE")))
        .swap(&variable("HOLDFAST_TEST_STAGED"), &variable("HOLDFAST_TEST_KEPT"), &work)
        .await
        .unwrap();
}

#[tokio::test]
async fn kills_leave_old_or_new() {
    let fill = |word: &str, rows: u32| {
        format!(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, x, y); CREATE INDEX i ON t(y);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO t SELECT i, '{word}', hex(randomblob(200)) FROM n;"
        )
    };
    let mut seen = [0, 0];
    for mode in ["DELETE", "WAL"] {
        let originals = Stage::new();
        drop(make(&originals.live, &format!("PRAGMA journal_mode={mode}; {}", fill("old", 12_000))));
        drop(make(&originals.staged, &fill("new", 14_000)));
        for round in 0u64..12 {
            let stage = Stage::new();
            // What the killed one cannot tidy goes with this.
            let aside = tempfile::tempdir().unwrap();
            std::fs::copy(&originals.live, &stage.live).unwrap();
            std::fs::copy(&originals.staged, &stage.staged).unwrap();
            let path = |path: &Path| path.to_str().unwrap().to_owned();
            let mut swapping = child(
                "sqlite_engine::swap::child_swaps",
                &[
                    ("HOLDFAST_TEST_LIVE", &path(&stage.live)),
                    ("HOLDFAST_TEST_STAGED", &path(&stage.staged)),
                    ("HOLDFAST_TEST_KEPT", &path(&stage.kept)),
                    ("TMPDIR", &path(aside.path())),
                ],
            );
            let told = BufReader::new(swapping.stdout.take().unwrap()).lines().map_while(Result::ok);
            // From the first phase to the last, then a moment that differs from round to round.
            told.filter(|line| line.starts_with("phase")).nth(round as usize % 6);
            let moment = Duration::from_micros(((round * 2_654_435_761) >> 4) % 20_000);
            let since = Instant::now();
            while since.elapsed() < moment {
                std::hint::spin_loop();
            }
            swapping.kill().unwrap();
            swapping.wait().unwrap();

            let state = stage.state().await;
            let (word, rows) = match state {
                SwapState::NotSwapped => ("old", 12_000),
                SwapState::Swapped => ("new", 14_000),
                SwapState::Unclear => panic!("{mode} {round}"),
            };
            seen[usize::from(state == SwapState::Swapped)] += 1;
            let found = shell(&stage.live, "SELECT min(x), max(x), count(*) FROM t; PRAGMA integrity_check");
            assert_eq!(
                String::from_utf8_lossy(&found),
                format!("{word}|{word}|{rows}\nok\n"),
                "{mode} {round}"
            );
            let left = files_in(stage.folder.path());
            assert!(!left.iter().any(|name| name.contains("partial")), "{left:?}");
            if state == SwapState::NotSwapped {
                // And it can simply be run again, once what the dead run kept is let go.
                engine(&stage.live).drop_database(stage.kept.to_str().unwrap()).await.unwrap();
                stage.swap().await.unwrap();
                assert_eq!(shell(&stage.live, "SELECT DISTINCT x FROM t"), b"new\n");
            }
        }
    }
    assert!(seen[0] > 0, "some kills came before the commit: {seen:?}");
}
