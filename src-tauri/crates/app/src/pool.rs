//! Sessions that stay open, for each connection. How a server is reached, through a tunnel or not, the engine that is
//! handed in knows; it comes from `connections::access`.
//!
//! A session is looked at before it is used again; one that died meanwhile is replaced, which nobody notices, because
//! nothing had run on it. What has run is never repeated from here. Files keep none: opening one costs less than looking.
//! What does not belong here: the sessions of dumps, loads and swaps, which their engines open and close.

mod limits;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use holdfast_contract::connection::{Connection, ConnectionSpec};
use holdfast_contract::offers::Copies;
use holdfast_contract::session::{PoolStatus, PoolUse};
use holdfast_contract::settings::PoolSettings;
use holdfast_contract::{ApiError, ConnectionId, ErrorCode};
use holdfast_engine::session::Standing;
use holdfast_engine::{Engine, Session};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;

pub(crate) use limits::checked;

/// On one server, for all of its databases together: servers have few places, and others want them too.
const MOST_ON_A_SERVER: usize = 16;
/// A session that was used so recently is not looked at first.
const FRESH: Duration = Duration::from_millis(500);
/// The clocks part by more than this when the machine slept: what was open then is not.
const SLEPT_MS: i64 = 5000;

pub(crate) struct Pools {
    clock: Arc<dyn Clock>,
    of: Mutex<HashMap<ConnectionId, Arc<Pool>>>,
    servers: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The sessions of a connection as it was described when the first of them was opened.
struct Pool {
    connection: ConnectionId,
    name: String,
    spec: ConnectionSpec,
    read_only: bool,
    settings: PoolSettings,
    places: Arc<Semaphore>,
    state: Mutex<State>,
    waiting: AtomicU64,
}

#[derive(Default)]
struct State {
    idle: Vec<Idle>,
    in_use: HashMap<u64, PoolUse>,
    /// How many stay open when nobody uses them.
    kept: usize,
    /// What is given back is closed.
    closed: bool,
    opened: u64,
    reused: u64,
    next_use: u64,
}

struct Idle {
    session: Box<dyn Session>,
    opened: Instant,
    since: Instant,
    since_ms: i64,
    _place_on_server: OwnedSemaphorePermit,
}

/// A session in use. Given back it may be used again; dropped it is closed, and what was not committed rolled back.
pub(crate) struct Lease {
    pub engine: Box<dyn Engine>,
    session: Option<Box<dyn Session>>,
    opened: Instant,
    number: u64,
    pool: Arc<Pool>,
    clock: Arc<dyn Clock>,
    place_on_server: Option<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
}

impl Pools {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, of: Mutex::default(), servers: Mutex::default() }
    }

    /// Waits for a free place as long as the settings say, then `DatabaseBusy`. Every error of connecting comes through.
    /// `operation` is whose use it is; `engine` connects where nothing idle fits.
    pub(crate) async fn borrow(
        &self,
        connection: &Connection,
        engine: Box<dyn Engine>,
        settings: PoolSettings,
        operation: &str,
    ) -> Result<Lease, ApiError> {
        let pool = self.pool(connection, settings).await;
        let patience = Duration::from_secs(settings.wait_seconds.into());
        let waits = Waits::new(&pool);
        let place = tokio::time::timeout(patience, pool.places.clone().acquire_owned()).await;
        drop(waits);
        let place = place.ok().and_then(Result::ok).ok_or_else(|| all_in_use(&connection.name))?;
        let held = match pool.reusable(self.clock.now_ms()).await {
            Some(held) => held,
            None => self.open(&pool, engine.as_ref(), patience).await?,
        };
        let number = pool.begin_use(operation, self.clock.now_ms());
        Ok(Lease {
            engine,
            session: Some(held.session),
            opened: held.opened,
            number,
            pool,
            clock: self.clock.clone(),
            place_on_server: Some(held._place_on_server),
            _place: place,
        })
    }

    async fn open(&self, pool: &Pool, engine: &dyn Engine, patience: Duration) -> Result<Idle, ApiError> {
        let server = pool.spec.server();
        let places = locked(&self.servers)
            .entry(server.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(MOST_ON_A_SERVER)))
            .clone();
        let place = match places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                // Sessions that nobody uses make room for one that somebody needs.
                self.close_where(|other| other.spec.server() == server, false).await;
                let free = tokio::time::timeout(patience, places.acquire_owned()).await;
                free.ok().and_then(Result::ok).ok_or_else(|| all_in_use(&pool.name))?
            }
        };
        let session = engine.connect().await?;
        locked(&pool.state).opened += 1;
        let now = Instant::now();
        Ok(Idle { session, opened: now, since: now, since_ms: self.clock.now_ms(), _place_on_server: place })
    }

    /// Of the connection as it is described now; sessions of another description are closed.
    async fn pool(&self, connection: &Connection, settings: PoolSettings) -> Arc<Pool> {
        let (pool, old) = {
            let mut of = locked(&self.of);
            let fits = |pool: &&Arc<Pool>| {
                pool.spec == connection.spec
                    && pool.read_only == connection.read_only
                    && pool.settings == settings
            };
            match of.get(&connection.id).filter(fits) {
                Some(pool) => (pool.clone(), None),
                None => {
                    let pool = Arc::new(Pool::new(connection, settings));
                    (pool.clone(), of.insert(connection.id.clone(), pool))
                }
            }
        };
        if let Some(old) = old {
            old.close(true).await;
        }
        pool
    }

    /// Its idle sessions are closed now, and those in use when they are given back: its description or password changed,
    /// or it is gone.
    pub(crate) async fn forget(&self, connection: &ConnectionId) {
        let pool = locked(&self.of).remove(connection);
        if let Some(pool) = pool {
            pool.close(true).await;
        }
    }

    /// No idle session of ours is left on a database that is about to be renamed, replaced or dropped.
    pub(crate) async fn leave(&self, spec: &ConnectionSpec) {
        let (server, database) = (spec.server(), spec.live().to_owned());
        self.close_where(|pool| pool.spec.server() == server && pool.spec.live() == database, false).await;
    }

    /// Everything; for the end of the program.
    pub(crate) async fn close(&self) {
        self.close_where(|_| true, true).await;
    }

    async fn close_where(&self, which: impl Fn(&Pool) -> bool, for_good: bool) {
        let pools: Vec<Arc<Pool>> = locked(&self.of).values().filter(|pool| which(pool)).cloned().collect();
        for pool in pools {
            pool.close(for_good).await;
        }
    }

    /// By name of the connection.
    pub(crate) fn status(&self, connection: Option<&ConnectionId>) -> Vec<PoolStatus> {
        let mut all: Vec<PoolStatus> = locked(&self.of)
            .values()
            .filter(|pool| connection.is_none_or(|wanted| *wanted == pool.connection))
            .map(|pool| pool.status())
            .collect();
        all.sort_by(|one, other| one.connection_name.cmp(&other.connection_name));
        all
    }
}

