//! A fresh start in place of what a closed window leaves behind: the libraries of web view and graphics stay mapped, and WebKit
//! keeps a process for the network as long as ours lives. Where nothing is lost by it, the program starts itself again under
//! the same number, without a window.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use holdfast_app::App;
use holdfast_contract::ApiError;
use holdfast_contract::job::{JobListRequest, JobListResponse};
use holdfast_contract::meta::{Empty, SecretsBackend, SecretsStatus};
use holdfast_contract::vault::{VaultState, VaultStatus};
use tauri::{AppHandle, Manager};

use crate::host::{self, Host};
use crate::window;

/// Whoever closed the window by mistake opens it again before that.
const REST: Duration = Duration::from_secs(6);
const ALONE: [&str; 2] = ["--hidden", "--renewed"];

/// Looks until the window is open again or the program has been renewed.
pub fn after_the_window(handle: &AppHandle) {
    let handle = handle.clone();
    tauri::async_runtime::spawn(async move {
        loop {
            tokio::time::sleep(REST).await;
            if handle.get_webview_window(window::LABEL).is_some() {
                return;
            }
            let Ok(app) = handle.state::<Host>().app().await else { return };
            match loses_nothing(&app).await {
                Ok(true) => return renew(&handle, &app).await,
                Ok(false) => {}
                Err(error) => tracing::warn!(code = ?error.code, "the program is not renewed: {error}"),
            }
        }
    });
}

/// No job runs, and what is open opens again by itself.
async fn loses_nothing(app: &App) -> Result<bool, ApiError> {
    let running = JobListRequest { connection: None, active_only: true, limit: None };
    let running: JobListResponse = host::ask(app, "job.list", &running).await?;
    let secrets: SecretsStatus = host::ask(app, "secrets.status", &Empty {}).await?;
    let vault: VaultStatus = host::ask(app, "vault.status", &Empty {}).await?;
    Ok(running.jobs.is_empty()
        && secrets.backend == SecretsBackend::Keychain
        && (vault.remembers_key || vault.state != VaultState::Open)
        && program().is_some())
}

/// None after an update put another file in its place.
fn program() -> Option<PathBuf> {
    std::env::current_exe().ok().filter(|path| path.is_file())
}

/// Does not return, unless the system refuses; then there is nothing left to go on with, and the program ends.
async fn renew(handle: &AppHandle, app: &App) {
    let Some(program) = program() else { return };
    app.retire().await;
    // A name that is still ours would make the new one believe that it is the second.
    tauri_plugin_single_instance::destroy(handle);
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1).filter(|word| ALONE.iter().all(|alone| word != alone)));
    // Opened again at the last moment: then with its window.
    if handle.get_webview_window(window::LABEL).is_none() {
        command.args(ALONE);
    }
    let refused = command.exec();
    tracing::error!("the program could not start itself again: {refused}");
    handle.exit(1);
}

/// Processes that the one before had started end now; somebody has to hear of it.
pub fn bury_the_past() {
    let own = std::process::id();
    let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|number| number.parse::<libc::pid_t>().ok()) {
        std::thread::spawn(move || {
            // SAFETY: waits for a child that nothing in this program knows of; no memory is shared.
            #[expect(unsafe_code, reason = "the standard library waits only for what it has started itself")]
            unsafe {
                libc::waitpid(child, std::ptr::null_mut(), 0)
            };
        });
    }
}
