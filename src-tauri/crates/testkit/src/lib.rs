//! What tests of several crates share: real servers, fixtures, and the contract suites that every engine and every
//! storage passes. A new driver or storage calls a suite from one short file.
//!
//! What does not belong here: tests of one crate alone, and anything that the product itself needs.
// It is test code: what fails here fails the test that called.
#![allow(clippy::unwrap_used)]

mod campaign;
pub mod engine;
pub mod fixtures;
pub mod mariadb;
pub mod memory;
pub mod mysql_wire;
pub mod pg_dump;
pub mod postgres;
pub mod secrets;
mod shared;
mod skip;
pub mod storage;

pub use campaign::rounds;
pub use shared::Shared;
pub use skip::{skipped, skipped_in_part};
