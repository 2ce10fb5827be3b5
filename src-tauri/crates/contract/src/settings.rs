//! Settings with safe defaults. Every field is documented for users in docs/guide.md.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    pub theme: Theme,
    /// zstd level, 1 to 19.
    pub compression_level: i32,
    /// Connections a dump or load opens to one server, 1 to 8.
    pub parallel: u32,
    /// Hours an unreferenced pack waits before prune may remove it; 0 to 8760.
    pub prune_grace_hours: u32,
    /// Notify when a job that took longer than this ends well, in seconds; 0: never.
    pub notify_after_seconds: u32,
    pub notify_failures: bool,
    /// A closed window leaves the program in the tray, where schedules go on; false: it ends after its last job.
    #[serde(default = "on")]
    pub keep_in_tray: bool,
    /// The program starts with the session, without its window.
    #[serde(default)]
    pub start_at_login: bool,
    #[serde(default)]
    pub pool: PoolSettings,
}

/// Sessions that are kept open for looks and samples, for each connection. Dumps, loads and swaps open their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolSettings {
    /// Sessions that stay open when nobody uses them, 0 to 16; 0: each use opens its own.
    pub size: u32,
    /// More than those while many are needed at once, 0 to 16; closed when given back.
    pub overflow: u32,
    /// How long a use waits for a free session before it fails, in seconds, 1 to 300.
    pub wait_seconds: u32,
    /// A session that is older than this is closed instead of used again, in seconds, 60 to 86,400.
    pub recycle_seconds: u32,
    /// A session that nobody used for so long is closed, in seconds, 5 to 86,400.
    pub idle_seconds: u32,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { size: 2, overflow: 4, wait_seconds: 30, recycle_seconds: 1800, idle_seconds: 120 }
    }
}

fn on() -> bool {
    true
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            compression_level: 3,
            parallel: 2,
            prune_grace_hours: 72,
            notify_after_seconds: 30,
            notify_failures: true,
            keep_in_tray: true,
            start_at_login: false,
            pool: PoolSettings::default(),
        }
    }
}

/// Absent fields stay as they are.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SettingsUpdateRequest {
    #[serde(default)]
    pub theme: Option<Theme>,
    #[serde(default)]
    pub compression_level: Option<i32>,
    #[serde(default)]
    pub parallel: Option<u32>,
    #[serde(default)]
    pub prune_grace_hours: Option<u32>,
    #[serde(default)]
    pub notify_after_seconds: Option<u32>,
    #[serde(default)]
    pub notify_failures: Option<bool>,
    #[serde(default)]
    pub keep_in_tray: Option<bool>,
    #[serde(default)]
    pub start_at_login: Option<bool>,
    /// All of it; connections take it up at their next use.
    #[serde(default)]
    pub pool: Option<PoolSettings>,
}
