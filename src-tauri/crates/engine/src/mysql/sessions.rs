//! The server's numbers of our sessions, to end them when the work is given up.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::connect::{Purpose, Session};
use super::error;
use crate::{Access, EngineError, Result};

#[derive(Clone, Default)]
pub struct Sessions(Arc<Mutex<Vec<u64>>>);

impl Sessions {
    pub fn note(&self, session: &Session) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(session.id);
    }

    /// Ends those that still run, by a session of its own. Best effort and bounded in time: what is not ended here
    /// ends when the server next writes to its closed connection.
    pub async fn end(&self, access: &Access) {
        let ids = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if ids.is_empty() {
            return;
        }
        let ending = async {
            let mut session = Session::open_database(access, None, Purpose::Read).await?;
            for id in ids {
                match session.execute("Ending the cancelled work", &format!("KILL {id}")).await {
                    // Gone already.
                    Err(refusal) if error::native(&refusal) == Some(1094) => {}
                    other => drop(other?),
                }
            }
            session.close().await;
            Ok::<(), EngineError>(())
        };
        let outcome: std::result::Result<Result<()>, _> =
            tokio::time::timeout(Duration::from_secs(5), ending).await;
        if !matches!(outcome, Ok(Ok(()))) {
            tracing::warn!(
                "sessions of cancelled work could not be ended at once; the server ends them itself"
            );
        }
    }
}
