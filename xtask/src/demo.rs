//! The main job on the sample database through `holdfastctl`: vault, backup, proof, damage, restore, undo.
//! Each step is printed, and each must have the effect it claims.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::process::{Outcome, built, read, run, target};

/// Damaged and brought back.
const TABLE: &str = "payments";

pub fn main_job() -> Outcome {
    let demo = Demo::new()?;
    let outcome = demo.steps();
    if outcome.is_ok() {
        // What is left after a failure is there to be looked at.
        fs::remove_dir_all(&demo.folder).map_err(|error| format!("{}: {error}", demo.folder.display()))?;
        println!("\nDone: backed up, proven, damaged, restored and undone.");
    } else {
        println!("\nThe data folder is kept: {}", demo.folder.display());
    }
    outcome
}

struct Demo {
    folder: PathBuf,
}

impl Demo {
    fn new() -> Outcome<Self> {
        let folder = target().join(format!("demo-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let demo = Self { folder };
        write_private(&demo.passphrase_file(), &made_up_passphrase())?;
        Ok(demo)
    }

    fn steps(&self) -> Outcome {
        step("Make an encrypted vault");
        self.show(&["vault", "init"])?;

        step("Make the sample shop and connect it");
        let sample = self.json(&["call", "sample.create", "{}"])?;
        let name = text(&sample["connection"]["name"])?;
        let database = PathBuf::from(text(&sample["connection"]["spec"]["path"])?);
        let file_name = database.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let whole = self.rows(&database)?;
        println!("{name}: {} with {whole} rows in {TABLE}", database.display());

        step("Back it up");
        let backup = text(&self.json(&["backup", "create", &name, "--note", "Main job"])?["id"])?;
        println!("backup {backup}");

        step("Prove the backup: load it into a scratch database and compare every table");
        self.show(&["backup", "verify", &backup, "--level", "restored"])?;

        step(&format!("Damage the database: delete every row of {TABLE}"));
        self.sql(&database, &format!("DELETE FROM {TABLE};"))?;
        expect("rows left", self.rows(&database)?, 0)?;

        step("Restore: beside it, prove, keep the damaged one, swap");
        let restore = ["restore", &backup, "--to", &name, "--replace", "--confirm", &file_name];
        let restore = text(&self.json(&restore)?["id"])?;
        expect("rows after the restore", self.rows(&database)?, whole)?;

        step("Undo the restore");
        self.show(&["restore", "undo", &restore, "--confirm", &file_name])?;
        expect("rows after the undo", self.rows(&database)?, 0)?;

        step("What is in the vault now");
        self.show(&["backup", "list"])
    }

    fn passphrase_file(&self) -> PathBuf {
        self.folder.join("passphrase")
    }

    fn ctl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(built("holdfastctl", false));
        command
            .arg("--home")
            .arg(self.folder.join("home"))
            .args(arguments)
            .env("HOLDFAST_SECRETS", "file")
            .env("HOLDFAST_PASSPHRASE_FILE", self.passphrase_file());
        command
    }

    fn show(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.ctl(arguments))
    }

    fn json(&self, arguments: &[&str]) -> Outcome<Value> {
        println!("$ holdfastctl {}", arguments.join(" "));
        let said = read(self.ctl(arguments).arg("--json"))?;
        serde_json::from_str(&said)
            .map_err(|error| format!("holdfastctl --json did not print one document: {error}"))
    }

    fn rows(&self, database: &Path) -> Outcome<u64> {
        let said = self.sql(database, &format!("SELECT count(*) FROM {TABLE};"))?;
        said.trim().parse().map_err(|_| format!("sqlite3 printed {said:?} instead of a number"))
    }

    /// Damage and witness come from outside the program.
    fn sql(&self, database: &Path, statement: &str) -> Outcome<String> {
        println!("$ sqlite3 {} \"{statement}\"", database.display());
        read(Command::new("sqlite3").arg(database).arg(statement))
    }
}

fn step(what: &str) {
    println!("\n== {what}");
}

fn expect(what: &str, found: u64, wanted: u64) -> Outcome {
    println!("{what}: {found}");
    if found == wanted { Ok(()) } else { Err(format!("{what}: {found} instead of {wanted}")) }
}

fn text(value: &Value) -> Outcome<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| format!("a text was expected instead of {value}"))
}

/// For a vault that lives a minute: the standard library's per-process randomness is enough.
fn made_up_passphrase() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("{:016x}-{:016x}\n", part(), part())
}

fn write_private(path: &Path, content: &str) -> Outcome {
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, content.as_bytes()))
        .map_err(|error| format!("{}: {error}", path.display()))
}
