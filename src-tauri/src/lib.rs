//! HOST desktop: one window, a tray icon, one `call` command, one event channel, the system's dialogs and notifications.
//!
//! It translates between the window and `holdfast-app` and decides nothing about databases, backups or
//! permissions: those are operations behind the gate. What does not belong here: any rule another host
//! (command line, HTTP) would need too.

mod arguments;
mod at_login;
mod closing;
mod commands;
mod desktop;
mod events;
mod host;
mod journal;
mod notices;
#[cfg(target_os = "linux")]
mod renewal;
mod tray;
mod webkit;
mod window;

use std::io::Write;
use std::process::ExitCode;

use holdfast_contract::ApiError;
use tauri::Manager;

use crate::arguments::Arguments;
use crate::host::Host;

/// Must be the first statement of `main`: it may change the environment, which no thread may read meanwhile.
pub fn prepare_process() {
    webkit::work_around_blank_windows();
}

/// Runs until a person quits, or closes the window where no tray icon stays, and the last job has ended.
pub fn run() -> ExitCode {
    let arguments = match Arguments::of_this_process() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    if let Err(error) = window::display_present() {
        return refuse(&error);
    }
    if let Err(error) = journal::start(&arguments.home) {
        return refuse(&error);
    }
    match build(arguments) {
        Ok(app) => {
            let code = app.run_return(closing::on_run_event);
            ExitCode::from(u8::try_from(code).unwrap_or(1))
        }
        Err(error) => {
            tracing::error!("the window could not be made: {error}");
            say(&format!("Holdfast could not open its window: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn build(arguments: Arguments) -> tauri::Result<tauri::App> {
    let state_file = arguments.home.join("window-state.json");
    tauri::Builder::default()
        // First: a second program on the same data folder must end before it does anything.
        .plugin(window::one_per_home(&arguments.home))
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(window::remembered_place(&state_file))
        .invoke_handler(tauri::generate_handler![
            commands::call,
            commands::desktop_state,
            commands::choose_save_path,
            commands::choose_file,
            commands::choose_folder
        ])
        .setup(move |app| {
            let (host, opened) = Host::new();
            app.manage(host);
            app.manage(closing::Closing::default());
            app.manage(window::Folder(arguments.home.clone()));
            app.manage(desktop::Desktop::default());
            #[cfg(target_os = "linux")]
            if arguments.renewed {
                renewal::bury_the_past();
            }
            app.manage(at_login::AtLogin::of_this_program(app.handle(), &arguments));
            tray::place(app.handle());
            let window =
                if arguments.hidden { None } else { Some(window::open(app.handle(), &arguments.home)?) };
            tauri::async_runtime::spawn(host::open(app.handle().clone(), window, arguments, opened));
            closing::on_signals(app.handle());
            Ok(())
        })
        .on_window_event(closing::on_window_event)
        .build(tauri::generate_context!())
}

fn refuse(error: &ApiError) -> ExitCode {
    say(&explain(error));
    ExitCode::FAILURE
}

/// The message and what to do next, as two lines for a terminal or a dialog.
pub(crate) fn explain(error: &ApiError) -> String {
    match &error.hint {
        Some(hint) => format!("{}\n{hint}", error.message),
        None => error.message.clone(),
    }
}

/// Standard error, for those who started the program from a terminal.
pub(crate) fn say(text: &str) {
    // A closed standard error is no reason to fail: the dialog and the log say it too.
    let _ = writeln!(std::io::stderr(), "{text}");
}
