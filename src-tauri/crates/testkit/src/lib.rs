//! What tests of several crates share: real servers, fixtures, and the contract suites that every engine and every
//! storage passes. A new driver or storage calls a suite from one short file.
//!
//! What does not belong here: tests of one crate alone, and anything that the product itself needs.

pub mod storage;
