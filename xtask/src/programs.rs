//! Test programs: built by one call of cargo, asked for their tests, and taken apart into lanes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::process::{Outcome, cargo, read};

/// A built test program.
pub struct Program {
    /// Of the target: `stories`, `holdfast_vault`.
    pub name: String,
    /// Tests of a library or a program, not a file under `tests/`.
    pub is_unit: bool,
    file: PathBuf,
    /// Where its package lies: cargo starts tests there.
    folder: PathBuf,
}

/// Something that runs beside others and is told of in one piece.
pub struct Lane {
    pub name: String,
    pub command: Command,
}

/// Lets cargo build what the words choose, always in the whole workspace: one package alone would be compiled with other
/// features, and everything below it again.
pub fn built_by(words: &[&str]) -> Outcome<Vec<Program>> {
    let mut build = cargo(words);
    build.args(["--workspace", "--message-format", "json-render-diagnostics"]);
    println!("$ {}", crate::process::shown(&build));
    let list = read(&mut build)?;
    let messages = list.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages.filter_map(|message| program(&message)).collect())
}

fn program(message: &Value) -> Option<Program> {
    let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
    let file = is_test.then(|| message["executable"].as_str())??;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    Some(Program {
        name: message["target"]["name"].as_str()?.to_owned(),
        is_unit: message["target"]["kind"][0] != "test",
        file: file.into(),
        folder: folder.into(),
    })
}

impl Program {
    /// Names of its tests, those that only other tests start among them.
    pub fn tests(&self) -> Outcome<Vec<String>> {
        let list = read(self.command().args(["--list", "--format", "terse"]))?;
        Ok(list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    }

    /// Its modules as lanes of their own; a program without modules, and unit tests, are one. `chosen` is asked with the whole
    /// name, `stories::kills::a_test`; a lane without a chosen test is none.
    pub fn lanes(&self, chosen: impl Fn(&str) -> bool) -> Outcome<Vec<Lane>> {
        let mut modules: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut left_out = false;
        for test in self.tests()? {
            if !chosen(&format!("{}::{test}", self.name)) {
                left_out = true;
                continue;
            }
            let module = match test.split_once("::") {
                Some((module, _)) if !self.is_unit => format!("{}::{module}", self.name),
                _ => self.name.clone(),
            };
            modules.entry(module).or_default().push(test);
        }
        let whole = modules.len() == 1 && !left_out;
        let lane = |(name, tests): (String, Vec<String>)| {
            let mut command = self.command();
            if !whole {
                command.arg("--exact").args(tests);
            }
            Lane { name, command }
        };
        Ok(modules.into_iter().map(lane).collect())
    }

    /// Of its package.
    pub fn folder_name(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.file);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }
}
