//! The reference program of SQLite as a witness.

use std::path::Path;
use std::process::Command;

/// Runs SQL with the `sqlite3` program and gives back what it printed.
pub fn run(file: &Path, sql: &str) -> String {
    let output = Command::new("sqlite3")
        .arg("-batch")
        .arg("-bail")
        .arg(file)
        .arg(sql)
        .output()
        .expect("the sqlite3 program");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The program's own hash over the schema and all content.
pub fn hash(file: &Path) -> String {
    run(file, ".sha3sum --schema")
}
