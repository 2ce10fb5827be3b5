//! Which tests there are, read from the sources: so a name that matches nothing is told before anything is built, and only
//! the programs that hold a chosen test are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::process::{Outcome, root};

/// What has to be built, or started, for a test.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// A program under some `tests/`, by the name of its target.
    Program(String),
    /// The tests at the foot of the source files.
    Units,
    /// A file of the page's tests, below `ui`.
    Page(String),
}

/// `stories::kills::a_test` and where it lives.
pub struct Known {
    pub home: Home,
    pub name: String,
}

/// What a person asked for.
pub struct Wanted(Vec<(String, bool)>);

impl Wanted {
    /// A word that is a part of a name between `::` means just that; any other means every name that holds it.
    pub fn new(words: &[String], known: &[Known]) -> Outcome<Self> {
        let mut wanted = Vec::new();
        for word in words {
            let whole = known.iter().any(|test| is_part(&test.name, word));
            if !whole && !known.iter().any(|test| test.name.contains(word.as_str())) {
                return Err(nothing_like(word, known));
            }
            wanted.push((word.clone(), whole));
        }
        Ok(Self(wanted))
    }

    pub fn holds(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|(word, whole)| if *whole { is_part(name, word) } else { name.contains(word.as_str()) })
    }
}

/// `kills` and `kills::a_test` are parts of `stories::kills::a_test`; `kill` is none.
fn is_part(name: &str, word: &str) -> bool {
    format!("::{name}::").contains(&format!("::{word}::"))
}

fn nothing_like(word: &str, known: &[Known]) -> String {
    let parts: BTreeSet<&str> = known.iter().flat_map(|test| test.name.split("::")).collect();
    let mut near: Vec<(usize, &str)> = parts.into_iter().map(|part| (distance(word, part), part)).collect();
    near.sort();
    let near: Vec<&str> = near.into_iter().take(6).map(|(_, part)| part).collect();
    format!("no test or module is called {word}; near are: {}", near.join(", "))
}

/// Letters to change, add or take away; of a longer name, its most similar beginning or end counts.
fn distance(word: &str, part: &str) -> usize {
    let (word, part): (Vec<char>, Vec<char>) = (word.chars().collect(), part.chars().collect());
    let length = word.len().min(part.len());
    // A whole name of the same length comes before a longer one that only begins so.
    let whole = letters_apart(&word, &part) * 2;
    let begins = letters_apart(&word, &part[..length]) * 2 + 1;
    let ends = letters_apart(&word, &part[part.len() - length..]) * 2 + 1;
    whole.min(begins).min(ends)
}

fn letters_apart(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (column, found) in other.iter().enumerate() {
            let changed = before + usize::from(letter != found);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// Every test of the repository.
pub fn known() -> Outcome<Vec<Known>> {
    let mut known = Vec::new();
    let mut packages = vec![root().join("tests"), root().join("xtask"), root().join("src-tauri")];
    packages.extend(folder(&root().join("src-tauri/crates"))?);
    for package in packages {
        for (part, is_unit) in [("tests", false), ("src", true)] {
            let top = package.join(part);
            for file in
                files(&top)?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs"))
            {
                read_rust(&package, &top, &file, is_unit, &mut known)?;
            }
        }
    }
    let ui = root().join("ui");
    for file in files(&ui.join("src"))?.into_iter().chain(files(&ui.join("tests"))?) {
        let path = file.strip_prefix(&ui).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        if let Some(name) = path.strip_suffix(".test.ts").or_else(|| path.strip_suffix(".test.tsx")) {
            known.push(Known { name: format!("page::{}", name.replace('/', "::")), home: Home::Page(path) });
        }
    }
    Ok(known)
}

fn read_rust(package: &Path, top: &Path, file: &Path, is_unit: bool, known: &mut Vec<Known>) -> Outcome {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let inside = file.strip_prefix(top).unwrap_or(file).with_extension("");
    let mut parts: Vec<String> =
        inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    parts.retain(|part| !matches!(part.as_str(), "mod" | "main" | "lib"));
    let home = match parts.first() {
        Some(target) if !is_unit => Home::Program(target.clone()),
        _ => Home::Units,
    };
    if is_unit {
        parts.insert(0, package.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    for test in tests_in(&text) {
        known.push(Known { home: home.clone(), name: format!("{}::{test}", parts.join("::")) });
    }
    Ok(())
}

/// Functions that follow an attribute of a test, whatever other attributes stand between.
fn tests_in(text: &str) -> Vec<&str> {
    let mut tests = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim_start) {
        marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let (true, Some(function)) = (marked, function) {
            tests.extend(function.split(['(', '<']).next());
            marked = false;
        }
    }
    tests
}

fn files(top: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !top.is_dir() {
        return Ok(found);
    }
    for path in folder(top)? {
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    Ok(found)
}

fn folder(path: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn some() -> Vec<Known> {
        [
            "stories::kills::a_killed_backup",
            "stories::clearing::rows_go",
            "stories::clearing_cut::on_postgres",
        ]
        .map(|name| Known { home: Home::Program("stories".into()), name: name.into() })
        .into()
    }

    fn chosen(word: &str) -> Vec<String> {
        let known = some();
        let wanted = Wanted::new(&[word.to_owned()], &known).unwrap();
        known.into_iter().map(|test| test.name).filter(|name| wanted.holds(name)).collect()
    }

    #[test]
    fn a_whole_part_means_itself_and_a_piece_means_all_that_hold_it() {
        assert_eq!(chosen("clearing"), ["stories::clearing::rows_go"]);
        assert_eq!(chosen("clear").len(), 2);
        assert_eq!(chosen("stories").len(), 3);
        assert_eq!(chosen("kills::a_killed_backup"), ["stories::kills::a_killed_backup"]);
    }

    #[test]
    fn a_name_that_matches_nothing_is_told_with_those_that_are_near() {
        let refused = Wanted::new(&["klils".to_owned()], &some()).err().unwrap();
        assert!(refused.contains("klils; near are: kills, "), "{refused}");
    }

    #[test]
    fn tests_are_found_under_other_attributes() {
        let text = "#[tokio::test(flavor = \"x\")]\n#[ignore]\nasync fn one() {}\nfn none() {}\n    #[test]\n    fn two(a in b()) {";
        assert_eq!(tests_in(text), ["one", "two"]);
    }

    #[test]
    fn the_sources_are_read() {
        let known = known().unwrap();
        let home = |name: &str| known.iter().find(|test| test.name == name).map(|test| test.home.clone());
        assert_eq!(home("xtask::names::the_sources_are_read"), Some(Home::Units));
        assert_eq!(
            home("stories::postgres::everything_comes_back_as_pg_dump_sees_it"),
            Some(Home::Program("stories".into()))
        );
    }
}
