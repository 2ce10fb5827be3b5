//! Maintenance tells how far it is, and a cancel in the middle changes nothing.

use std::sync::Mutex;

use holdfast_contract::maintenance::MaintenanceKind;
use holdfast_engine::Maintain;

use super::*;

const ROWS: &str = "PRAGMA journal_mode=WAL; CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT, who TEXT); CREATE INDEX by_what ON orders (what);
     CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders);
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) INSERT INTO orders SELECT i, hex(randomblob(60)), hex(randomblob(60)) FROM n;
     INSERT INTO lines SELECT id, id FROM orders; CREATE INDEX by_order ON lines (order_id);";

/// Hears the shares, and cancels at the first one in the middle if it is told to.
#[derive(Default)]
struct Shares {
    total: Mutex<u64>,
    told: Mutex<Vec<u64>>,
    stop: Option<CancellationToken>,
}

impl Progress for Shares {
    fn phase(&self, _: &str) {}
    fn total_bytes(&self, total: u64) {
        *self.total.lock().unwrap() = total;
    }
    fn advance(&self, bytes: u64, _: u64) {
        let mut told = self.told.lock().unwrap();
        let now = told.last().copied().unwrap_or(0) + bytes;
        told.push(now);
        if let Some(stop) = &self.stop {
            stop.cancel();
        }
    }
}

async fn run(
    path: &Path,
    kind: MaintenanceKind,
    shares: Shares,
) -> (holdfast_engine::Result<()>, Arc<Shares>) {
    let scratch = tempfile::tempdir().unwrap();
    let shares = Arc::new(shares);
    let cancel = shares.stop.clone().unwrap_or_default();
    let work = Work { cancel, progress: shares.clone(), ..work(&scratch) };
    let done = engine(path).maintain(kind, &[], &work).await.map(drop);
    (done, shares)
}

#[tokio::test]
async fn progress_is_a_share_of_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    make(&path, ROWS);
    use MaintenanceKind as Kind;
    for kind in
        [Kind::Check, Kind::QuickCheck, Kind::ForeignKeyCheck, Kind::Analyze, Kind::Reindex, Kind::Vacuum]
    {
        let (done, shares) = run(&path, kind, Shares::default()).await;
        done.unwrap();
        let (total, told) = (*shares.total.lock().unwrap(), shares.told.lock().unwrap());
        let between = told.iter().filter(|told| **told > 0 && **told < total).count();
        println!("{kind:?}: {between} shares, the last but one {} %", told[told.len() - 2] * 100 / total);
        assert!(between >= 4, "{kind:?} told {told:?} of {total}");
        assert_eq!(told.last(), Some(&total), "{kind:?}");
    }
}

#[tokio::test]
async fn a_cancel_in_the_middle_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    make(&path, ROWS);
    shell(&path, "DELETE FROM orders WHERE id % 2; PRAGMA wal_checkpoint(TRUNCATE)");
    let before = shell(&path, ".dump --preserve-rowids");
    use MaintenanceKind as Kind;
    for kind in [Kind::Check, Kind::Vacuum, Kind::Reindex] {
        let stop = Some(CancellationToken::new());
        let (done, shares) = run(&path, kind, Shares { stop, ..Default::default() }).await;
        assert!(matches!(done, Err(holdfast_engine::EngineError::Cancelled)), "{kind:?}: {done:?}");
        let (total, told) = (*shares.total.lock().unwrap(), shares.told.lock().unwrap());
        assert!(told.iter().all(|told| *told < total), "{kind:?} stopped on its way: {told:?} of {total}");
    }
    assert!(before == shell(&path, ".dump --preserve-rowids"));
    assert_eq!(shell(&path, "PRAGMA integrity_check"), b"ok\n");
}
