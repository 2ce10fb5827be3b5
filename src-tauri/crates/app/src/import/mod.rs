//! Running SQL files that other programs made.
//!
//! A plan reads the whole file without running it. Applying runs it into a database of its own that gets its name, or
//! takes the live one's place, only when everything has succeeded; or into the live one in a single transaction. It
//! is journaled, kept, undone, released and recovered as every change is.

pub(crate) mod intent;
pub(crate) mod job;
pub(crate) mod plan;
mod words;
