//! The walls of the house: which crate may use which, and which room of `app` and of `engine` which other room.
//! What is not listed is forbidden. A wall in the wrong place is moved here, with the reason in the commit.

#[path = "layers/uses.rs"]
mod uses;

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
    "consent",
    "secrets",
    "config",
    "jobs",
    "pool",
    "cx",
    "vaults",
    "connections",
    "backup",
    "proof",
    "export",
    "change",
    "restore",
    "import",
    "guard",
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

/// Rooms of `engine` from the bottom up: the face, then the drivers, then their list.
const ENGINE: &[Floor] = &[
    Floor::Room("error"),
    Floor::Room("content"),
    Floor::Room("pattern"),
    Floor::Room("properties"),
    // The way to a server: where it is, and how it is encrypted.
    Floor::Together(&["reach", "tls"]),
    Floor::Room("readers"),
    Floor::Room("loaders"),
    Floor::Room("staging"),
    Floor::Room("script"),
    Floor::Room("tables"),
    Floor::Room("session"),
    Floor::Room("sessions"),
    Floor::Room("maintain"),
    Floor::Room("clear"),
    Floor::Room("export"),
    Floor::Room("driver"),
    Floor::Apart(DRIVERS),
    Floor::Room("drivers"),
    Floor::Room("lib"),
];

/// Known to the list of drivers and to their own tests alone.
const DRIVERS: &[&str] = &["mysql", "postgres", "sqlite"];

/// One step on the way up.
enum Floor {
    Room(&'static str),
    /// Rooms that may use each other.
    Together(&'static [&'static str]),
    /// Rooms that may not.
    Apart(&'static [&'static str]),
}

