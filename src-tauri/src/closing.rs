//! The end of the program: a closed window hides, the last job ends, then the process does.

use holdfast_contract::job::{JobListRequest, JobListResponse};
use tauri::{AppHandle, Manager, RunEvent, Window, WindowEvent};
use tokio::sync::watch;

use crate::host::{self, Host};
use crate::notices;

/// Whether the program is on its way out. Opening the window again takes that back.
pub struct Closing(watch::Sender<bool>);

impl Default for Closing {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Closing {
    pub fn withdraw(&self) {
        self.0.send_replace(false);
    }
    /// None when it has begun already.
    fn begin(&self) -> Option<watch::Receiver<bool>> {
        (!self.0.send_replace(true)).then(|| self.0.subscribe())
    }
}

pub fn on_window_event(window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event {
        api.prevent_close();
        if let Err(error) = window.hide() {
            tracing::warn!("the window could not be hidden: {error}");
        }
        leave(window.app_handle());
    }
}

/// "Quit" from a menu or the system arrives here without a code; our own exit carries one.
pub fn on_run_event(handle: &AppHandle, event: RunEvent) {
    if let RunEvent::ExitRequested { code: None, api, .. } = event {
        api.prevent_exit();
        leave(handle);
    }
}

fn leave(handle: &AppHandle) {
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
