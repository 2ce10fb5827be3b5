//! Formatting and lints of both languages.

use std::process::Command;

use crate::process::{Outcome, cargo, npm, run};
use crate::setup;

pub fn check() -> Outcome {
    setup::page_packages()?;
    formats()?;
    run(&mut lints())?;
    page()
}

pub fn formats() -> Outcome {
    run(&mut cargo(["fmt", "--all", "--check"]))
}

pub fn page() -> Outcome {
    run(&mut npm(["exec", "--no", "--", "tsc", "--noEmit"]))?;
    run(&mut npm(["exec", "--no", "--", "biome", "check", "."]))
}

pub fn lints() -> Command {
    cargo(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])
}
