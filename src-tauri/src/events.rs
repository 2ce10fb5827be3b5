//! The application's one stream of events, handed on to the page and to native notifications.

use holdfast_app::App;
use holdfast_contract::event::{Event, Topic};
use tauri::{AppHandle, Emitter};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::{desktop, notices, window};

const CHANNEL: &str = "holdfast://event";

/// Ends with the application.
pub async fn forward(handle: AppHandle, mut events: Receiver<Event>, app: App) {
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            // Whoever missed something asks for everything again.
            Err(RecvError::Lagged(_)) => Event::Changed { what: Topic::Everything },
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = handle.emit_to(window::LABEL, CHANNEL, &event) {
            tracing::warn!("an event did not reach the page: {error}");
        }
        if matches!(event, Event::Changed { what: Topic::Settings | Topic::Everything })
            && let Err(error) = desktop::follow(&handle, &app).await
        {
            tracing::warn!(code = ?error.code, "the desktop does not follow the settings: {error}");
        }
        notices::consider(&handle, &app, &event).await;
    }
}
