//! A desktop session with a panel or without, a vault whose key the keyring keeps, and the program without its window.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::display::Display;
use super::panel::Panel;
use super::processes::Group;
use super::session::Session;
use super::{PATIENCE, program};
use crate::ctl;

pub const TITLE: &str = "Holdfast";

/// The data folder's name has a space, as names have. The sample database is connected.
pub struct Desk {
    session: Session,
    folder: TempDir,
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

impl Desk {
    pub fn new() -> Self {
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
    pub fn display(&self) -> Display {
        Display::connect(self.variable("DISPLAY"))
    }
    pub fn panel(&self) -> Panel {
        Panel::start(self.variable("DBUS_SESSION_BUS_ADDRESS"))
    }

    pub fn ctl(&self, arguments: &[&str]) -> Value {
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
    pub fn call(&self, operation: &str, request: &Value) -> Value {
        self.ctl(&["call", operation, &request.to_string()])
    }
    pub fn backups(&self) -> usize {
        self.ctl(&["backup", "list"])["backups"].as_array().unwrap().len()
    }

    /// As the session does at log-in: the line of its list, taken apart as the specification says.
    pub fn log_in(&self) -> Group {
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
    pub fn start(&self) -> Group {
        self.started(Command::new(program()).arg("--home").arg(self.home()))
    }
    pub fn start_hidden(&self) -> Group {
        self.started(Command::new(program()).arg("--hidden").arg("--home").arg(self.home()))
    }
    /// The one without a display.
    pub fn worker(&self) -> Group {
        self.started(Command::new(ctl::program()).arg("--home").arg(self.home()).arg("worker"))
    }
}

/// Looks again and again.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
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
