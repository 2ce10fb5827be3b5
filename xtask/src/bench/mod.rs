//! Benchmarks measure an optimised build and never fail on time. What is measured is in `tests/src/bin/bench`.

use std::process::Command;

use crate::process::{Outcome, built, cargo, run};
use crate::setup;

pub fn bench(arguments: &[String]) -> Outcome {
    setup::setup()?;
    run(&mut cargo([
        "build",
        "--release",
        "--package",
        "holdfast-headless",
        "--package",
        "holdfast-tests",
        "--bins",
    ]))?;
    run(Command::new(built("bench", true)).args(arguments))
}
