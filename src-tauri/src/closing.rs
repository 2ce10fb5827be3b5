//! What a closed window means. Where an icon stays in the tray the web view is let go and the program goes on; else the
//! window hides, the last job ends, then the process does.

use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_contract::job::{JobListRequest, JobListResponse};
use tauri::{AppHandle, Manager, RunEvent, Window, WindowEvent};
use tokio::sync::watch;

use crate::desktop::Desktop;
use crate::host::{self, Host};
#[cfg(target_os = "linux")]
use crate::renewal;
use crate::{notices, window};

/// Whether the program is on its way out. Opening the window again takes that back.
pub struct Closing {
    leaving: watch::Sender<bool>,
    /// The last window goes while the program stays: the toolkit's wish to end is not a person's.
    staying: AtomicBool,
}

impl Default for Closing {
    fn default() -> Self {
        Self { leaving: watch::Sender::new(false), staying: AtomicBool::new(false) }
    }
}

impl Closing {
    pub fn withdraw(&self) {
        self.leaving.send_replace(false);
    }
    /// None when it has begun already.
    fn begin(&self) -> Option<watch::Receiver<bool>> {
        (!self.leaving.send_replace(true)).then(|| self.leaving.subscribe())
    }
}

pub fn on_window_event(window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event {
        if window.state::<Desktop>().stays() {
            window.state::<Closing>().staying.store(true, Ordering::Relaxed);
            #[cfg(target_os = "linux")]
            renewal::after_the_window(window.app_handle());
            return;
        }
        api.prevent_close();
        leave(window.app_handle());
    }
}

/// "Quit" from a menu or the system arrives here without a code; our own exit carries one.
pub fn on_run_event(handle: &AppHandle, event: RunEvent) {
    if let RunEvent::ExitRequested { code: None, api, .. } = event {
        api.prevent_exit();
        if !handle.state::<Closing>().staying.swap(false, Ordering::Relaxed) {
            leave(handle);
        }
    }
}

/// Ends the program after its last job. The window is hidden meanwhile.
pub fn leave(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window(window::LABEL)
        && let Err(error) = window.hide()
    {
        tracing::warn!("the window could not be hidden: {error}");
    }
    let Some(withdrawn) = handle.state::<Closing>().begin() else { return };
    tauri::async_runtime::spawn(finish(handle.clone(), withdrawn));
}

async fn finish(handle: AppHandle, mut closing: watch::Receiver<bool>) {
    if let Ok(app) = handle.state::<Host>().app().await {
        let running = JobListRequest { connection: None, active_only: true, limit: None };
        let running: Result<JobListResponse, _> = host::ask(&app, "job.list", &running).await;
        if let Ok(running) = running
            && !running.jobs.is_empty()
        {
            notices::say_work_goes_on(&handle, running.jobs.len());
        }
        tokio::select! {
            () = app.idle() => {}
            // The window is open again.
            _ = closing.wait_for(|closing| !closing) => return,
        }
        app.shutdown().await;
    }
    handle.exit(0);
}

/// The end of a session or a service manager's stop: jobs are cancelled, because nobody would wait for them.
pub fn on_signals(handle: &AppHandle) {
    #[cfg(unix)]
    tauri::async_runtime::spawn(end_on_signal(handle.clone()));
    #[cfg(not(unix))]
    let _ = handle;
}

#[cfg(unix)]
async fn end_on_signal(handle: AppHandle) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()))
    else {
        tracing::warn!("signals cannot be heard; a stop from outside would interrupt running jobs");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    if let Ok(app) = handle.state::<Host>().app().await {
        app.shutdown().await;
    }
    handle.exit(0);
}
