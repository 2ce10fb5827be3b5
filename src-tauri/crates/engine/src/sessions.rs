//! Sessions of others on the server (what can be closed, and what a swap ends), and a question that changes nothing.

use async_trait::async_trait;
use holdfast_contract::session::ServerSession;
use holdfast_contract::{ApiError, ErrorCode};

use crate::Result;

#[async_trait]
pub trait Sessions: Send + Sync {
    /// On the connection's own database, longest idle first; without the one that asks, with those of replication.
    async fn sessions(&self) -> Result<Vec<ServerSession>>;
    /// Ends those that are still the same sessions, and still idle if `idle_ms` says so; never our own. Returns the numbers of
    /// those that were ended. What they had not committed is rolled back by the server.
    async fn close_sessions(&self, sessions: &[ServerSession], idle_ms: u64) -> Result<Vec<i64>>;
}

#[async_trait]
pub trait Ask: Send + Sync {
    /// The first value of the first row, as text. One statement, in a transaction that the server keeps from writing.
    async fn ask(&self, sql: &str) -> Result<Option<String>>;
}

/// A minute for a question; then it is given up where it stands.
pub(crate) async fn patiently<T>(asking: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(std::time::Duration::from_secs(60), asking).await.unwrap_or_else(|_| {
        let text = "The answer took longer than a minute.";
        Err(ApiError::new(ErrorCode::ConnectionTimedOut, text).retry().into())
    })
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
