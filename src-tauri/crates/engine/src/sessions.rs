//! Sessions of others on the server: what can be closed, and what a swap ends.

use async_trait::async_trait;
use holdfast_contract::session::ServerSession;

use crate::{Result, Session};

#[async_trait]
pub trait Sessions: Send + Sync {
    /// On the connection's own database, longest idle first; without `asking`, with those of replication.
    async fn sessions(&self, asking: &mut dyn Session) -> Result<Vec<ServerSession>>;
    /// The same through a session of its own on another database of the server: also where the database itself lets nobody in.
    async fn sessions_from_elsewhere(&self) -> Result<Vec<ServerSession>>;
    /// Ends those that are still the same sessions, and still idle if `idle_ms` says so; never our own. Returns the numbers of
    /// those that were ended. What they had not committed is rolled back by the server.
    async fn close_sessions(
        &self,
        asking: &mut dyn Session,
        sessions: &[ServerSession],
        idle_ms: u64,
    ) -> Result<Vec<i64>>;
}

/// Those of `wanted` that `now` still shows as they were meant: the same session, not ours, idle long enough.
pub(crate) fn still_idle(now: &[ServerSession], wanted: &[ServerSession], idle_ms: u64) -> Vec<i64> {
    now.iter()
        .filter(|session| !session.ours && session.idle_ms.is_some_and(|idle| idle >= idle_ms))
        .filter(|session| {
            wanted.iter().any(|one| {
                one.id == session.id
                    && one.started == session.started
                    && (one.in_transaction || !session.in_transaction)
            })
        })
        .map(|session| session.id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_shown_and_still_does_nothing() {
        let session = |id: i64, started: &str, idle_ms: Option<u64>| ServerSession {
            id,
            started: started.into(),
            user: None,
            application: None,
            client: None,
            state: None,
            idle_ms,
            in_transaction: false,
            ours: false,
        };
        let shown = [session(1, "a", Some(9000)), session(2, "a", Some(9000)), session(3, "a", Some(9000))];
        let mut ours = session(3, "a", Some(9000));
        ours.ours = true;
        let now = [
            session(1, "a", Some(9500)),
            // The number was given to another one; this one works again; never shown.
            session(2, "b", Some(9500)),
            ours,
            session(4, "a", Some(90_000)),
        ];
        assert_eq!(still_idle(&now, &shown, 5000), [1]);
        assert_eq!(still_idle(&[session(1, "a", None)], &shown, 5000), [0i64; 0]);
        let mut holding = session(1, "a", Some(9500));
        holding.in_transaction = true;
        assert_eq!(still_idle(&[holding], &shown, 5000), [0i64; 0], "it began a transaction since");
    }
}
