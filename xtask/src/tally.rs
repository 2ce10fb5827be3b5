//! The closing line: what the runners of both languages counted, in one sum.

/// As `holdfast_testkit::skipped` and its sibling print it.
const SKIPPED: &str = "skipped: ";
const SKIPPED_IN_PART: &str = "skipped in part: ";

#[derive(Default)]
pub struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// What tests said of themselves that could not run here, or not wholly.
    skipped: Vec<String>,
}

impl Tally {
    /// A line of a test program or of the page's runner.
    pub fn hear(&mut self, line: &str) {
        let found = cargo_line(line).or_else(|| vitest_line(line)).unwrap_or_default();
        self.passed += found.passed;
        self.failed += found.failed;
        self.ignored += found.ignored;
        if line.starts_with(SKIPPED) || line.starts_with(SKIPPED_IN_PART) {
            self.skipped.push(line.to_owned());
        }
    }

    pub fn print(mut self) {
        self.settle();
        println!();
        self.skipped.iter().for_each(|line| println!("{line}"));
        println!("{} passed, {} failed, {} ignored", self.passed, self.failed, self.ignored);
    }

    /// The runner counts a test as passed that returned because it could not run; here it counts as ignored.
    fn settle(&mut self) {
        let whole = self.skipped.iter().filter(|line| line.starts_with(SKIPPED)).count() as u64;
        self.passed = self.passed.saturating_sub(whole);
        self.ignored += whole;
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.03s`
fn cargo_line(line: &str) -> Option<Tally> {
    numbers(line.strip_prefix("test result: ")?)
}

/// `      Tests  1 failed | 12 passed | 2 skipped (15)`
fn vitest_line(line: &str) -> Option<Tally> {
    numbers(line.trim_start().strip_prefix("Tests ")?)
}

/// Every "number word" pair.
fn numbers(text: &str) -> Option<Tally> {
    let words: Vec<&str> = text.split([' ', ';', '|']).filter(|word| !word.is_empty()).collect();
    let mut tally = Tally::default();
    for pair in words.windows(2) {
        let Ok(number) = pair[0].parse::<u64>() else { continue };
        match pair[1] {
            "passed" => tally.passed = number,
            "failed" => tally.failed = number,
            "ignored" | "skipped" => tally.ignored = number,
            _ => {}
        }
    }
    Some(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(lines: &[&str]) -> (u64, u64, u64) {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.hear(line));
        tally.settle();
        (tally.passed, tally.failed, tally.ignored)
    }

    #[test]
    fn both_runners_are_counted() {
        let cargo = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
        let vitest = "      Tests  1 failed | 12 passed | 2 skipped (15)";
        assert_eq!(heard(&[cargo]), (12, 3, 1));
        assert_eq!(heard(&[vitest]), (12, 1, 2));
        assert_eq!(heard(&[cargo, "running 3 tests", vitest, " Test Files  3 passed (3)"]), (24, 4, 3));
    }

    #[test]
    fn what_was_skipped_did_not_pass() {
        let lines = [
            "skipped: the_database: no sources",
            "skipped in part: every_version: PostgreSQL 14: not fetched",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
        ];
        assert_eq!(heard(&lines), (2, 0, 2));
    }
}
