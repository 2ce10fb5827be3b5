//! What the desktop session offers and what it is asked to do: keep the program in the tray, start it at log-in. The
//! wishes are settings; here they are carried out and what came of it is told.

use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_app::App;
use holdfast_contract::ApiError;
use holdfast_contract::meta::Empty;
use holdfast_contract::settings::Settings;
use serde::Serialize;
use tauri::{AppHandle, Manager};

use crate::at_login::AtLogin;
use crate::host;

/// Known without asking, because a window closes at once.
pub struct Desktop {
    tray: AtomicBool,
    keep: AtomicBool,
}

impl Default for Desktop {
    fn default() -> Self {
        Self { tray: AtomicBool::new(false), keep: AtomicBool::new(true) }
    }
}

impl Desktop {
    pub fn has_tray(&self, tray: bool) {
        self.tray.store(tray, Ordering::Relaxed);
    }
    /// A closed window leaves the program running, with an icon that shows it.
    pub fn stays(&self) -> bool {
        self.tray.load(Ordering::Relaxed) && self.keep.load(Ordering::Relaxed)
    }
}

/// What the settings page shows beside the wishes.
#[derive(Serialize)]
pub struct DesktopState {
    /// The desktop shows tray icons.
    tray: bool,
    starts_at_login: bool,
    /// Why the session's own list could not be read or written.
    problem: Option<String>,
}

/// Carries out what the settings say. Idempotent; called at the start, after each change and when somebody looks.
pub async fn follow(handle: &AppHandle, app: &App) -> Result<DesktopState, ApiError> {
    let settings: Settings = host::ask(app, "settings.get", &Empty {}).await?;
    let desktop = handle.state::<Desktop>();
    desktop.keep.store(settings.keep_in_tray, Ordering::Relaxed);
    let tray = desktop.tray.load(Ordering::Relaxed);
    Ok(match handle.state::<AtLogin>().follow(settings.start_at_login) {
        Ok(starts_at_login) => DesktopState { tray, starts_at_login, problem: None },
        Err(error) => {
            tracing::warn!("the start at log-in could not be set: {error}");
            DesktopState { tray, starts_at_login: false, problem: Some(error.to_string()) }
        }
    })
}
