//! Which limits a pool may have.

use holdfast_contract::settings::PoolSettings;
use holdfast_contract::{ApiError, ErrorCode};

/// As they are asked for, or `BadRequest` naming the field that no server could bear.
pub(crate) fn checked(limits: PoolSettings) -> Result<PoolSettings, ApiError> {
    let fields = [
        ("pool.size", limits.size, 0, 16),
        ("pool.overflow", limits.overflow, 0, 16),
        ("pool.size + pool.overflow", limits.size.saturating_add(limits.overflow), 1, 32),
        ("pool.wait_seconds", limits.wait_seconds, 1, 300),
        ("pool.recycle_seconds", limits.recycle_seconds, 60, 86_400),
        ("pool.idle_seconds", limits.idle_seconds, 5, 86_400),
    ];
    match fields.into_iter().find(|(_, value, least, most)| value < least || value > most) {
        None => Ok(limits),
        Some((field, _, least, most)) => {
            Err(ApiError::new(ErrorCode::BadRequest, format!("{field} must be between {least} and {most}.")))
        }
    }
}