impl Floor {
    fn holds(&self, room: &str) -> bool {
        match self {
            Self::Room(name) => *name == room,
            Self::Together(names) | Self::Apart(names) => names.contains(&room),
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Consent is made by checks that the gate alone calls; everybody else is handed it.
#[test]
fn consent_is_made_by_the_gate_alone() {
    let app = root().join("src-tauri/crates/app/src");
    let makers = ["consent::confirm(", "consent::agree(", "consent::standing(", "consent::of_nothing("];
    let mut callers = BTreeSet::new();
    let mut folders = vec![app.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = read(&path);
            if makers.iter().any(|maker| text.contains(maker)) {
                let room = path.strip_prefix(&app).expect("inside").components().next().expect("a name");
                callers.insert(room.as_os_str().to_string_lossy().into_owned());
            }
        }
    }
    assert_eq!(callers, BTreeSet::from(["gate".to_owned()]));
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
fn rooms_of_the_app_use_only_rooms_below_them() {
    let floors: Vec<Floor> = ROOMS.iter().map(|room| Floor::Room(room)).collect();
    hold("src-tauri/crates/app/src", &floors);
}

#[test]
fn the_face_of_the_engine_knows_no_driver_and_no_driver_another() {
    hold("src-tauri/crates/engine/src", ENGINE);
}

#[test]
fn nobody_else_knows_a_driver() {
    for source in ["src-tauri/crates/app", "src-tauri/crates/headless", "src-tauri/src", "tests", "xtask"] {
        for (file, module) in sources(&root().join(source)) {
            let used = driver_of_the_engine(&read(&file), &module);
            assert!(
                used.is_none(),
                "{} must not know the driver {}",
                file.display(),
                used.unwrap_or_default()
            );
        }
    }
}

fn driver_of_the_engine(text: &str, module: &[String]) -> Option<String> {
    let module: Vec<&str> = module.iter().map(String::as_str).collect();
    uses::paths(text, &module).into_iter().find_map(|path| match path.as_slice() {
        [engine, driver, ..] if engine == "holdfast_engine" && DRIVERS.contains(&driver.as_str()) => {
            Some(driver.clone())
        }
        _ => None,
    })
}

fn hold(source: &str, floors: &[Floor]) {
    let files = sources(&root().join(source));
    assert!(files.len() > 20, "the rooms are there");
    for (file, module) in files {
        // A test may build the rooms above it.
        if module.iter().any(|name| name == "tests") {
            continue;
        }
        if let Err(broken) = judge(&read(&file), &module, floors) {
            panic!("{}: {broken}", file.display());
        }
    }
}

/// What a file at `module` may not use.
fn judge(text: &str, module: &[String], floors: &[Floor]) -> Result<(), String> {
    let room = module.first().map_or("lib", String::as_str);
    let level = |room: &str| floors.iter().position(|floor| floor.holds(room));
    let own = level(room).ok_or_else(|| format!("the room {room} has no place in the order"))?;
    let module: Vec<&str> = module.iter().map(String::as_str).collect();
    for path in uses::paths(text, &module).iter().filter(|path| path[0] == "crate") {
        // Types of the crate's own root are everybody's.
        let Some((used, other)) = path.get(1).and_then(|used| Some((used, level(used)?))) else { continue };
        let apart = other == own && used != room && matches!(floors[own], Floor::Apart(_));
        if other > own || apart {
            return Err(format!("{room} must not use {used}"));
        }
    }
    Ok(())
}

/// The Rust files below a folder with their modules: `restore/mod.rs` and `restore.rs` are `restore`, `lib.rs` is none.
fn sources(folder: &Path) -> Vec<(PathBuf, Vec<String>)> {
    let mut files = Vec::new();
    gather(folder, &mut files);
    let named = |file: PathBuf| {
        let place = file.strip_prefix(folder).expect("inside").with_extension("");
        let mut module: Vec<String> =
            place.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
        if module.last().is_some_and(|last| last == "mod" || (last == "lib" && module.len() == 1)) {
            module.pop();
        }
        (file, module)
    };
    files.into_iter().map(named).collect()
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

/// Where an engine may be asked for by its name: the room that makes connections and offers, the maker of the sample file, and
/// a backup whose manifest cannot be read, which has no kind that anybody knows.
const NAMES_ENGINES: &[&str] =
    &["app/src/connections/", "app/src/sample/connect.rs", "app/src/backup/list.rs"];

#[test]
fn nobody_asks_for_an_engine_by_its_name() {
    let crates = root().join("src-tauri/crates");
    let mut asked = Vec::new();
    for folder in [crates.join("app/src"), crates.join("headless/src"), root().join("src-tauri/src")] {
        let mut files = Vec::new();
        gather(&folder, &mut files);
        for file in files {
            let place = file.to_string_lossy().replace('\\', "/");
            if NAMES_ENGINES.iter().any(|allowed| place.contains(allowed)) || place.ends_with("tests.rs") {
                continue;
            }
            asked.extend(engines_named(&read(&file)).into_iter().map(|name| format!("{place}: {name}")));
        }
    }
    assert!(asked.is_empty(), "ask offers or properties instead: {asked:#?}");
}

/// Lines that ask, without those of tests at the foot of the file.
fn engines_named(text: &str) -> Vec<String> {
    const NAMES: [&str; 3] = ["Postgres", "Mysql", "Sqlite"];
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .filter(|line| {
            ["EngineKind", "ConnectionSpec"]
                .iter()
                .any(|kind| NAMES.iter().any(|name| line.contains(&format!("{kind}::{name}"))))
        })
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn the_reader_of_engine_names_reads() {
    let text = "// EngineKind::Sqlite\nif kind == EngineKind::Sqlite {}\nConnectionSpec::Mysql { .. } => 1,\n\
                let kind: EngineKind = x;\n#[cfg(test)]\nmod tests {\n EngineKind::Postgres }";
    assert_eq!(engines_named(text).len(), 2);
}

#[test]
fn the_reader_of_manifests_reads() {
    let (name, used) = dependencies(
        "[package]\nname = \"holdfast\"\n[dependencies]\nholdfast-app.workspace = true\nserde = \"1\"\n\
         [target.'cfg(unix)'.dev-dependencies]\nholdfast-vault = { path = \"x\" }\nholdfast-testkit.workspace = true\n",
    );
    assert_eq!(name, "holdfast");
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["holdfast-app", "holdfast-vault"]);
}

#[test]
fn a_mistake_of_each_kind_is_seen() {
    let at = |module: &[&str]| module.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let said = |text: &str, module: &[&str]| judge(text, &at(module), ENGINE).err();
    let face = Some("tables must not use postgres".to_owned());
    assert_eq!(said("use crate::postgres::sql::Table;", &["tables"]), face);
    assert_eq!(said("use crate::{\n    Result,\n    postgres::sql,\n};", &["tables"]), face);
    assert_eq!(said("let name = super::postgres::sql::Table(root);", &["tables"]), face);
    let driver = Some("mysql must not use sqlite".to_owned());
    assert_eq!(said("use super::super::sqlite::text;", &["mysql", "load"]), driver);
    assert_eq!(
        said("use crate::drivers;", &["mysql", "load"]),
        Some("mysql must not use drivers".to_owned())
    );
    assert_eq!(
        said("use crate::clear::Rows;", &["script", "judge"]),
        Some("script must not use clear".to_owned())
    );
    assert!(said("fn x() {}", &["cellar"]).is_some_and(|said| said.contains("has no place")));
    assert_eq!(said("use crate::{Work, error, tables::Way};\nuse super::sql;", &["mysql", "load"]), None);
    assert_eq!(said("use crate::tls;", &["reach"]), None);

    let app = "use holdfast_engine::{\n    Work,\n    mysql::definer,\n};";
    assert_eq!(driver_of_the_engine(app, &at(&["backup", "source"])).as_deref(), Some("mysql"));
    assert_eq!(driver_of_the_engine("use holdfast_engine::{Work, driver};", &at(&["export"])), None);
}
