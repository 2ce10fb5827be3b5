//! Formatting and lints of both languages.

use crate::process::{Outcome, cargo, npm, run};

pub fn check() -> Outcome {
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    run(&mut cargo(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]))?;
    run(&mut npm(["exec", "--no", "--", "tsc", "--noEmit"]))?;
    run(&mut npm(["exec", "--no", "--", "biome", "check", "."]))
}