impl Pool {
    fn new(connection: &Connection, settings: PoolSettings) -> Self {
        let files = holdfast_engine::properties(connection.spec.engine()).copies == Copies::Files;
        let kept = if files { 0 } else { settings.size as usize };
        let most = (settings.size + settings.overflow).max(1) as usize;
        Self {
            connection: connection.id.clone(),
            name: connection.name.clone(),
            spec: connection.spec.clone(),
            read_only: connection.read_only,
            settings,
            places: Arc::new(Semaphore::new(most)),
            state: Mutex::new(State { kept, ..State::default() }),
            waiting: AtomicU64::new(0),
        }
    }

    /// An idle session that answers; those that do not, or are too old, are closed on the way.
    async fn reusable(&self, now_ms: i64) -> Option<Idle> {
        loop {
            let mut idle = locked(&self.state).idle.pop()?;
            let rested = idle.since.elapsed();
            let slept = (now_ms - idle.since_ms) - rested.as_millis() as i64 > SLEPT_MS;
            if slept || self.is_past(&idle) {
                idle.session.close().await;
                continue;
            }
            if rested < FRESH || idle.session.is_alive().await {
                locked(&self.state).reused += 1;
                return Some(idle);
            }
            // Dead: nobody is left to say goodbye to.
        }
    }

    fn is_past(&self, idle: &Idle) -> bool {
        idle.opened.elapsed() >= Duration::from_secs(self.settings.recycle_seconds.into())
            || idle.since.elapsed() >= Duration::from_secs(self.settings.idle_seconds.into())
    }

