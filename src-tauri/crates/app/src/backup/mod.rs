//! Backups: a snapshot streamed from an engine into the vault, and what the vault then says about it.
//!
//! Only this room and the ones above it (proof, export, restore) know both sides. Who may call, what must be
//! confirmed and how a job is run do not belong here.

pub(crate) mod attempt;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod find;
pub(crate) mod list;
pub(crate) mod pins;
pub(crate) mod shelf;
pub(crate) mod sink;
pub(crate) mod source;
pub(crate) mod standing;
pub(crate) mod summary;
