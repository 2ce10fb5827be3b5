//! The icon that stays when the window is closed, where the desktop has a place for one.

use holdfast_contract::connection::ConnectionListResponse;
use holdfast_contract::meta::Empty;
use holdfast_contract::{ApiError, policy::Confirmation};
use serde_json::json;
use tauri::menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager};

use crate::desktop::Desktop;
use crate::host::{self, Host};
use crate::{closing, notices, window};

const ID: &str = "main";
const OPEN: &str = "open";
const BACK_UP_ALL: &str = "back-up-all";
const QUIT: &str = "quit";

/// Where the desktop shows such icons, also when its panel comes up after us, as at log-in. [`Desktop`] knows whether it is
/// shown: a closed window ends the program where it is not.
pub fn place(app: &AppHandle) {
    #[cfg(not(target_os = "linux"))]
    shown(app, true);
    #[cfg(target_os = "linux")]
    panel::follow(app);
}

/// On the main thread.
fn shown(app: &AppHandle, somebody_shows_it: bool) {
    let there = somebody_shows_it
        && (app.tray_by_id(ID).is_some()
            || build(app)
                .inspect_err(|error| tracing::warn!("the tray icon could not be placed: {error}"))
                .is_ok());
    app.state::<Desktop>().has_tray(there);
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
        let request = json!({"connection": connection.connection.id});
        // In the person's name: they pressed it.
        if let Err(error) = host.call("backup.create", request, Confirmation::default()).await {
            refused.push(format!("{}: {error}", connection.connection.name));
        }
    }
    Ok(())
}

/// Who shows tray icons on Linux: a panel that owns a name on the session bus, if there is one.
#[cfg(target_os = "linux")]
mod panel {
    use std::time::Duration;

    use futures::StreamExt as _;
    use tauri::AppHandle;
    use zbus::fdo::{DBusProxy, NameOwnerChangedStream};

    const NAME: &str = "org.kde.StatusNotifierWatcher";
    /// A session bus answers at once or is not worth waiting for: the window waits behind it.
    const PATIENCE: Duration = Duration::from_secs(2);

    pub fn follow(app: &AppHandle) {
        if !toolkit_can_draw() {
            tracing::info!(
                "the library that draws tray icons is not there; closing the window ends the program after its jobs"
            );
            return;
        }
        let asked = async { tokio::time::timeout(PATIENCE, ask()).await };
        match tauri::async_runtime::block_on(asked) {
            Ok(Ok((there, changes))) => {
                if !there {
                    tracing::info!(
                        "this desktop shows no tray icons; closing the window ends the program after its jobs"
                    );
                }
                super::shown(app, there);
                tauri::async_runtime::spawn(watch(app.clone(), changes));
            }
            // Nobody shows anything.
            Ok(Err(error)) => tracing::info!("no session bus, so no tray icon: {error}"),
            Err(_) => tracing::warn!("the session bus does not answer, so there is no tray icon"),
        }
    }

    /// Whether a panel is there, and the changes from then on.
    async fn ask() -> zbus::Result<(bool, NameOwnerChangedStream)> {
        let bus = zbus::Connection::session().await?;
        let bus = DBusProxy::new(&bus).await?;
        let changes = bus.receive_name_owner_changed_with_args(&[(0, NAME)]).await?;
        Ok((bus.name_has_owner(NAME.try_into()?).await?, changes))
    }

    async fn watch(app: AppHandle, mut changes: NameOwnerChangedStream) {
        while let Some(change) = changes.next().await {
            let Ok(change) = change.args() else { continue };
            let there = change.new_owner().is_some();
            let handle = app.clone();
            if let Err(error) = app.run_on_main_thread(move || super::shown(&handle, there)) {
                tracing::warn!("the tray icon does not follow the panel: {error}");
            }
        }
    }

    /// The toolkit ends the process without this library.
    fn toolkit_can_draw() -> bool {
        const LIBRARIES: [&str; 2] = ["libayatana-appindicator3.so.1", "libappindicator3.so.1"];
        LIBRARIES.iter().any(|name| {
            // SAFETY: loading runs the initialisers of a system library that the toolkit loads next in any case.
            #[expect(unsafe_code, reason = "the only way to know whether the toolkit could load it")]
            unsafe { libloading::Library::new(*name) }.is_ok()
        })
    }
}
