//! The wire: what hosts, the application, the engines and the vault say to each other.
//!
//! Plain data only: serde and utoipa, no IO, no async. Times are milliseconds since 1970 in UTC
//! (`*_ms`), sizes are bytes, 64-bit row values never travel as numbers. Field names are the JSON names.
//! What does not belong here: behaviour, secrets at rest, anything a single crate could keep to itself.

pub mod audit;
pub mod backup;
pub mod clearing;
pub mod connection;
pub mod error;
pub mod event;
pub mod guard;
pub mod ids;
pub mod import;
pub mod job;
pub mod maintenance;
pub mod meta;
pub mod offers;
pub mod overview;
pub mod policy;
pub mod restore;
pub mod retention;
pub mod schedule;
pub mod session;
pub mod settings;
pub mod snapshot;
pub mod vault;

pub use error::{Answer, ApiError, ErrorCode};
pub use ids::*;
