//! The page first: it is embedded when the window's program compiles.

use crate::process::{Outcome, built, cargo, npm, run};
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

/// A debug build is the test run's own, member for member, so that cargo compiles everything once.
fn programs(release: bool) -> Outcome {
    let mut build = cargo(["build", "--workspace", "--bins"]);
    if release {
        build = cargo(["build", "--release", "--package", "holdfast", "--package", "holdfast-headless"]);
    }
    run(&mut build)
}
