//! The program without its window: started by the session at log-in, shown by a panel that comes later, opened and closed from
//! its icon, with schedules that go on.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use holdfast_tests::ctl;
use holdfast_tests::window::display::Display;
use holdfast_tests::window::panel::Panel;
use holdfast_tests::window::processes::Group;
use holdfast_tests::window::session::Session;
use holdfast_tests::window::{PATIENCE, program};
use serde_json::{Value, json};
use tempfile::TempDir;

const TITLE: &str = "Holdfast";

/// A desktop session with a vault whose key the keyring keeps. The data folder's name has a space, as names have.
struct Desk {
    session: Session,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("holdfast-tray-").tempdir().unwrap();
        let desk = Self { session: Session::start(folder.path()), folder };
        desk.ctl(&["vault", "init"]);
        desk.call("sample.create", &json!({}));
        desk
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("my backups")
    }
    fn variable(&self, name: &str) -> &str {
        &self.session.environment().iter().find(|(known, _)| known == name).unwrap().1
    }
    fn display(&self) -> Display {
        Display::connect(self.variable("DISPLAY"))
    }
    fn panel(&self) -> Panel {
        Panel::start(self.variable("DBUS_SESSION_BUS_ADDRESS"))
    }

    fn ctl(&self, arguments: &[&str]) -> Value {
        let passphrase = self.folder.path().join("passphrase");
        std::fs::write(&passphrase, ctl::PASSPHRASE).unwrap();
        let run = Command::new(ctl::program())
            .arg("--json")
            .arg("--home")
            .arg(self.home())
            .args(arguments)
            .envs(self.session.environment().iter().cloned())
            .env("HOLDFAST_PASSPHRASE_FILE", passphrase)
            .output()
            .unwrap();
        assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
        serde_json::from_slice(&run.stdout).unwrap()
    }
    fn call(&self, operation: &str, request: &Value) -> Value {
        self.ctl(&["call", operation, &request.to_string()])
    }
    fn backups(&self) -> usize {
        self.ctl(&["backup", "list"])["backups"].as_array().unwrap().len()
    }

    /// As the session does at log-in: the line of its list, taken apart as the specification says.
    fn log_in(&self) -> Group {
        let entry = Path::new(self.variable("HOME")).join(".config/autostart/Holdfast.desktop");
        let entry = std::fs::read_to_string(entry).unwrap();
        let line = entry.lines().find_map(|line| line.strip_prefix("Exec=")).unwrap();
        let words = words(line);
        self.started(Command::new(&words[0]).args(&words[1..]))
    }
    fn started(&self, command: &mut Command) -> Group {
        Group::start(
            command
                .envs(self.session.environment().iter().cloned())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )
    }
    fn start(&self) -> Group {
        self.started(Command::new(program()).arg("--home").arg(self.home()))
    }
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// Words of a desktop entry's command, some in double quotes.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' => word.extend(characters.next()),
            ' ' if !quoted => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            other => word.push(other),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

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
    assert_eq!(web_processes(&program), 0, "and none is held ready");

    panel.choose("Open Holdfast");
    let window = until("the window", || display.window(TITLE));
    display.close(window);
    until("the closed window", || display.window(TITLE).is_none().then_some(()));
    until("its web view's end", || (web_processes(&program) == 0).then_some(()));
    assert!(!program.has_ended(), "it stays in the tray");

    // Started again by hand: the one that runs shows its window.
    let mut second = desk.start();
    assert_eq!(until("the second one's end", || second.exit_code()), 0);
    until("the window", || display.window(TITLE));
    panel.choose("Quit");
    assert_eq!(until("its end", || program.exit_code()), 0);
}

fn web_processes(program: &Group) -> usize {
    program.started().iter().filter(|name| name.starts_with("WebKitWeb")).count()
}
