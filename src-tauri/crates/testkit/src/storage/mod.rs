//! Storages for tests: the contract every storage of vaults passes, one in memory that passes it, and one that fails on
//! demand in front of any.

mod faulty;
mod memory;
mod suite;

pub use faulty::{Call, Fault, Faulty};
pub use memory::Memory;
pub use suite::{Place, suite};
