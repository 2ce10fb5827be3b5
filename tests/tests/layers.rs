//! The walls of the house: which crate may use which, and which room of `app` which other room.
//! What is not listed is forbidden. A wall in the wrong place is moved here, with the reason in the commit.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Crates and the crates of ours they may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("holdfast-contract", &[]),
    ("holdfast-engine", &["holdfast-contract"]),
    ("holdfast-vault", &["holdfast-contract"]),
    ("holdfast-app", &["holdfast-contract", "holdfast-engine", "holdfast-vault"]),
    ("holdfast-headless", &["holdfast-app", "holdfast-contract"]),
    // For tests alone: no other crate may have it but as a dev-dependency.
    ("holdfast-testkit", &["holdfast-contract", "holdfast-engine", "holdfast-vault"]),
    // The desktop host.
    ("holdfast", &["holdfast-app", "holdfast-contract"]),
    // Never the desktop host: tests must not need a screen.
    ("holdfast-tests", &["holdfast-app", "holdfast-contract", "holdfast-testkit"]),
    ("xtask", &[]),
];

/// Rooms of `app` from the bottom up; a room may use those before it.
const ROOMS: &[&str] = &[
    "clock",
    "text",
    "timing",
    "events",
    "home",
    "draft",
    "catalog",
    "secrets",
    "config",
    "jobs",
    "cx",
    "vaults",
    "connections",
    "backup",
    "proof",
    "export",
    "restore",
    "import",
    "retention",
    "maintenance",
    "clearing",
    "sample",
    "overview",
    "schedule",
    "gate",
    "calls",
    "operations",
    "lib",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn crates_use_only_what_the_design_allows() {
    let mut manifests =
        vec![root().join("Cargo.toml"), root().join("tests/Cargo.toml"), root().join("xtask/Cargo.toml")];
    for entry in std::fs::read_dir(root().join("src-tauri/crates")).expect("the crates are there") {
        let manifest = entry.expect("a folder").path().join("Cargo.toml");
        if manifest.exists() {
            manifests.push(manifest);
        }
    }
    let mut seen = BTreeSet::new();
    for manifest in manifests {
        let (name, used) = dependencies(&read(&manifest));
        let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
            panic!("{name} has no place in the list of arrows");
        };
        for used in used {
            assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
        }
        seen.insert(name);
    }
    assert_eq!(seen.len(), ARROWS.len(), "every crate in the list exists: {seen:?}");
}

/// What tests share. Any crate's tests may use it.
const TESTKIT: &str = "holdfast-testkit";

/// The package's name and what of ours it depends on, for any target and kind.
fn dependencies(manifest: &str) -> (String, BTreeSet<String>) {
    let (mut section, mut name, mut used) = (String::new(), String::new(), BTreeSet::new());
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']').to_owned();
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim();
        if section == "package" && key == "name" {
            name = value.trim().trim_matches('"').to_owned();
        }
        let is_for_tests = section.ends_with("dev-dependencies") && key.split('.').next() == Some(TESTKIT);
        let is_ours = key.starts_with("holdfast-") || key.starts_with("holdfast.") || key == "holdfast";
        if section.ends_with("dependencies")
            && section != "workspace.dependencies"
            && is_ours
            && !is_for_tests
        {
            used.insert(key.split('.').next().unwrap_or(key).to_owned());
        }
    }
    (name, used)
}

#[test]
fn rooms_use_only_rooms_below_them() {
    let source = root().join("src-tauri/crates/app/src");
    let mut files = Vec::new();
    gather(&source, &mut files);
    assert!(files.len() > 20, "the rooms are there");
    for file in files {
        let place = file.strip_prefix(&source).expect("inside");
        let first =
            place.components().next().expect("a name").as_os_str().to_string_lossy().replace(".rs", "");
        let own = level(&first).unwrap_or_else(|| panic!("the room {first} has no place in the order"));
        // A test may build the rooms above it.
        if place.ends_with("tests.rs") || place.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        for used in rooms_named(&read(&file)) {
            let Some(other) = level(&used) else { continue };
            assert!(other <= own, "{} is in {first} and must not use {used}", place.display());
        }
    }
}

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// Every `x` of `crate::x` and `crate::{x, y::…}`.
fn rooms_named(text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    // Tests at the foot of a file may build what is above.
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for after in line.split("crate::").skip(1) {
            match after.strip_prefix('{') {
                Some(group) => named.extend(heads(group)),
                None => named.extend([word(after)]),
            }
        }
    }
    named
}

/// First names at the outermost level of a group, as far as the line goes.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut at_start) = (0usize, Vec::new(), true);
    for (place, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            letter if at_start && letter.is_alphabetic() => {
                heads.push(word(&group[place..]));
                at_start = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn the_reader_of_manifests_and_uses_reads() {
    let (name, used) = dependencies(
        "[package]\nname = \"holdfast\"\n[dependencies]\nholdfast-app.workspace = true\nserde = \"1\"\n\
         [target.'cfg(unix)'.dev-dependencies]\nholdfast-vault = { path = \"x\" }\nholdfast-testkit.workspace = true\n",
    );
    assert_eq!(name, "holdfast");
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["holdfast-app", "holdfast-vault"]);
    let named = rooms_named(
        "use crate::jobs::X;\nuse crate::{gate, cx::{Cx, Y}};\n// crate::lib\nlet x = crate::vaults::open();",
    );
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["cx", "gate", "jobs", "vaults"]);
}
