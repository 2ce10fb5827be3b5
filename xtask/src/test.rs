//! Every check and test, cheapest first, with one line of numbers at the end.

use std::process::Command;

use crate::process::{Outcome, cargo, listen, npm, run};
use crate::{build, check, generate, lanes, setup};

/// As `holdfast_testkit::skipped` and its sibling print it.
const SKIPPED: &str = "skipped: ";
const SKIPPED_IN_PART: &str = "skipped in part: ";

#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// What tests said of themselves that could not run here, or not wholly.
    skipped: Vec<String>,
}

impl Count {
    /// A line of a Rust test program.
    fn hear(&mut self, line: &str) {
        self.add(cargo_line(line));
        if line.starts_with(SKIPPED) || line.starts_with(SKIPPED_IN_PART) {
            self.skipped.push(line.to_owned());
        }
    }

    /// The runner counts a test as passed that returned because it could not run; here it counts as ignored.
    fn settle(&mut self) {
        let whole = self.skipped.iter().filter(|line| line.starts_with(SKIPPED)).count() as u64;
        self.passed = self.passed.saturating_sub(whole);
        self.ignored += whole;
    }

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
    let mut sound = lanes::run(|line| count.hear(line))?;
    sound &= count_tests(&mut count, &mut npm(["exec", "--no", "--", "vitest", "run"]), vitest_line)?;
    count.settle();
    println!();
    count.skipped.iter().for_each(|line| println!("{line}"));
    println!("{} passed, {} failed, {} ignored", count.passed, count.failed, count.ignored);
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

    #[test]
    fn what_was_skipped_did_not_pass() {
        let mut count = Count::default();
        for line in [
            "skipped: the_database: no sources",
            "skipped in part: every_version: PostgreSQL 14: not fetched",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
        ] {
            count.hear(line);
        }
        count.settle();
        assert_eq!((count.passed, count.failed, count.ignored), (2, 0, 2));
        assert_eq!(count.skipped.len(), 2);
    }
}
