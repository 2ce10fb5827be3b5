//! `holdfastctl` as an administrator on a server uses it: a data folder, a passphrase file, secrets sealed in a file.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub const PASSPHRASE: &str = "correct horse battery staple 7";

pub struct Ctl {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// What a finished command said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "expected success\nstdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
    pub fn fails_with(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "expected exit code {code}\nstdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!("not one JSON document ({error}): {}\nstderr: {}", self.stdout, self.stderr)
        })
    }
    /// The id at the top level of the document.
    pub fn id(&self) -> String {
        self.json()["id"].as_str().expect("a top-level id").to_owned()
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Default for Ctl {
    fn default() -> Self {
        Self::new()
    }
}

impl Ctl {
    /// An empty data folder and a passphrase file beside it.
    pub fn new() -> Self {
        let home = tempfile::Builder::new().prefix("holdfast-story-").tempdir().expect("a temporary folder");
        let passphrase = home.path().join("passphrase");
        std::fs::write(&passphrase, format!("{PASSPHRASE}\n")).expect("writing the passphrase file");
        let variables = vec![
            ("HOLDFAST_SECRETS".to_owned(), "file".to_owned()),
            ("HOLDFAST_PASSPHRASE_FILE".to_owned(), passphrase.display().to_string()),
        ];
        Self { home, variables }
    }

    /// As [`Ctl::new`], with a vault, and with secrets that open quickly until the next of them is written.
    pub fn with_vault() -> Self {
        let ctl = Self::new();
        ctl.run(&["vault", "init"]).ok();
        holdfast_testkit::secrets::open_quickly(&ctl.home().join("secrets.sealed"), PASSPHRASE);
        ctl
    }

    /// The folder given as `--home`.
    pub fn home(&self) -> PathBuf {
        self.home.path().join("home")
    }
    /// A place for the test's own files, outside the data folder.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--home").arg(self.home()).args(arguments).stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().expect("holdfastctl starts").into()
    }
    /// With `--json`: the document of a command that succeeds.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut all = vec!["--json"];
        all.extend_from_slice(arguments);
        self.run(&all).ok().json()
    }
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("holdfastctl starts")
    }
    /// With a line on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("holdfastctl starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut stdin, input.as_bytes()).expect("the program reads its input");
        drop(stdin);
        child.wait_with_output().expect("holdfastctl ends").into()
    }

    /// States of all backups as the list tells them: `(id, state, damaged)`.
    pub fn backups(&self) -> Vec<(String, String, bool)> {
        let list = self.json(&["backup", "list"]);
        let backups = list["backups"].as_array().expect("a list").clone();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        backups
            .iter()
            .map(|backup| (text(&backup["id"]), text(&backup["state"]), backup["damaged"] == true))
            .collect()
    }
}

/// The program under test, built beside the tests.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("this program's own path");
    let folder = own.parent().expect("its folder");
    // Tests stand in `deps`, one below the programs.
    let folder = if folder.ends_with("deps") { folder.parent().expect("the folder above") } else { folder };
    let program = folder.join(format!("holdfastctl{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is missing: run `cargo build --workspace` first (`cargo xtask test` does)",
        program.display()
    );
    program
}

/// A file of a folder and its subfolders, with its path.
pub fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
