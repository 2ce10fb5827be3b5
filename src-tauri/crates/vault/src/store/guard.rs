//! Locks as the vault takes them: waited for with patience, kept alive while they are held, given up when they are dropped.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::keys::{Clock, random};
use crate::storage::{Attempt, Holder, Lock, LockKind, LockName, LockRequest, Storage};
use crate::{Result, VaultError, hex};

/// Between two attempts; doubled up to the second.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(160);

/// Who works with the vault here, and by which clock.
#[derive(Clone)]
pub struct Writer {
    /// For people elsewhere who must wait for this one.
    pub name: String,
    pub clock: Clock,
}

pub(crate) struct Locks {
    storage: Arc<dyn Storage>,
    writer: Writer,
    patience: Duration,
}

impl Locks {
    pub fn new(storage: Arc<dyn Storage>, writer: Writer, patience: Duration) -> Self {
        Self { storage, writer, patience }
    }

    /// For everybody who reads or writes objects that must not vanish meanwhile.
    pub async fn shared(&self) -> Result<Guard> {
        self.take(LockName::Store, LockKind::Shared, "unused objects are being removed").await
    }

    /// For the sweep: nobody else reads or writes.
    pub async fn exclusive(&self) -> Result<Guard> {
        self.take(LockName::Store, LockKind::Exclusive, "a backup, restore or check is running").await
    }

    /// For the moment in which a sequence number is taken.
    pub async fn commit(&self) -> Result<Guard> {
        self.take(LockName::Commit, LockKind::Exclusive, "another backup is being completed").await
    }

    /// Asks again and again, because a wait inside the storage could not be given up.
    async fn take(&self, name: LockName, kind: LockKind, busy: &'static str) -> Result<Guard> {
        let deadline = Instant::now() + self.patience;
        let mut pause = PAUSE;
        loop {
            let holder = Holder {
                token: hex::encode(&random::<16>()?),
                name: self.writer.name.clone(),
                since_ms: (self.writer.clock)(),
            };
            let asked = Instant::now();
            match self.storage.lock(&LockRequest { name, kind, holder }).await? {
                Attempt::Held(lock) => return Ok(Guard::new(lock.into(), name, asked)),
                Attempt::Refused { by } if Instant::now() >= deadline => {
                    return Err(VaultError::Busy { what: busy, by: by.map(|holder| holder.name) });
                }
                Attempt::Refused { .. } => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// A lock that is held until this is dropped.
pub(crate) struct Guard {
    lock: Arc<dyn Lock>,
    name: LockName,
    lease: Option<Lease>,
}

/// A term that is begun anew in time, as long as the guard lives.
struct Lease {
    good_until: Arc<Mutex<Instant>>,
    keeper: AbortHandle,
}

impl Guard {
    fn new(lock: Arc<dyn Lock>, name: LockName, asked: Instant) -> Self {
        let lease = lock.term().map(|term| {
            let good_until = Arc::new(Mutex::new(asked + counted_on(term)));
            let keeper = tokio::spawn(keep(Arc::clone(&lock), term, Arc::clone(&good_until)));
            Lease { good_until, keeper: keeper.abort_handle() }
        });
        Self { lock, name, lease }
    }

    /// Before every step that relies on the lock and cannot be taken back: `LockLost` if it is not certain any more.
    pub async fn confirm(&self) -> Result<()> {
        match &self.lease {
            None => self.lock.refresh().await,
            Some(lease)
                if Instant::now() < *lease.good_until.lock().unwrap_or_else(PoisonError::into_inner) =>
            {
                Ok(())
            }
            Some(_) => Err(VaultError::LockLost { lock: self.name.as_str() }),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(lease) = &self.lease else { return };
        lease.keeper.abort();
        // Without a runtime, and if the storage does not answer, the lease lapses by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let lock = Arc::clone(&self.lock);
            runtime.spawn(async move { lock.release().await });
        }
    }
}

/// The last quarter of a term belongs to slow clocks and to steps that were begun in time.
fn counted_on(term: Duration) -> Duration {
    term / 4 * 3
}

/// Counts from before the question: the storage began the term no earlier.
async fn keep(lock: Arc<dyn Lock>, term: Duration, good_until: Arc<Mutex<Instant>>) {
    loop {
        tokio::time::sleep(term / 4).await;
        let asked = Instant::now();
        match lock.refresh().await {
            Ok(()) => *good_until.lock().unwrap_or_else(PoisonError::into_inner) = asked + counted_on(term),
            Err(VaultError::LockLost { .. }) => {
                *good_until.lock().unwrap_or_else(PoisonError::into_inner) = asked;
                return;
            }
            // Asked again soon; if the storage stays away, what is counted on runs out.
            Err(_) => {}
        }
    }
}