    fn begin_use(&self, operation: &str, now_ms: i64) -> u64 {
        let mut state = locked(&self.state);
        state.next_use += 1;
        let number = state.next_use;
        let using = PoolUse { operation: operation.to_owned(), since_ms: now_ms };
        state.in_use.insert(number, using);
        number
    }

    /// Keeps it if there is room, and hands it back otherwise.
    fn keep(&self, idle: Idle) -> Option<Idle> {
        let mut state = locked(&self.state);
        if state.closed || state.idle.len() >= state.kept {
            return Some(idle);
        }
        state.idle.push(idle);
        None
    }

    async fn close(&self, for_good: bool) {
        let idle = {
            let mut state = locked(&self.state);
            state.closed |= for_good;
            std::mem::take(&mut state.idle)
        };
        futures::future::join_all(idle.into_iter().map(|idle| idle.session.close())).await;
    }

    async fn close_past(&self) {
        let past: Vec<Idle> = {
            let mut state = locked(&self.state);
            let (past, kept) =
                std::mem::take(&mut state.idle).into_iter().partition(|idle| self.is_past(idle));
            state.idle = kept;
            past
        };
        futures::future::join_all(past.into_iter().map(|idle| idle.session.close())).await;
    }

    fn status(&self) -> PoolStatus {
        let state = locked(&self.state);
        let mut in_use: Vec<PoolUse> = state.in_use.values().cloned().collect();
        in_use.sort_by_key(|using| using.since_ms);
        PoolStatus {
            connection_id: self.connection.clone(),
            connection_name: self.name.clone(),
            settings: self.settings,
            open: (state.idle.len() + in_use.len()) as u64,
            idle: state.idle.len() as u64,
            waiting: self.waiting.load(Ordering::Relaxed),
            in_use,
            opened: state.opened,
            reused: state.reused,
        }
    }
}

pub(crate) fn nothing_open(connection: &Connection, settings: PoolSettings) -> PoolStatus {
    Pool::new(connection, settings).status()
}

impl Lease {
    pub(crate) fn session(&mut self) -> &mut dyn Session {
        self.session.as_mut().expect("it is there until it is given back").as_mut()
    }

    /// The engine beside its session, for facets that look through one.
    pub(crate) fn parts(&mut self) -> (&dyn Engine, &mut dyn Session) {
        let session = self.session.as_mut().expect("it is there until it is given back");
        (self.engine.as_ref(), session.as_mut())
    }

    /// For the next use, where it can be put back as it was; else it is closed.
    pub(crate) async fn give_back(mut self) {
        let (Some(mut session), Some(place)) = (self.session.take(), self.place_on_server.take()) else {
            return;
        };
        let usable = match session.standing() {
            Standing::Ready | Standing::InTransaction => session.reset().await,
            Standing::Unusable => false,
        };
        if !usable {
            session.close().await;
            return;
        }
        let now = Instant::now();
        let idle = Idle {
            session,
            opened: self.opened,
            since: now,
            since_ms: self.clock.now_ms(),
            _place_on_server: place,
        };
        match self.pool.keep(idle) {
            Some(idle) => idle.session.close().await,
            None => close_later(&self.pool),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        locked(&self.pool.state).in_use.remove(&self.number);
    }
}

/// Counts one that waits, also when it gives up waiting.
struct Waits<'a>(&'a Pool);

impl<'a> Waits<'a> {
    fn new(pool: &'a Pool) -> Self {
        pool.waiting.fetch_add(1, Ordering::Relaxed);
        Self(pool)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Nobody need come for a session that was idle for too long.
fn close_later(pool: &Arc<Pool>) {
    let after = Duration::from_secs(pool.settings.idle_seconds.into());
    let pool: Weak<Pool> = Arc::downgrade(pool);
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        if let Some(pool) = pool.upgrade() {
            pool.close_past().await;
        }
    });
}

fn all_in_use(connection: &str) -> ApiError {
    ApiError::new(ErrorCode::DatabaseBusy, format!("All sessions for “{connection}” are in use."))
        .hint("Wait until one is free, or allow more in the settings (pool).")
        .retry()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
