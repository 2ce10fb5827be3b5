//! The whole application without a screen, each module in homes of its own. One program: each would link everything again.
//! `cargo xtask test` runs the modules as programs of their own, side by side.
#![allow(clippy::unwrap_used)]

mod backups;
mod doors;
mod first_light;
mod guards;
mod lost_sessions;
mod moved_ground;
mod older_journals;
mod restores;
mod stage;
