//! Wall time and peak resident memory of whole programs.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub struct Run {
    pub seconds: f64,
    /// Peak resident bytes, as the kernel counts them (Linux; 0 elsewhere).
    pub peak: u64,
}

impl Run {
    pub fn then(self, next: Run) -> Run {
        Run { seconds: self.seconds + next.seconds, peak: self.peak.max(next.peak) }
    }
}

/// Runs a program to its end. A failing program ends the benchmark: its time would mean nothing.
pub fn run(command: &mut Command) -> Run {
    run_from(command, Stdio::null())
}

/// As [`run`], fed by another program.
pub fn run_from(command: &mut Command, input: Stdio) -> Run {
    let start = Instant::now();
    let mut child = command
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the program starts");
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water(child.id()));
        match child.try_wait().expect("the program can be asked") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?} failed");
    Run { seconds, peak }
}

fn high_water(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
    kilobytes * 1024
}

pub fn pair(name: &str, rounds: usize, mut ours: impl FnMut() -> Run, mut reference: impl FnMut() -> Run) {
    ours();
    reference();
    let runs: Vec<(Run, Run)> = (0..rounds).map(|_| (ours(), reference())).collect();
    let mut ratios: Vec<f64> = runs.iter().map(|(a, b)| a.seconds / b.seconds).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = |pick: fn(&(Run, Run)) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values[rounds / 2]
    };
    let peak = runs.iter().map(|(a, _)| a.peak).max().unwrap_or(0);
    println!(
        "{name}: ratio {:.2} [{:.2}..{:.2}], {:.2} s / {:.2} s, peak {} MiB",
        ratios[rounds / 2],
        ratios[0],
        ratios[rounds - 1],
        middle(|run| run.0.seconds),
        middle(|run| run.1.seconds),
        peak >> 20
    );
}
