//! What stories need: the real program, real servers, the real window. Never sees Tauri.
#![allow(clippy::unwrap_used)]

pub mod ctl;
pub mod files;
pub mod mariadb;
pub mod postgres;
pub mod spoiler;
pub mod sqlite;
#[cfg(target_os = "linux")]
pub mod window;
