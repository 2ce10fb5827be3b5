//! Test programs side by side: most wait for servers, windows and key derivations, so one after another would
//! leave the machine idle. Each one's output comes in one piece when it ends.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::Outcome;
use crate::programs::Lane;

/// Programs at the same time. Each uses as many threads as there are cores by itself.
const LANES: usize = 2;
/// Started first, so that none of them is left alone at the end. A name that is gone does no harm.
const LONGEST: &[&str] = &[
    "stories::kills",
    "engines::postgres_versions",
    "engines::mysql_exchange",
    "engines::postgres_regression",
    "engines::sqlite_engine",
    "stories::clearing_writers",
    "stories::mariadb",
    "stories::mariadb_faults",
    "stories::window",
    "page",
];

/// Runs them all, and `beside` from the start on; `heard` gets each line. False: at least one failed.
pub fn run(mut lanes: Vec<Lane>, beside: Option<Lane>, heard: impl FnMut(&str) + Send) -> Outcome<bool> {
    lanes.sort_by_key(|lane| LONGEST.iter().position(|name| lane.name == *name).unwrap_or(LONGEST.len()));
    let queue = Mutex::new(VecDeque::from(lanes));
    let ended = Mutex::new((heard, Vec::new()));
    let follow = |mut lane: Lane| {
        let begun = Instant::now();
        let result = output(&mut lane);
        let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
        let sound = tell(&lane.name, &result, &mut ended.0);
        ended.1.push((begun.elapsed(), lane.name, sound));
    };
    thread::scope(|scope| {
        if let Some(lane) = beside {
            scope.spawn(|| follow(lane));
        }
        for _ in 0..LANES {
            scope.spawn(|| {
                while let Some(lane) = next(&queue) {
                    follow(lane);
                }
            });
        }
    });
    let (_, times) = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(sum_up(times))
}

fn sum_up(mut times: Vec<(Duration, String, bool)>) -> bool {
    times.sort();
    let slowest: Vec<String> =
        times.iter().rev().take(12).map(|(took, name, _)| format!("{name} {} s", took.as_secs())).collect();
    println!("\nlongest: {}", slowest.join(", "));
    let failed: Vec<&str> =
        times.iter().filter(|(.., sound)| !sound).map(|(_, name, _)| name.as_str()).collect();
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    failed.is_empty()
}

fn next(queue: &Mutex<VecDeque<Lane>>) -> Option<Lane> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// Everything it printed, and whether it ended well.
fn output(lane: &mut Lane) -> (String, bool) {
    // Colours would stand between the numbers.
    lane.command.env("NO_COLOR", "1").env_remove("FORCE_COLOR");
    match lane.command.output() {
        Ok(output) => {
            let text =
                [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            (text.concat(), output.status.success())
        }
        Err(error) => {
            (format!("{} cannot be started: {error}\n", lane.command.get_program().to_string_lossy()), false)
        }
    }
}

fn tell(name: &str, (text, sound): &(String, bool), heard: &mut impl FnMut(&str)) -> bool {
    println!("\n== {name}");
    for line in text.lines() {
        println!("{line}");
        heard(line);
    }
    *sound
}
