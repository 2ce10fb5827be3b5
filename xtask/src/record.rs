//! Records anew what the page's tests replay: the stories are told to the real application, which is built first.

use std::process::Command;

use crate::process::{Outcome, cargo, npm, run};
use crate::setup;

pub fn record() -> Outcome {
    setup::page_packages()?;
    // In the workspace: one package alone would be compiled with other features.
    run(&mut cargo(["build", "--workspace", "--bin", "page_host"]))?;
    run(&mut record_tests(&["tests/recorded/", "--exclude", "**/contract.test.ts"]))?;
    // Last: it reads the tapes and writes down which operations none of them knows.
    run(&mut record_tests(&["tests/recorded/contract.test.ts"]))
}

fn record_tests(which: &[&str]) -> Command {
    let mut command = npm(["exec", "--no", "--", "vitest", "run"]);
    command.args(which).env("HOLDFAST_REWRITE", "1");
    command
}
