//! Restores: load beside, prove, and only then put in place; keep what was replaced until it is let go.
//!
//! The live database is touched by one step alone, the swap, and that step can be undone. Every step is written
//! into the journal before it is taken, so that a restore cut short by a crash can be tidied up by the next start.

pub(crate) mod apply;
pub(crate) mod begin;
pub(crate) mod follow_up;
pub(crate) mod intent;
pub(crate) mod job;
pub(crate) mod journal;
pub(crate) mod plan;
pub(crate) mod recover;
pub(crate) mod step;
pub(crate) mod tables;
pub(crate) mod words;
