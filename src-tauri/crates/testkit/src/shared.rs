//! One server for each module of a test program: started at its first use, ended with the program.
//!
//! Modules name their databases and roles without regard to each other, so they do not share one; the tests of a module do.

use std::collections::BTreeMap;
use std::panic::Location;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub struct Shared<S: 'static> {
    by_module: Mutex<BTreeMap<String, &'static S>>,
}

impl<S> Default for Shared<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Shared<S> {
    pub const fn new() -> Self {
        Self { by_module: Mutex::new(BTreeMap::new()) }
    }

    /// The server of the module where `at` is.
    pub fn of(&self, at: &Location<'_>, start: impl FnOnce() -> S) -> &'static S {
        let mut by_module = self.by_module.lock().unwrap_or_else(PoisonError::into_inner);
        // Never dropped: its guardian ends it when this program is gone, however that comes.
        by_module.entry(module(at.file())).or_insert_with(|| Box::leak(Box::new(start())))
    }
}

/// `tests/stories/kills` of `tests/tests/stories/kills.rs`, and `tests/engines/mysql_dump` of
/// `…/tests/engines/mysql_dump/changes.rs`.
fn module(file: &str) -> String {
    let parts: Vec<_> = Path::new(file).components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let tests = parts.iter().rposition(|part| part == "tests").unwrap_or(0);
    let module = parts.iter().skip(tests).take(3).cloned().collect::<Vec<_>>().join("/");
    module.trim_end_matches(".rs").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_module_are_told_from_others() {
        assert_eq!(module("tests/tests/stories/kills.rs"), "tests/stories/kills");
        let dump = |file| module(&format!("src-tauri/crates/engine/tests/engines/mysql_dump/{file}.rs"));
        assert_eq!(dump("changes"), dump("mod"));
        assert_eq!(dump("changes"), "tests/engines/mysql_dump");
    }

    #[test]
    fn a_module_starts_one_and_another_module_another() {
        static NUMBERS: Shared<usize> = Shared::new();
        let here = Location::caller();
        let first = NUMBERS.of(here, || 1);
        assert_eq!((*first, *NUMBERS.of(here, || 2)), (1, 1));
    }
}
