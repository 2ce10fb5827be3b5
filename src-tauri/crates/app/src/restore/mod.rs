//! Restores: what a backup holds, the whole or chosen tables, loaded beside the live database, compared, and only then put in
//! place. Journal, undo and recovery are those of every change.

mod apply;
mod context;
mod intent;
pub(crate) mod job;
pub(crate) mod look;
mod plan;
mod tables;
mod words;
