//! PostgreSQL's own regression database, dumped and loaded: the reference tool prints the same text of source and copy.
//!
//! The database is made by the tests of Debian's source package (`tools/postgres-regression.sh`); elsewhere this
//! test says that it was skipped.
#![allow(clippy::unwrap_used)]

use holdfast_testkit::memory;
use holdfast_testkit::postgres as server;
use std::path::Path;
use std::process::{Command, Stdio};

use holdfast_contract::snapshot::{Scope, TableName};
use memory::{Memory, work};
use server::Server;

/// Makes the database on the server; None where its sources cannot be had.
fn fill(server: &Server) -> Option<()> {
    let known = Command::new("dpkg-query").arg("--version").stdout(Stdio::null()).status();
    if !known.is_ok_and(|status| status.success()) {
        return None;
    }
    let said = server.program("postgres").arg("--version").output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    let major = said.split_whitespace().nth(2).unwrap().split('.').next().unwrap().to_owned();
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("postgres-regression-{major}"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/postgres-regression.sh");
    let mut command = Command::new("bash");
    command.arg(script).arg("fill").arg(home).arg(major);
    let status = command
        .arg(server.socket_dir())
        .arg(server.port().to_string())
        .stdin(Stdio::null())
        .status()
        .unwrap();
    // 3: the server did not come from a Debian package, or no archive hands out the sources.
    assert!(
        status.success() || status.code() == Some(3),
        "the regression database could not be made: {status}"
    );
    status.success().then_some(())
}

/// The reference tool's text, without its random key of the day.
fn dumped(server: &Server, database: &str) -> Vec<String> {
    let text = server.pg_dump(database, &[]);
    let random = |line: &&str| line.starts_with("\\restrict") || line.starts_with("\\unrestrict");
    text.lines().filter(|line| !random(line)).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_regression_database_comes_back_without_one_differing_line() {
    let server = Server::shared();
    if fill(server).is_none() {
        holdfast_testkit::skipped(
            "the_regression_database_comes_back_without_one_differing_line",
            "it needs a PostgreSQL server from a Debian package, and an archive that hands out that version's sources",
        );
        return;
    }
    let engine = server.engine("regression");
    let memory = Memory::default();
    let snapshot = engine.dump().unwrap().dump(&Scope::default(), &memory, &work(2)).await.unwrap();
    assert_eq!(snapshot.omissions, [], "nothing is left out");
    assert!(snapshot.tables.len() > 300 && snapshot.tables.iter().all(|table| table.has_rows));
    let stored = memory.stored(snapshot);

    let load = engine.load().unwrap();
    let preflight = load.preflight(&stored.snapshot, &stored.objects).await.unwrap();
    assert_eq!((preflight.blockers, preflight.warnings), (vec![], vec![]));
    let report = load.load("regression copy", &stored, &work(2)).await.unwrap();
    assert_eq!(report.remarks, Vec::<String>::new());

    let names: Vec<TableName> = stored.snapshot.tables.iter().map(|table| table.table.clone()).collect();
    let found = load.fingerprint("regression copy", &names, &work(2)).await.unwrap();
    for (found, kept) in found.iter().zip(&stored.snapshot.tables) {
        assert_eq!((found.rows, &found.content_hash), (kept.rows, &kept.content_hash), "{}", kept.table);
    }

    let (source, copy) = (dumped(server, "regression"), dumped(server, "regression copy"));
    assert!(source.len() > 400_000, "the whole database: {} lines", source.len());
    if let Some(at) = (0..source.len().max(copy.len())).find(|at| source.get(*at) != copy.get(*at)) {
        let show = |lines: &[String]| {
            lines[at.saturating_sub(6).min(lines.len())..(at + 9).min(lines.len())].join("\n")
        };
        panic!("line {at} differs\n--- source\n{}\n--- copy\n{}", show(&source), show(&copy));
    }
}
