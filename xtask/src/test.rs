//! Every check and test, cheapest first, with one line of numbers at the end.

use std::process::Command;

use crate::process::{Outcome, cargo, listen, npm, run};
use crate::{build, check, generate, lanes, setup};

#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Count {
    fn add(&mut self, found: Option<Count>) {
        let found = found.unwrap_or_default();
        self.passed += found.passed;
        self.failed += found.failed;
        self.ignored += found.ignored;
    }
}

pub fn test() -> Outcome {
    setup::setup()?;
    build::page()?;
    check::check()?;
    // Programs and tests together: alone, either would be compiled with other features, twice.
    run(&mut cargo(["build", "--workspace", "--bins", "--tests"]))?;
    generate::up_to_date()?;
    let mut count = Count::default();
    let mut sound = lanes::run(|line| count.add(cargo_line(line)))?;
    sound &= count_tests(&mut count, &mut npm(["exec", "--no", "--", "vitest", "run"]), vitest_line)?;
    println!("\n{} passed, {} failed, {} ignored", count.passed, count.failed, count.ignored);
    if sound { Ok(()) } else { Err("some tests failed".to_owned()) }
}

fn count_tests(count: &mut Count, command: &mut Command, line: fn(&str) -> Option<Count>) -> Outcome<bool> {
    // Colours would stand between the numbers.
    command.env("NO_COLOR", "1").env_remove("FORCE_COLOR");
    listen(command, |printed| count.add(line(printed)))
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.03s`
fn cargo_line(line: &str) -> Option<Count> {
    numbers(line.strip_prefix("test result: ")?)
}

/// `      Tests  1 failed | 12 passed | 2 skipped (15)`
fn vitest_line(line: &str) -> Option<Count> {
    numbers(line.trim_start().strip_prefix("Tests ")?)
}

/// Every "number word" pair.
fn numbers(text: &str) -> Option<Count> {
    let words: Vec<&str> = text.split([' ', ';', '|']).filter(|word| !word.is_empty()).collect();
    let mut count = Count::default();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<u64>() else { continue };
        match pair[1] {
            "passed" => count.passed = number,
            "failed" => count.failed = number,
            "ignored" | "skipped" => count.ignored = number,
            _ => {}
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_runners_are_counted() {
        let cargo =
            cargo_line("test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out");
        assert!(cargo.is_some_and(|count| (count.passed, count.failed, count.ignored) == (12, 3, 1)));
        let vitest = vitest_line("      Tests  1 failed | 12 passed | 2 skipped (15)");
        assert!(vitest.is_some_and(|count| (count.passed, count.failed, count.ignored) == (12, 1, 2)));
        assert!(
            cargo_line("running 3 tests").is_none() && vitest_line(" Test Files  3 passed (3)").is_none()
        );
    }
}
