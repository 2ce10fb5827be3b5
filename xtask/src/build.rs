//! The page first: it is embedded when the window's program compiles.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::process::{Outcome, built, cargo, npm, root, run};
use crate::setup;

pub fn build(release: bool) -> Outcome {
    page()?;
    programs(release)?;
    println!(
        "\nbuilt {} and {}",
        built("holdfast", release).display(),
        built("holdfastctl", release).display()
    );
    Ok(())
}

pub fn page() -> Outcome {
    setup::page_packages()?;
    run(&mut npm(["run", "--silent", "build"]))
}

/// As [`page`], unless it was built after its last change.
pub fn page_if_older() -> Outcome {
    let ui = root().join("ui");
    let built = fs::metadata(ui.join("dist/index.html")).and_then(|found| found.modified()).ok();
    let sources = ["src", "public", "index.html", "package-lock.json", "vite.config.ts"];
    let changed = sources.iter().filter_map(|part| newest(&ui.join(part))).max();
    if built > changed { Ok(()) } else { page() }
}

fn newest(path: &Path) -> Option<SystemTime> {
    let found = fs::metadata(path).ok()?;
    if !found.is_dir() {
        return found.modified().ok();
    }
    fs::read_dir(path).ok()?.flatten().filter_map(|entry| newest(&entry.path())).max()
}

/// A debug build is the test run's own, member for member, so that cargo compiles everything once.
fn programs(release: bool) -> Outcome {
    let mut build = cargo(["build", "--workspace", "--bins"]);
    if release {
        build = cargo(["build", "--release", "--package", "holdfast", "--package", "holdfast-headless"]);
    }
    run(&mut build)
}
