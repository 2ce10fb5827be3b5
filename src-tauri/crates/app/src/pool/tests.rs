//! The pool with a server that is a list in memory: which sessions are used again, replaced, waited for and closed.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use holdfast_contract::connection::TlsSettings;
use holdfast_contract::snapshot::{EngineKind, ServerInfo};
use holdfast_engine::session::{Peer, Query, QueryEnd, Row, RowSink, TransactionAccess};
use holdfast_engine::{EngineError, Result};

use super::*;
use crate::clock::FixedClock;

/// What is known of every session that was opened.
#[derive(Clone, Default)]
struct Server {
    sessions: Arc<Mutex<Vec<Arc<Known>>>>,
}

#[derive(Default)]
struct Known {
    dead: AtomicBool,
    closed: AtomicBool,
}

impl Server {
    fn opened(&self) -> usize {
        locked(&self.sessions).len()
    }
    fn open(&self) -> usize {
        locked(&self.sessions).iter().filter(|one| !one.closed.load(Ordering::SeqCst)).count()
    }
    fn kill_all(&self) {
        for one in locked(&self.sessions).iter() {
            one.dead.store(true, Ordering::SeqCst);
        }
    }
}

#[async_trait]
impl Engine for Server {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }
    async fn ping(&self) -> Result<ServerInfo> {
        Err(EngineError::Cancelled)
    }
    async fn advice(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
    async fn databases(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
    async fn connect(&self) -> Result<Box<dyn Session>> {
        let known = Arc::new(Known::default());
        locked(&self.sessions).push(known.clone());
        Ok(Box::new(One { known, peer: Peer::default(), standing: Standing::Ready }))
    }
}

struct One {
    known: Arc<Known>,
    peer: Peer,
    standing: Standing,
}

impl Drop for One {
    fn drop(&mut self) {
        self.known.closed.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Session for One {
    fn peer(&self) -> &Peer {
        &self.peer
    }
    fn standing(&self) -> Standing {
        self.standing
    }
    async fn server_info(&mut self) -> Result<ServerInfo> {
        Err(EngineError::Cancelled)
    }
    async fn run(&mut self, _: &Query<'_>, _: &mut dyn RowSink) -> Result<QueryEnd> {
        self.standing = Standing::Unusable;
        Err(ApiError::new(ErrorCode::ConnectionLost, "gone").into())
    }
    async fn begin(&mut self, _: TransactionAccess) -> Result<()> {
        Ok(())
    }
    async fn commit(&mut self) -> Result<()> {
        Ok(())
    }
    async fn rollback(&mut self) -> Result<()> {
        Ok(())
    }
    async fn rows(&mut self, _: &str, _: &str) -> Result<Vec<Row>> {
        Ok(Vec::new())
    }
    async fn sample(&mut self, _: &str, _: &str) -> Result<Vec<Row>> {
        Ok(Vec::new())
    }
    async fn is_alive(&mut self) -> bool {
        !self.known.dead.load(Ordering::SeqCst)
    }
    async fn reset(&mut self) -> bool {
        true
    }
    async fn close(self: Box<Self>) {}
}

struct Stage {
    pools: Arc<Pools>,
    clock: Arc<FixedClock>,
    server: Server,
    settings: PoolSettings,
}

fn stage() -> Stage {
    let clock = Arc::new(FixedClock::at(1_000_000));
    let settings =
        PoolSettings { size: 2, overflow: 1, wait_seconds: 1, recycle_seconds: 3600, idle_seconds: 3600 };
    Stage { pools: Arc::new(Pools::new(clock.clone())), clock, server: Server::default(), settings }
}

fn connection(id: &str, database: &str) -> Connection {
    Connection {
        id: id.into(),
        name: id.into(),
        spec: ConnectionSpec::Postgres {
            host: "db".into(),
            port: 5432,
            database: database.into(),
            user: "ann".into(),
            tls: TlsSettings::default(),
        },
        environment: Default::default(),
        group: None,
        read_only: false,
        prove_after_backup: false,
        has_password: false,
        sample: false,
        pool: None,
        created_at_ms: 0,
    }
}

impl Stage {
    async fn borrow(&self, connection: &Connection) -> std::result::Result<Lease, ApiError> {
        self.pools.borrow(connection, Box::new(self.server.clone()), self.settings, "health.check").await
    }
}

#[tokio::test]
async fn what_is_given_back_is_used_again_and_what_is_dropped_is_closed() {
    let (stage, shop) = (stage(), connection("shop", "shop"));
    stage.borrow(&shop).await.unwrap().give_back().await;
    let lease = stage.borrow(&shop).await.unwrap();
    let status = stage.pools.status(None).remove(0);
    assert_eq!((status.open, status.idle, status.opened, status.reused), (1, 0, 1, 1));
    assert_eq!(status.in_use[0].operation, "health.check");
    drop(lease);
    assert_eq!((stage.server.opened(), stage.server.open()), (1, 0));
    // One that died while it was in use does not come back.
    let mut lease = stage.borrow(&shop).await.unwrap();
    let query = Query { sql: "", limits: Default::default(), cancel: Default::default() };
    lease.session().run(&query, &mut holdfast_engine::session::Collected::default()).await.unwrap_err();
    lease.give_back().await;
    assert_eq!(stage.pools.status(None)[0].idle, 0);
}

#[tokio::test]
async fn overflow_is_closed_and_one_more_waits_and_is_refused() {
    let (stage, shop) = (stage(), connection("shop", "shop"));
    let mut leases = Vec::new();
    for _ in 0..3 {
        leases.push(stage.borrow(&shop).await.unwrap());
    }
    let refused = stage.borrow(&shop).await.err().unwrap();
    assert!(refused.code == ErrorCode::DatabaseBusy && refused.retry, "{refused:?}");
    for lease in leases {
        lease.give_back().await;
    }
    let status = stage.pools.status(None).remove(0);
    assert_eq!((status.open, status.idle, status.waiting, stage.server.open()), (2, 2, 0, 2));
}

#[tokio::test]
async fn a_session_that_died_is_replaced_and_a_machine_that_slept_begins_anew() {
    let (stage, shop) = (stage(), connection("shop", "shop"));
    stage.borrow(&shop).await.unwrap().give_back().await;
    stage.server.kill_all();
    tokio::time::sleep(FRESH + Duration::from_millis(50)).await;
    stage.borrow(&shop).await.unwrap().give_back().await;
    assert_eq!((stage.server.opened(), stage.server.open()), (2, 1));
    stage.clock.advance(60_000);
    stage.borrow(&shop).await.unwrap().give_back().await;
    assert_eq!((stage.server.opened(), stage.server.open()), (3, 1));
}

#[tokio::test]
async fn another_description_and_a_change_of_the_database_close_what_is_idle() {
    let (stage, shop) = (stage(), connection("shop", "shop"));
    let other = connection("other", "other");
    for one in [&shop, &other] {
        stage.borrow(one).await.unwrap().give_back().await;
    }
    stage.pools.leave(&shop.spec).await;
    assert_eq!((stage.pools.status(Some(&shop.id))[0].idle, stage.server.open()), (0, 1));
    // In use while it is forgotten: closed when it comes back.
    let lease = stage.borrow(&other).await.unwrap();
    stage.pools.forget(&other.id).await;
    assert_eq!(stage.server.open(), 1);
    lease.give_back().await;
    assert_eq!(stage.server.open(), 0);
    stage.borrow(&shop).await.unwrap().give_back().await;
    let moved = Connection { read_only: true, ..shop };
    stage.borrow(&moved).await.unwrap().give_back().await;
    assert_eq!(stage.server.open(), 1, "the one that could write is closed");
    stage.pools.close().await;
    assert_eq!(stage.server.open(), 0);
}

#[tokio::test]
async fn a_server_is_not_filled_and_idle_sessions_make_room() {
    let mut stage = stage();
    stage.settings = PoolSettings { size: 16, overflow: 0, ..stage.settings };
    let (shop, other) = (connection("shop", "shop"), connection("other", "other"));
    let mut leases = Vec::new();
    for _ in 0..MOST_ON_A_SERVER {
        leases.push(stage.borrow(&shop).await.unwrap());
    }
    let refused = stage.borrow(&other).await.err().unwrap();
    assert_eq!(refused.code, ErrorCode::DatabaseBusy);
    for lease in leases {
        lease.give_back().await;
    }
    stage.borrow(&other).await.unwrap().give_back().await;
    assert!(stage.server.open() <= MOST_ON_A_SERVER);
}
