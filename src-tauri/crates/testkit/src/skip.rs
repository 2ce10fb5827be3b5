//! A test that cannot run here says so by name. The test runner hides what a passing test prints, so this goes past it;
//! `cargo xtask test` counts such a test as ignored and names it at the end.

use std::io::Write;

/// Says that the test of this name was skipped, and why: one line on the standard error.
///
/// For what only some machines can have (sources that no archive hands out, a server version that was not fetched).
/// A missing program that the main set-up installs is a failure, not a reason to skip.
pub fn skipped(test: &str, reason: &str) {
    say(&format!("skipped: {test}: {reason}"));
}

/// As [`skipped`], of a test that ran otherwise: `part` was left out.
pub fn skipped_in_part(test: &str, part: &str, reason: &str) {
    say(&format!("skipped in part: {test}: {part}: {reason}"));
}

fn say(line: &str) {
    // Past the capture of the test runner. A closed standard error leaves nobody to tell.
    drop(writeln!(std::io::stderr(), "{line}"));
}
