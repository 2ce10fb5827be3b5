//! What the page may invoke: one call for every operation, and the system's path dialogs.
//!
//! Dialogs return paths only; reading and writing files is done by operations. The list of commands is
//! repeated in `build.rs`, and each must be allowed in `capabilities/`.

use holdfast_contract::ApiError;
use holdfast_contract::policy::Confirmation;
use serde::Deserialize;
use serde_json::Value;
use tauri::{AppHandle, State, WebviewWindow};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};
use tokio::sync::oneshot;

use crate::desktop::{self, DesktopState};
use crate::host::Host;

/// Resolves with the operation's response, rejects with an `ApiError`.
#[tauri::command]
pub async fn call(
    host: State<'_, Host>,
    operation: String,
    request: Value,
    confirmation: Option<Confirmation>,
) -> Result<Value, ApiError> {
    host.call(&operation, request, confirmation.unwrap_or_default()).await
}

/// What the desktop offers beside the settings: a tray, a start at log-in.
#[tauri::command]
pub async fn desktop_state(app: AppHandle, host: State<'_, Host>) -> Result<DesktopState, ApiError> {
    desktop::follow(&app, &host.app().await?).await
}

#[derive(Deserialize)]
pub struct Filter {
    name: String,
    extensions: Vec<String>,
}

/// The dialog asks before a file that exists is chosen; the caller may overwrite it.
#[tauri::command]
pub async fn choose_save_path(
    app: AppHandle,
    window: WebviewWindow,
    default_name: String,
    filters: Vec<Filter>,
) -> Option<String> {
    let mut dialog = app.dialog().file().set_parent(&window).set_file_name(default_name);
    for filter in &filters {
        let extensions: Vec<&str> = filter.extensions.iter().map(String::as_str).collect();
        dialog = dialog.add_filter(&filter.name, &extensions);
    }
    chosen(dialog, |dialog, done| dialog.save_file(done)).await
}

#[tauri::command]
pub async fn choose_file(app: AppHandle, window: WebviewWindow) -> Option<String> {
    chosen(app.dialog().file().set_parent(&window), |dialog, done| dialog.pick_file(done)).await
}

#[tauri::command]
pub async fn choose_folder(app: AppHandle, window: WebviewWindow) -> Option<String> {
    chosen(app.dialog().file().set_parent(&window), |dialog, done| dialog.pick_folder(done)).await
}

type Done = Box<dyn FnOnce(Option<FilePath>) + Send>;

/// None when the person cancelled.
async fn chosen(
    dialog: FileDialogBuilder<tauri::Wry>,
    open: impl FnOnce(FileDialogBuilder<tauri::Wry>, Done),
) -> Option<String> {
    let (sender, receiver) = oneshot::channel();
    // Err: the page was closed meanwhile and nobody waits for the answer.
    open(dialog, Box::new(move |path| drop(sender.send(path))));
    let path = receiver.await.ok().flatten()?.into_path().ok()?;
    Some(path.to_string_lossy().into_owned())
}
