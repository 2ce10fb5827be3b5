//! The program without its window: started by the session at log-in, shown by a panel that comes later, opened and closed from
//! its icon, with schedules that go on.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use holdfast_tests::window::desk::{Desk, TITLE, until};
use serde_json::json;

#[test]
fn from_log_in_to_quit_without_a_window_of_its_own() {
    let desk = Desk::new();
    let display = desk.display();
    // Once with its window, so that the wish is carried out. Nobody shows icons here: closing ends it.
    desk.call("settings.update", &json!({"start_at_login": true}));
    let mut first = desk.start();
    let window = until("the window", || display.window(TITLE));
    display.close(window);
    assert_eq!(until("its end", || first.exit_code()), 0);

    // At log-in: what is due runs, and the panel comes up after us.
    let sample = desk.ctl(&["connection", "list"])["connections"][0]["name"].as_str().unwrap().to_owned();
    desk.ctl(&["schedule", "add", "at log-in", "--backup", &sample, "--start"]);
    let mut program = desk.log_in();
    let runs = || desk.ctl(&["schedule", "runs", "at log-in"])["runs"].as_array().unwrap().clone();
    until("the due run", || runs().iter().any(|run| run["state"] == "succeeded").then_some(()));
    let panel = desk.panel();
    panel.choose("Back up all");
    until("the second backup", || (desk.backups() == 2).then_some(()));
    assert!(display.window(TITLE).is_none(), "no window was asked for");
    assert_eq!(program.web_processes(), 0, "and none is held ready");

    panel.choose("Open Holdfast");
    let window = until("the window", || display.window(TITLE));
    display.close(window);
    until("the closed window", || display.window(TITLE).is_none().then_some(()));
    until("its web view's end", || (program.web_processes() == 0).then_some(()));
    // And later of all that the window had needed: it starts again under the same number, which is no start for schedules.
    until("the renewed program", || (program.started() == 0).then_some(()));
    assert!(!program.has_ended(), "it stays in the tray");

    panel.choose("Back up all");
    until("the third backup", || (desk.backups() == 3).then_some(()));
    assert_eq!(runs().len(), 1);

    // Started again by hand: the one that runs shows its window.
    let mut second = desk.start();
    assert_eq!(until("the second one's end", || second.exit_code()), 0);
    until("the window", || display.window(TITLE));
    panel.choose("Quit");
    assert_eq!(until("its end", || program.exit_code()), 0);
}
