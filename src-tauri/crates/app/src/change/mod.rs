//! Changes of a live database, whatever makes them (a restore, an import, chosen tables): loaded beside, put in place by one
//! step, kept until they are let go, and found again after a crash.
//!
//! The live database is touched by that one step alone, and each step is written into the journal before it is taken. What is
//! put in place, and where it comes from, belongs to the rooms above.

pub(crate) mod apply;
mod facts;
pub(crate) mod follow_up;
pub(crate) mod journal;
mod older;
pub(crate) mod recover;
pub(crate) mod safety;
mod step;
pub(crate) mod target;
mod undo;
pub(crate) mod words;

pub(crate) use facts::{Change, Imported, Stored, file_name};
pub(crate) use undo::FollowUp;
