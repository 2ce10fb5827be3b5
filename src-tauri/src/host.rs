//! The application behind the window: opened beside the page's first paint, asked by every command.

use std::sync::Arc;

use holdfast_app::clock::SystemClock;
use holdfast_app::{App, AppConfig, NoPassphrase, ProcessKind, secrets};
use holdfast_contract::audit::{AuditListRequest, AuditListResponse};
use holdfast_contract::connection::ConnectionListResponse;
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::{Confirmation, Principal};
use holdfast_contract::{ApiError, ErrorCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tauri::{AppHandle, WebviewWindow};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tokio::sync::watch;

use crate::arguments::{Arguments, account};
use crate::{desktop, events, explain, say};

type Opened = Option<Result<App, ApiError>>;

/// Commands that arrive while the data folder is being opened wait for it.
pub struct Host {
    app: watch::Receiver<Opened>,
    person: Principal,
}

impl Host {
    pub fn new() -> (Self, watch::Sender<Opened>) {
        let (sender, receiver) = watch::channel(None);
        (Self { app: receiver, person: Principal::Window(account()) }, sender)
    }

    pub async fn app(&self) -> Result<App, ApiError> {
        let mut app = self.app.clone();
        let opened = app.wait_for(Option::is_some).await.map_err(|_| never_opened())?;
        opened.clone().unwrap_or_else(|| Err(never_opened()))
    }

    pub async fn call(
        &self,
        operation: &str,
        request: Value,
        confirmation: Confirmation,
    ) -> Result<Value, ApiError> {
        self.app().await?.call(self.person.clone(), operation, request, confirmation).await
    }
}

/// Runs beside the window, or without one. A data folder that cannot be opened ends the program with a message.
pub async fn open(
    handle: AppHandle,
    window: Option<WebviewWindow>,
    arguments: Arguments,
    opened: watch::Sender<Opened>,
) {
    let config = AppConfig {
        home: arguments.home,
        secrets: arguments.secrets,
        clock: Arc::new(SystemClock),
        passphrase: Arc::new(NoPassphrase),
        keychain: secrets::os_keychain(),
        process: if arguments.renewed { ProcessKind::Renewed } else { ProcessKind::Window },
    };
    match App::open(config).await {
        Ok(app) => {
            tauri::async_runtime::spawn(events::forward(handle.clone(), app.events(), app.clone()));
            opened.send_replace(Some(Ok(app.clone())));
            if let Some(window) = window
                && let Err(error) = window.show()
            {
                tracing::error!("the window could not be shown: {error}");
            }
            if let Err(error) = desktop::follow(&handle, &app).await {
                tracing::warn!(code = ?error.code, "the desktop does not follow the settings: {error}");
            }
            if let Err(error) = first_start(&app).await {
                tracing::error!(code = ?error.code, "the sample database was not made: {error}");
            }
        }
        Err(error) => {
            tracing::error!(code = ?error.code, "the data folder was not opened: {error}");
            opened.send_replace(Some(Err(error.clone())));
            refuse(handle, &error);
        }
    }
}

/// A database to try everything on, once: whoever removes it is not given it again.
async fn first_start(app: &App) -> Result<(), ApiError> {
    const OPERATION: &str = "sample.create";
    let connections: ConnectionListResponse = ask(app, "connection.list", &Empty {}).await?;
    if !connections.connections.is_empty() {
        return Ok(());
    }
    let made_before = AuditListRequest { before: None, limit: Some(1), search: Some(OPERATION.to_owned()) };
    let made_before: AuditListResponse = ask(app, "audit.list", &made_before).await?;
    if !made_before.entries.is_empty() {
        return Ok(());
    }
    let _: Value = ask(app, OPERATION, &Empty {}).await?;
    Ok(())
}

/// A call of the program itself, through the same gate as a person's.
pub async fn ask<Response: DeserializeOwned>(
    app: &App,
    operation: &str,
    request: &impl Serialize,
) -> Result<Response, ApiError> {
    let request = serde_json::to_value(request).map_err(|error| misunderstood(operation, &error))?;
    let response = app.call(Principal::System, operation, request, Confirmation::default()).await?;
    serde_json::from_value(response).map_err(|error| misunderstood(operation, &error))
}

fn refuse(handle: AppHandle, error: &ApiError) {
    let text = explain(error);
    say(&text);
    let dialog = handle.dialog().message(text).title("Holdfast cannot start").kind(MessageDialogKind::Error);
    dialog.show(move |_| handle.exit(1));
}

fn never_opened() -> ApiError {
    ApiError::new(ErrorCode::HomeUnusable, "The data folder was not opened.").hint("Start Holdfast again.")
}

fn misunderstood(operation: &str, error: &serde_json::Error) -> ApiError {
    ApiError::new(ErrorCode::Internal, format!("{operation} answered in a shape that was not expected."))
        .native(error.to_string())
}
