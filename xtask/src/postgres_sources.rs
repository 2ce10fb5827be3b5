//! The sources of PostgreSQL's own regression tests, from which the engine's test makes its hardest database.
//!
//! Only Debian's packages of the server have them for exactly the installed version; elsewhere that test is skipped.

use std::fs;
use std::process::Command;

use crate::process::{Outcome, on_path, root, run, target};

/// Quick when they are there already.
pub fn fetch() -> Outcome {
    let Some(major) = newest_server().filter(|_| on_path("dpkg-query") && on_path("apt-get")) else {
        println!(
            "setup: no PostgreSQL server from a Debian package: the regression database is not tested here"
        );
        return Ok(());
    };
    // Where cargo tells the engine's tests to keep their files.
    let home = target().join("tmp").join(format!("postgres-regression-{major}"));
    let mut command = Command::new("bash");
    command.arg(root().join("src-tauri/crates/engine/tests/tools/postgres-regression.sh"));
    run(command.arg("fetch").arg(home).arg(major.to_string()))
}

fn newest_server() -> Option<u32> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let with_server = versions.filter(|version| version.path().join("bin/initdb").exists());
    with_server.filter_map(|version| version.file_name().to_str()?.parse().ok()).max()
}
