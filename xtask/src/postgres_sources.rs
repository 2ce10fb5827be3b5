//! The sources of PostgreSQL's own regression tests, from which the engine's test makes its hardest database.
//!
//! Only Debian's source packages have them. Where those cannot be had, that one test is skipped, and nothing else.

use std::fs;
use std::process::Command;

use crate::process::{on_path, root, run, target};

const SKIPPED: &str = "the test postgres_regression, which takes the database of PostgreSQL's own tests through a dump and a \
     load, will be skipped";

/// Quick when they are there already. One test alone needs them, so a failure is told and does not end the set-up.
pub fn fetch() {
    let Some(major) = newest_server().filter(|_| on_path("dpkg-query") && on_path("apt-get")) else {
        println!("setup: no PostgreSQL server from a Debian package: {SKIPPED}");
        return;
    };
    // Where cargo tells the engine's tests to keep their files.
    let home = target().join("tmp").join(format!("postgres-regression-{major}"));
    let mut command = Command::new("bash");
    command.arg(root().join("src-tauri/crates/engine/tests/tools/postgres-regression.sh"));
    if let Err(reason) = run(command.arg("fetch").arg(home).arg(major.to_string())) {
        println!("setup: the sources of PostgreSQL {major} are not there ({reason}): {SKIPPED}");
    }
}

fn newest_server() -> Option<u32> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let with_server = versions.filter(|version| version.path().join("bin/initdb").exists());
    with_server.filter_map(|version| version.file_name().to_str()?.parse().ok()).max()
}
