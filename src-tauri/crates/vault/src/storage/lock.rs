//! Locks of a storage: who may do what at the same time as whom, between tasks, processes and machines.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::Result;

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockName {
    /// Shared by everybody who reads or writes objects that must not vanish; exclusive for whoever removes them.
    Store,
    /// Exclusive while a sequence number is taken.
    Commit,
}

impl LockName {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Commit => "commit",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Together with any number of shared ones.
    Shared,
    /// Alone.
    Exclusive,
}

/// Who holds a lock, for whoever waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Tells one holding from every other: 32 random hexadecimal digits.
    pub token: String,
    /// For people.
    pub name: String,
    /// By the holder's own clock.
    pub since_ms: i64,
}

#[derive(Clone, Debug)]
pub struct LockRequest {
    pub name: LockName,
    pub kind: LockKind,
    pub holder: Holder,
}

/// What one attempt has brought.
#[derive(Debug)]
pub enum Attempt {
    Held(Box<dyn Lock>),
    /// By somebody whose lock does not go together with this one; None: this storage does not know who.
    Refused {
        by: Option<Holder>,
    },
}

/// A lock that is held.
///
/// Dropping it without `release` is what the death of its holder is: an operating system's lock is free at once, a lease
/// when its term is over. Nobody else gets the lock before.
#[async_trait]
pub trait Lock: Send + Sync + fmt::Debug {
    /// A lease lapses this long after it was taken or last refreshed. None: it is held as long as its holder lives.
    fn term(&self) -> Option<Duration>;

    /// Asks the storage whether it is still ours and, for a lease, begins its term anew. `LockLost` if it is not: it never
    /// comes back. Idempotent.
    async fn refresh(&self) -> Result<()>;

    /// Gives it up. Idempotent; what is not held any more is given up already.
    async fn release(&self) -> Result<()>;
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
