//! The reference programs of SQLite as witnesses.

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

/// `dbhash`: one hash over all content and the schema.
pub fn hash(file: &Path) -> String {
    let output = Command::new("dbhash").arg(file).output().expect("the dbhash program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    text.split_whitespace().next().expect("a hash").to_owned()
}
