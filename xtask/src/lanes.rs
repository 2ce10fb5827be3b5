//! Test programs side by side: most wait for servers, windows and key derivations, so one after another would
//! leave the machine idle. Each one's output comes in one piece when it ends.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{Outcome, cargo, read};

/// Programs at the same time. Each uses as many threads as there are cores by itself.
const LANES: usize = 2;
/// Started first, so that none of them is left alone at the end. A name that is gone does no harm.
const LONGEST: &[&str] = &["kills", "postgres_versions", "regression_database", "mariadb", "window"];

/// A built test program.
struct Program {
    name: String,
    file: PathBuf,
    /// Where its package lies: cargo starts tests there.
    folder: PathBuf,
}

/// Runs every test program of the workspace; `heard` gets each line. False: at least one failed.
pub fn run(heard: impl FnMut(&str) + Send) -> Outcome<bool> {
    let mut programs = programs()?;
    programs.sort_by_key(|program| {
        LONGEST.iter().position(|name| program.name == *name).unwrap_or(LONGEST.len())
    });
    let queue = Mutex::new(VecDeque::from(programs));
    let ended = Mutex::new((heard, Vec::new()));
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                while let Some(program) = next(&queue) {
                    let begun = Instant::now();
                    let result = output(&program);
                    let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
                    let sound = tell(&program, &result, &mut ended.0);
                    ended.1.push((begun.elapsed(), program.name, sound));
                }
            });
        }
    });
    let (_, mut times) = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    times.sort();
    let slowest: Vec<String> =
        times.iter().rev().take(8).map(|(took, name, _)| format!("{name} {}", seconds(*took))).collect();
    println!("\nlongest: {}", slowest.join(", "));
    let failed: Vec<&str> =
        times.iter().filter(|(.., sound)| !sound).map(|(_, name, _)| name.as_str()).collect();
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    Ok(failed.is_empty())
}

fn next(queue: &Mutex<VecDeque<Program>>) -> Option<Program> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// Asks cargo, which has built them already, where they are.
fn programs() -> Outcome<Vec<Program>> {
    let list = read(&mut cargo(["test", "--workspace", "--no-run", "--message-format", "json"]))?;
    let messages = list.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages.filter_map(|message| program(&message)).collect())
}

fn program(message: &Value) -> Option<Program> {
    let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
    let file = is_test.then(|| message["executable"].as_str())??;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    Some(Program {
        name: message["target"]["name"].as_str()?.to_owned(),
        file: file.into(),
        folder: folder.into(),
    })
}

/// Everything it printed, and whether it ended well.
fn output(program: &Program) -> (String, bool) {
    let mut command = Command::new(&program.file);
    command.current_dir(&program.folder).env("CARGO_MANIFEST_DIR", &program.folder);
    // Colours would stand between the numbers.
    command.env("NO_COLOR", "1").env_remove("FORCE_COLOR");
    match command.output() {
        Ok(output) => {
            let text =
                [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            (text.concat(), output.status.success())
        }
        Err(error) => (format!("{} cannot be started: {error}\n", program.file.display()), false),
    }
}

fn tell(program: &Program, (text, sound): &(String, bool), heard: &mut impl FnMut(&str)) -> bool {
    println!("\n== {}", program.name);
    for line in text.lines() {
        println!("{line}");
        heard(line);
    }
    *sound
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs())
}
