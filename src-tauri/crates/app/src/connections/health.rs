//! Whether a database answers now; the answer is kept for the first page.

use holdfast_contract::ApiError;
use holdfast_contract::overview::{Health, HealthState};

use super::{access, test};
use crate::cx::Cx;

/// An answer slower than this deserves a look.
const SLOW_MS: u64 = 2000;

pub async fn check(cx: &Cx, id_or_name: &str) -> Result<Health, ApiError> {
    let connection = cx.catalog().connections().find(id_or_name).await?;
    let asked = match access(cx, &connection).await {
        Ok(access) => Ok(test::ask(access).await),
        Err(error) => Err(error),
    };
    let now = Some(cx.now_ms());
    let health = match asked {
        Ok(answer) if answer.ok => {
            let slow = answer.latency_ms.is_some_and(|latency| latency > SLOW_MS);
            Health {
                state: if slow { HealthState::Warning } else { HealthState::Healthy },
                summary: if slow { "Answers slowly".to_owned() } else { "Healthy".to_owned() },
                server: answer.server,
                latency_ms: answer.latency_ms,
                checked_at_ms: now,
                error: None,
            }
        }
        // The password cannot be had: the database may be well.
        Err(error) => Health {
            state: HealthState::Unknown,
            summary: error.message.clone(),
            server: None,
            latency_ms: None,
            checked_at_ms: now,
            error: Some(error),
        },
        Ok(answer) => Health {
            state: HealthState::Down,
            summary: answer
                .error
                .as_ref()
                .map_or_else(|| "No answer".to_owned(), |error| error.message.clone()),
            server: None,
            latency_ms: None,
            checked_at_ms: now,
            error: answer.error,
        },
    };
    cx.catalog().health().put(&connection.id, &health).await?;
    Ok(health)
}
