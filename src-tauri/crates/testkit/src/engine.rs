//! The contract of an engine, as every caller relies on it. A new driver makes a [`Subject`] and calls [`passes`].
//!
//! Only the engine's face is used, and what any database has: rows in tables, a copy beside it, a name. What one kind of
//! server does in its own way is tested beside its driver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use holdfast_contract::ErrorCode;
use holdfast_contract::snapshot::{
    SchemaObject, Scope, Snapshot, TableFingerprint, TableName, TableSnapshot,
};
use holdfast_engine::{Dump, Engine, Load, Result, SnapshotSource, Work};
use tokio_util::sync::CancellationToken;

use crate::memory::{Memory, Stored, work};

/// A database of the engine under test, holding at least two tables with rows.
pub struct Subject {
    pub engine: Box<dyn Engine>,
    /// How [`Load`] names the database itself.
    pub own: String,
    /// Makes of any text a name for a database beside it.
    pub beside: Box<dyn Fn(&str) -> String + Send + Sync>,
    /// A private folder.
    pub scratch: tempfile::TempDir,
}

/// Quotes of every dialect, a comment and a wildcard: a name that is put into a statement unquoted shows.
const HOSTILE: &str = "it's a \"quoted\" `name`; -- 50% ñ";

impl Subject {
    fn work(&self) -> Work {
        Work { scratch_dir: self.scratch.path().to_owned(), ..work(2) }
    }
    fn dump(&self) -> &dyn Dump {
        self.engine.dump().expect("an engine that is backed up dumps")
    }
    fn load(&self) -> &dyn Load {
        self.engine.load().expect("an engine that is backed up loads")
    }
    async fn stored(&self) -> Stored {
        let memory = Memory::default();
        let snapshot = self.dump().dump(&Scope::default(), &memory, &self.work()).await.unwrap();
        memory.stored(snapshot)
    }
    async fn exists(&self, target: &str) -> bool {
        self.load().exists(target).await.unwrap()
    }
    /// Fails unless `target` holds what the snapshot says, table by table.
    async fn holds(&self, target: &str, stored: &Stored) {
        let names: Vec<TableName> = stored.snapshot.tables.iter().map(|table| table.table.clone()).collect();
        let mut found = self.load().fingerprint(target, &names, &self.work()).await.unwrap();
        found.sort_by(|a, b| a.table.cmp(&b.table));
        assert_eq!(found, fingerprints(&stored.snapshot), "{target} holds what was dumped");
    }
}

/// In the order of the names: the face promises none.
fn fingerprints(snapshot: &Snapshot) -> Vec<TableFingerprint> {
    let one = |table: &TableSnapshot| TableFingerprint {
        table: table.table.clone(),
        rows: table.rows,
        content_hash: table.content_hash.clone(),
    };
    let mut all: Vec<TableFingerprint> = snapshot.tables.iter().map(one).collect();
    all.sort_by(|a, b| a.table.cmp(&b.table));
    all
}

/// Fails at the first promise that the engine breaks. Leaves the subject's database as it was, and nothing beside it.
pub async fn passes(subject: &Subject) {
    answers(subject).await;
    dumps_the_same_again(subject).await;
    a_copy_is_the_same_and_no_name_is_taken_twice(subject).await;
    what_fails_or_is_cancelled_leaves_nothing(subject).await;
    the_live_database_is_not_dropped(subject).await;
}

async fn answers(subject: &Subject) {
    let first = subject.engine.ping().await.unwrap();
    assert_eq!(first.engine, subject.engine.kind());
    assert!(!first.version.is_empty());
    assert_eq!(subject.engine.ping().await.unwrap().version, first.version, "asking changes nothing");
    subject.engine.advice().await.unwrap();
    subject.engine.databases().await.unwrap();
}

async fn dumps_the_same_again(subject: &Subject) {
    let plan = subject.dump().plan(&Scope::default()).await.unwrap();
    let (one, other) = (subject.stored().await, subject.stored().await);
    let with_rows = one.snapshot.tables.iter().filter(|table| table.rows > 0).count();
    assert!(with_rows >= 2, "the subject has rows to lose");
    for planned in &plan.tables {
        let dumped = one.snapshot.tables.iter().any(|table| table.table == planned.table);
        assert!(dumped, "{} was planned and is not dumped", planned.table);
    }
    assert_eq!(fingerprints(&one.snapshot), fingerprints(&other.snapshot));
    for (first, second) in one.objects.iter().zip(&other.objects) {
        assert_eq!(first, second, "the same definitions in the same order");
    }
    assert_eq!(one.objects.len(), other.objects.len());

    let called_off = Work { cancel: CancellationToken::new(), ..subject.work() };
    let cancel = called_off.cancel.clone();
    let memory = Memory::with_hook(move |_| cancel.cancel());
    let ended = subject.dump().dump(&Scope::default(), &memory, &called_off).await;
    assert_eq!(ended.expect_err("a dump can be cancelled while it runs").code(), ErrorCode::Cancelled);
}

