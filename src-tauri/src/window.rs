//! The one window: where its page may come from, where it stands, and that there is one for each data folder.

use std::path::{Path, PathBuf};

use holdfast_contract::{ApiError, ErrorCode};
use sha2::{Digest, Sha256};
use tauri::plugin::TauriPlugin;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Url, WebviewWindow, WebviewWindowBuilder, Wry};
use tauri_plugin_window_state::StateFlags;

use crate::closing::Closing;
use crate::host::Host;

pub const LABEL: &str = "main";

/// The data folder, for a window that is made later.
pub struct Folder(pub PathBuf);

/// Made hidden; shown when the data folder is open, so that a refusal is a message and not a flash.
pub fn open(app: &AppHandle, home: &Path) -> tauri::Result<WebviewWindow> {
    let config = app
        .config()
        .app
        .windows
        .iter()
        .find(|window| window.label == LABEL)
        .ok_or(tauri::Error::WindowNotFound)?;
    let dev_page = if tauri::is_dev() { app.config().build.dev_url.clone() } else { None };
    WebviewWindowBuilder::from_config(app, config)?
        // What the page remembers belongs to the data folder, like everything else.
        .data_directory(home.join("webview"))
        .on_navigation(move |url| is_own_page(url, dev_page.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()
}

/// The page is served by the program itself; nothing else may ever stand in the window that can `call`.
fn is_own_page(url: &Url, dev_page: Option<&Url>) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // The custom protocol's form on Windows.
        "http" | "https" if url.host_str() == Some("tauri.localhost") => cfg!(windows),
        _ => dev_page.is_some_and(|dev| dev.origin() == url.origin()),
    }
}

/// The window that is there, also when it hides because the program waits for its last job; else a new one.
pub fn show(app: &AppHandle) {
    if let Some(closing) = app.try_state::<Closing>() {
        closing.withdraw();
    }
    match app.get_webview_window(LABEL) {
        Some(window) => bring_forward(&window),
        None => {
            // Beside the event loop: on Windows a window made inside an event's handler never appears.
            tauri::async_runtime::spawn(anew(app.clone()));
        }
    }
}

/// Shown when the data folder is open, as at the start.
async fn anew(app: AppHandle) {
    if let Err(error) = app.state::<Host>().app().await {
        tracing::error!(code = ?error.code, "no window without a data folder: {error}");
        return;
    }
    match open(&app, &app.state::<Folder>().0) {
        Ok(window) => bring_forward(&window),
        // Two were asked for at once: the other one is there.
        Err(tauri::Error::WebviewLabelAlreadyExists(_)) => {}
        Err(error) => tracing::error!("the window could not be made: {error}"),
    }
}

fn bring_forward(window: &WebviewWindow) {
    for step in [window.show(), window.unminimize(), window.set_focus()] {
        if let Err(error) = step {
            tracing::warn!("the window could not be brought to the front: {error}");
        }
    }
}

/// Two data folders are two applications; the name on the session bus tells them apart. Without a session
/// bus the lock in the data folder still refuses a second window.
pub fn one_per_home(home: &Path) -> TauriPlugin<Wry> {
    let digest = Sha256::digest(home.as_os_str().as_encoded_bytes());
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    tauri_plugin_single_instance::Builder::new()
        .callback(|app, _arguments, _folder| show(app))
        .dbus_id(format!("org.holdfast.desktop.h{short}"))
        .build()
}

/// Size and place survive a restart; whether it was visible does not (it may have been hiding to finish jobs).
pub fn remembered_place(file: &Path) -> TauriPlugin<Wry> {
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .with_filename(file.to_string_lossy())
        .build()
}

/// Without this the toolkit would end the process with a message for programmers.
pub fn display_present() -> Result<(), ApiError> {
    if cfg!(target_os = "linux") {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !set("DISPLAY") && !set("WAYLAND_DISPLAY") {
            return Err(ApiError::new(ErrorCode::Unsupported, "There is no display to open a window on.")
                .hint("Use the command line: holdfastctl --help. It does everything the window does."));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_own_page_may_be_shown() {
        let own = |url: &str| is_own_page(&url.parse().unwrap(), None);
        assert!(own("tauri://localhost/index.html#/vault"));
        for foreign in [
            "https://example.com/",
            "http://localhost:5173/",
            "tauri://elsewhere/",
            "data:text/html,x",
            "file:///etc/passwd",
            "about:blank",
        ] {
            assert!(!own(foreign), "{foreign}");
        }
        let dev: Url = "http://localhost:5173".parse().unwrap();
        assert!(is_own_page(&"http://localhost:5173/src/main.tsx".parse().unwrap(), Some(&dev)));
        assert!(!is_own_page(&"http://localhost:5174/".parse().unwrap(), Some(&dev)));
    }
}
