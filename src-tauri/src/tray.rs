//! The icon that stays when the window is closed, where the desktop has a place for one.

use holdfast_contract::connection::ConnectionListResponse;
use holdfast_contract::meta::Empty;
use holdfast_contract::{ApiError, policy::Confirmation};
use serde_json::json;
use tauri::menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager};

use crate::host::{self, Host};
use crate::{closing, notices, window};

const ID: &str = "main";
const OPEN: &str = "open";
const BACK_UP_ALL: &str = "back-up-all";
const QUIT: &str = "quit";
/// A session bus answers at once or is not worth waiting for: the window waits behind it.
#[cfg(target_os = "linux")]
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// False where nothing would show the icon: the program then ends with its window.
pub fn place(app: &AppHandle) -> bool {
    if !shown_here() {
        tracing::info!(
            "this desktop shows no tray icons; closing the window ends the program after its jobs"
        );
        return false;
    }
    match build(app) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!("the tray icon could not be placed: {error}");
            false
        }
    }
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let menu = Menu::with_items(
        app,
        &[
            &MenuItem::with_id(app, OPEN, "Open Holdfast", true, None::<&str>)?,
            &MenuItem::with_id(app, BACK_UP_ALL, "Back up all", true, None::<&str>)?,
            &PredefinedMenuItem::separator(app)?,
            &MenuItem::with_id(app, QUIT, "Quit", true, None::<&str>)?,
        ],
    )?;
    let mut tray = TrayIconBuilder::with_id(ID)
        .tooltip("Holdfast")
        .menu(&menu)
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(on_menu)
        .on_tray_icon_event(|tray, event| {
            let left = matches!(
                event,
                TrayIconEvent::Click { button: MouseButton::Left, button_state: MouseButtonState::Up, .. }
            );
            if left && !cfg!(target_os = "macos") {
                window::show(tray.app_handle());
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app).map(drop)
}

fn on_menu(app: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        OPEN => window::show(app),
        BACK_UP_ALL => {
            tauri::async_runtime::spawn(back_up_all(app.clone()));
        }
        QUIT => closing::leave(app),
        _ => {}
    }
}

/// The same calls as the overview's button makes. Jobs tell how they end; what could not even start is told here.
async fn back_up_all(app: AppHandle) {
    let mut refused: Vec<String> = Vec::new();
    if let Err(error) = start_backups(&app, &mut refused).await {
        refused.push(error.to_string());
    }
    if !refused.is_empty() {
        notices::say_not_started(&app, &refused);
    }
}

async fn start_backups(app: &AppHandle, refused: &mut Vec<String>) -> Result<(), ApiError> {
    let host = app.state::<Host>();
    let core = host.app().await?;
    let list: ConnectionListResponse = host::ask(&core, "connection.list", &Empty {}).await?;
    for connection in list.connections {
        let request = json!({"connection": connection.id});
        // In the person's name: they pressed it.
        if let Err(error) = host.call("backup.create", request, Confirmation::default()).await {
            refused.push(format!("{}: {error}", connection.name));
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn shown_here() -> bool {
    true
}

/// The library that draws it must be there, because the toolkit ends the process without it; and somebody on the
/// session bus must show such icons.
#[cfg(target_os = "linux")]
fn shown_here() -> bool {
    const LIBRARIES: [&str; 2] = ["libayatana-appindicator3.so.1", "libappindicator3.so.1"];
    let library = LIBRARIES.iter().any(|name| {
        // SAFETY: loading runs the initialisers of a system library that the toolkit loads next in any case.
        #[expect(unsafe_code, reason = "the only way to know whether the toolkit could load it")]
        unsafe { libloading::Library::new(*name) }.is_ok()
    });
    library && watcher_present()
}

#[cfg(target_os = "linux")]
fn watcher_present() -> bool {
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    const BUS: &str = "org.freedesktop.DBus";
    let asked = async {
        let bus = zbus::Connection::session().await?;
        let answer =
            bus.call_method(Some(BUS), "/org/freedesktop/DBus", Some(BUS), "NameHasOwner", &WATCHER).await?;
        answer.body().deserialize::<bool>()
    };
    // No session bus, or one that does not answer: nobody shows anything.
    tauri::async_runtime::block_on(async { tokio::time::timeout(PATIENCE, asked).await })
        .is_ok_and(|answer| answer.unwrap_or(false))
}