async fn a_copy_is_the_same_and_no_name_is_taken_twice(subject: &Subject) {
    let (load, stored) = (subject.load(), subject.stored().await);
    let (copy, renamed) = ((subject.beside)(HOSTILE), (subject.beside)("renamed \"too\""));
    let preflight = load.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert_eq!(preflight.blockers, Vec::<String>::new());
    assert!(!subject.exists(&copy).await, "a preflight makes nothing");
    load.load(&copy, &stored, &subject.work()).await.unwrap();
    assert!(subject.exists(&copy).await);
    subject.holds(&copy, &stored).await;

    let again = load.load(&copy, &stored, &subject.work()).await;
    assert_eq!(again.expect_err("nothing is replaced").code(), ErrorCode::TargetExists);
    subject.holds(&copy, &stored).await;

    load.rename(&copy, &renamed).await.unwrap();
    assert!(!subject.exists(&copy).await && subject.exists(&renamed).await);
    subject.holds(&renamed, &stored).await;
    load.load(&copy, &stored, &subject.work()).await.unwrap();
    let taken = load.rename(&copy, &renamed).await;
    assert_eq!(taken.expect_err("a name that is taken stays so").code(), ErrorCode::TargetExists);
    subject.holds(&copy, &stored).await;

    for target in [&copy, &renamed] {
        load.settle(target).await.unwrap();
        load.drop_database(target).await.unwrap();
        assert!(!subject.exists(target).await);
        load.drop_database(target).await.expect("dropping what is gone is no error");
        load.settle(target).await.expect("there is nothing to settle");
    }
    assert!(load.fingerprint(&copy, &[], &subject.work()).await.is_err(), "nothing is no empty database");
}

async fn what_fails_or_is_cancelled_leaves_nothing(subject: &Subject) {
    let (load, stored) = (subject.load(), subject.stored().await);
    let target = (subject.beside)("unfinished");

    let called_off = subject.work();
    let source = Disturbed {
        stored: stored.clone(),
        cancels: Some(called_off.cancel.clone()),
        opened: AtomicBool::default(),
    };
    let ended = load.load(&target, &source, &called_off).await;
    assert_eq!(ended.expect_err("a load can be cancelled while it runs").code(), ErrorCode::Cancelled);
    assert!(source.opened.load(Ordering::SeqCst), "it was cancelled midway");
    assert!(!subject.exists(&target).await, "a cancelled load leaves nothing");

    let source = Disturbed { stored, cancels: None, opened: AtomicBool::default() };
    assert!(load.load(&target, &source, &subject.work()).await.is_err(), "half of the rows are not all");
    assert!(source.opened.load(Ordering::SeqCst));
    assert!(!subject.exists(&target).await, "a failed load leaves nothing");
}

async fn the_live_database_is_not_dropped(subject: &Subject) {
    let stored = subject.stored().await;
    subject.load().drop_database(&subject.own).await.expect_err("the live database is not dropped");
    assert!(subject.exists(&subject.own).await);
    subject.holds(&subject.own, &stored).await;
}

/// A stored snapshot whose first stream either asks for the work to be cancelled, or ends half-way.
struct Disturbed {
    stored: Stored,
    cancels: Option<CancellationToken>,
    opened: AtomicBool,
}

#[async_trait]
impl SnapshotSource for Disturbed {
    fn snapshot(&self) -> &Snapshot {
        self.stored.snapshot()
    }
    async fn objects(&self) -> Result<Vec<SchemaObject>> {
        self.stored.objects().await
    }
    async fn open(&self, stream: &str) -> Result<BoxStream<'static, Result<Bytes>>> {
        let whole = self.stored.open(stream).await?;
        if self.opened.swap(true, Ordering::SeqCst) {
            return Ok(whole);
        }
        if let Some(cancel) = self.cancels.clone() {
            return Ok(whole.inspect(move |_| cancel.cancel()).boxed());
        }
        let all: Vec<Bytes> = whole.map(Result::unwrap).collect().await;
        let all = all.concat();
        // At the end of a row, so that only the number of rows tells.
        let half = all[..all.len() / 2].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let half = Arc::new(all[..half].to_vec());
        Ok(futures::stream::iter([Ok(Bytes::copy_from_slice(&half))]).boxed())
    }
}
