//! The SQLite engine against real files, with the `sqlite3` shell as the independent witness.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod bad_files;
mod busy;
mod crashes;
mod damage;
mod foreign;
mod hostile;
mod kinds;
mod memory;
mod pages;
mod places;
mod property;
mod round_trip;
mod swap;
mod tables;
mod upkeep;
mod values;
mod witness;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::{Scope, ServerInfo, TableFingerprint, TableName};
use holdfast_engine::sqlite::Sqlite;
use holdfast_engine::{Access, Dump, Load, Progress, Work};
use memory::Memory;
use rusqlite::Connection;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

struct Silent;
impl Progress for Silent {
    fn phase(&self, _: &str) {}
    fn total_bytes(&self, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
}

fn work(scratch: &TempDir) -> Work {
    Work {
        cancel: CancellationToken::new(),
        progress: Arc::new(Silent),
        scratch_dir: scratch.path().to_path_buf(),
        parallel: 1,
        clock: Arc::new(|| chrono::Utc::now().timestamp_millis()),
    }
}

fn engine(path: &Path) -> Sqlite {
    access(path, false)
}

fn access(path: &Path, read_only: bool) -> Sqlite {
    let spec = ConnectionSpec::Sqlite { path: path.to_str().unwrap().into() };
    Sqlite::new(Access::new(spec).read_only(read_only)).unwrap()
}

/// Not in scope as a trait: its facets have the names of their methods.
async fn ping(engine: &Sqlite) -> holdfast_engine::Result<ServerInfo> {
    holdfast_engine::Engine::ping(engine).await
}

fn make(path: &Path, sql: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection
}

async fn dump(path: &Path, scope: &Scope) -> Memory {
    let scratch = tempfile::tempdir().unwrap();
    let sink = Memory::default();
    let snapshot = engine(path).dump(scope, &sink, &work(&scratch)).await.unwrap();
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "the private copy is gone");
    sink.close(snapshot)
}

async fn load(source: &Memory, target: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    engine(Path::new("/nowhere/live.sqlite"))
        .load(target.to_str().unwrap(), source, &work(&scratch))
        .await
        .unwrap();
}

async fn fingerprints(path: &Path, names: &[TableName]) -> Vec<TableFingerprint> {
    let scratch = tempfile::tempdir().unwrap();
    engine(path).fingerprint(path.to_str().unwrap(), names, &work(&scratch)).await.unwrap()
}

/// Counts and hashes of the restored file equal the snapshot's.
async fn assert_proven(source: &Memory, path: &Path) {
    let tables = &source.snapshot_ref().tables;
    let names: Vec<_> = tables.iter().map(|table| table.table.clone()).collect();
    let found = fingerprints(path, &names).await;
    let expected: Vec<_> = tables
        .iter()
        .map(|table| TableFingerprint {
            table: table.table.clone(),
            rows: table.rows,
            content_hash: table.content_hash.clone(),
        })
        .collect();
    assert_eq!(found, expected);
}

/// What the shell of another SQLite version says.
fn shell(path: &Path, command: &str) -> Vec<u8> {
    let run = Command::new("sqlite3").arg("-batch").arg(path).arg(command).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    run.stdout
}

fn assert_same_by_shell(one: &Path, other: &Path) {
    let (one, other) = (shell(one, ".dump --preserve-rowids"), shell(other, ".dump --preserve-rowids"));
    assert!(!one.is_empty());
    assert!(one == other, "{}\n---\n{}", String::from_utf8_lossy(&one), String::from_utf8_lossy(&other));
}

fn files_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Runs one ignored test of this binary in a process of its own.
fn child(test: &str, variables: &[(&str, &str)]) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
