//! What a person's desktop session gives a program: a display, a session bus, an unlocked keyring, folders.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::PATIENCE;
use super::processes::Group;

/// Large enough for the largest window that is photographed.
const SCREEN: &str = "1600x1000x24";

pub struct Session {
    environment: Vec<(String, String)>,
    // Dropped in this order: the keyring lives on the bus.
    _keyring: Group,
    _bus: Group,
    _display: Group,
}

impl Session {
    pub fn start(folder: &Path) -> Self {
        let mut environment = person(folder);
        let (display, number) = Group::start_and_hear(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"])
                .stderr(Stdio::null()),
        );
        environment.push(("DISPLAY".to_owned(), format!(":{number}")));
        let (bus, address) = Group::start_and_hear(
            Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
                .arg(format!("--address=unix:path={}", folder.join("run/bus").display()))
                .envs(environment.iter().cloned())
                .stderr(Stdio::null()),
        );
        environment.push(("DBUS_SESSION_BUS_ADDRESS".to_owned(), address));
        let keyring = Group::start_with_input(
            Command::new("gnome-keyring-daemon")
                .args(["--foreground", "--unlock", "--components=secrets"])
                .envs(environment.iter().cloned())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
            "a keyring of a test\n",
        );
        let session = Self { environment, _keyring: keyring, _bus: bus, _display: display };
        session.await_keyring();
        session
    }

    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// The name on the bus and the unlocked collection appear a moment after the start. The name first: a message to
    /// a name nobody owns would make the bus start a second, locked keyring.
    fn await_keyring(&self) {
        let owned =
            ["/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"];
        let locked = [
            "/org/freedesktop/secrets/collection/login",
            "org.freedesktop.DBus.Properties.Get",
            "string:org.freedesktop.Secret.Collection",
            "string:Locked",
        ];
        self.await_answer("org.freedesktop.DBus", &owned, "boolean true");
        self.await_answer("org.freedesktop.secrets", &locked, "boolean false");
    }

    fn await_answer(&self, destination: &str, message: &[&str], expected: &str) {
        let asked = Instant::now();
        loop {
            let answer = Command::new("dbus-send")
                .args(["--session", "--print-reply", &format!("--dest={destination}")])
                .args(message)
                .envs(self.environment.iter().cloned())
                .stderr(Stdio::null())
                .output()
                .expect("dbus-send starts: `cargo xtask setup` installs it");
            if String::from_utf8_lossy(&answer.stdout).contains(expected) {
                return;
            }
            assert!(asked.elapsed() < PATIENCE, "the private keyring was not there after {PATIENCE:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A person who has never used this machine before.
fn person(folder: &Path) -> Vec<(String, String)> {
    let place = |name: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(&path).expect("a folder for the session");
        path
    };
    let runtime = place("run");
    std::fs::set_permissions(&runtime, Permissions::from_mode(0o700)).expect("our own folder");
    // The keyring makes its file only in a folder that is there.
    place("data/keyrings");
    [
        ("HOME", place("person")),
        ("XDG_RUNTIME_DIR", runtime),
        ("XDG_DATA_HOME", place("data")),
        ("XDG_CONFIG_HOME", place("config")),
        ("XDG_CACHE_HOME", place("cache")),
    ]
    .into_iter()
    .map(|(name, path)| (name.to_owned(), path.display().to_string()))
    .chain([
        ("GSETTINGS_BACKEND".to_owned(), "memory".to_owned()),
        ("GDK_BACKEND".to_owned(), "x11".to_owned()),
        ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
        ("TZ".to_owned(), "UTC".to_owned()),
    ])
    .collect()
}
