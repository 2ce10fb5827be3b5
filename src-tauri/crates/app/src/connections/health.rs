//! Whether a database answers now; the answer is kept for the first page.

use std::time::{Duration, Instant};

use holdfast_contract::ApiError;
use holdfast_contract::connection::Connection;
use holdfast_contract::overview::{Health, HealthState};
use holdfast_contract::snapshot::ServerInfo;

use super::{access, borrow, test};
use crate::cx::Cx;

/// An answer slower than this deserves a look.
const SLOW_MS: u64 = 2000;

/// A person waits for the answer.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn check(cx: &Cx, id_or_name: &str) -> Result<Health, ApiError> {
    let connection = cx.catalog().connections().find(id_or_name).await?;
    let now = Some(cx.now_ms());
    // The password cannot be had: the database may be well.
    if let Err(error) = access(cx, &connection).await {
        let health = unanswered(HealthState::Unknown, now, error);
        cx.catalog().health().put(&connection.id, &health).await?;
        return Ok(health);
    }
    let asked = tokio::time::timeout(PATIENCE, ask(cx, &connection)).await;
    let health = match asked.unwrap_or_else(|_| Err(test::too_slow())) {
        Ok((server, latency_ms)) => {
            let slow = latency_ms > SLOW_MS;
            Health {
                state: if slow { HealthState::Warning } else { HealthState::Healthy },
                summary: if slow { "Answers slowly".to_owned() } else { "Healthy".to_owned() },
                server: Some(server),
                latency_ms: Some(latency_ms),
                checked_at_ms: now,
                error: None,
            }
        }
        Err(error) => unanswered(HealthState::Down, now, error),
    };
    cx.catalog().health().put(&connection.id, &health).await?;
    Ok(health)
}

/// With the time there and back, of connecting too where no session was open.
async fn ask(cx: &Cx, connection: &Connection) -> Result<(ServerInfo, u64), ApiError> {
    let started = Instant::now();
    let mut lease = borrow(cx, connection).await?;
    let server = lease.session().server_info().await?;
    let latency = started.elapsed().as_millis() as u64;
    lease.give_back().await;
    Ok((server, latency))
}

fn unanswered(state: HealthState, checked_at_ms: Option<i64>, error: ApiError) -> Health {
    Health {
        state,
        summary: error.message.clone(),
        server: None,
        latency_ms: None,
        checked_at_ms,
        error: Some(error),
    }
}
