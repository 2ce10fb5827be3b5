//! `cargo xtask bench`: speed as ratios to a reference tool in one run, and peak memory.
//!
//! Each pair runs A B A B …, after one warm-up of each; the ratio is the median of the pairs. Machines are shared and
//! noisy, so seconds only show the size and nothing here fails on time. Arguments: sizes in MB (100), `extremes`,
//! `schedules`, or `idle`.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod data;
mod extremes;
#[cfg(target_os = "linux")]
mod idle;
mod mariadb;
mod measure;
mod schedules;

use std::path::Path;
use std::process::Command;

use holdfast_tests::ctl::Ctl;
use holdfast_tests::postgres::Server;
use measure::{Run, pair, run};

/// Counted runs of each side.
const ROUNDS: usize = 3;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("extremes") => return extremes::all(),
        Some("schedules") => return schedules::all(),
        #[cfg(target_os = "linux")]
        Some("idle") => return idle::all(),
        _ => {}
    }
    let megabytes: Vec<u64> = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect();
    let sizes = if megabytes.is_empty() { vec![100] } else { megabytes };
    schedules::all();
    println!();
    let server = Server::shared();
    println!(
        "median [min..max] of {ROUNDS} pairs; ratio = holdfast / reference; wall seconds only show the size\n"
    );
    for size in sizes {
        let database = format!("bench_{size}");
        data::postgres(server, &database, size);
        println!("PostgreSQL, about {size} MB of rows");
        postgres_backup(server, &database);
        postgres_restore(server, &database);
        server.psql("postgres", &format!("drop database {database} with (force)"));
        println!("MariaDB, about {size} MB of rows");
        mariadb::all(size);
        println!("SQLite, about {size} MB");
        sqlite_backup(size);
        println!();
    }
}

/// A data folder with a vault and one connection whose backups are not proven: the reference tools prove nothing.
fn home(url: &str) -> Ctl {
    let ctl = Ctl::with_vault();
    let id = ctl.run(&["connection", "add", "bench", "--url", url, "--json"]).ok().id();
    let unproven = serde_json::json!({"id": id, "prove_after_backup": false}).to_string();
    ctl.run(&["call", "connection.update", &unproven]).ok();
    ctl
}

fn backup(url: &str) -> Run {
    let ctl = home(url);
    run(&mut ctl.command(&["backup", "create", "bench", "--json"]))
}

/// Restores one backup again and again, with proof; each copy is dropped by the statement that `drop` is given, unmeasured.
fn restored<F: Fn(&str)>(url: &str, drop: F) -> impl FnMut() -> Run + use<F> {
    let ctl = home(url);
    let id = ctl.run(&["backup", "create", "bench", "--json"]).ok().id();
    let mut copies = 0;
    move || {
        copies += 1;
        let name = format!("bench_copy_{copies}");
        let measured =
            run(&mut ctl.command(&["restore", &id, "--to", "bench", "--database", &name, "--json"]));
        drop(&format!("drop database {name}"));
        measured
    }
}

fn postgres_backup(server: &Server, database: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump");
    let reference = || {
        let _ = std::fs::remove_file(&file);
        run(server.client("pg_dump").args(["-Fc", "-f"]).arg(&file).arg(database))
    };
    let url = server.url(database);
    pair("  backup / pg_dump -Fc", ROUNDS, || backup(&url), reference);
    let ctl = home(&url);
    let first = run(&mut ctl.command(&["backup", "create", "bench", "--json"]));
    let second = run(&mut ctl.command(&["backup", "create", "bench", "--json"]));
    let stored: Vec<u64> = ctl.json(&["backup", "list"])["backups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|backup| backup["stored_bytes"].as_u64().unwrap())
        .collect();
    println!(
        "  unchanged second backup / first: time {:.2}, growth {:.4} %",
        second.seconds / first.seconds,
        stored[0] as f64 * 100.0 / stored[1] as f64
    );
    println!("  stored / pg_dump -Fc: size {:.2}", stored[1] as f64 / file.metadata().unwrap().len() as f64);
    println!(
        "  key derivation alone: {:.2} s (in every figure above)",
        run(&mut ctl.command(&["vault", "status"])).seconds
    );
}

fn postgres_restore(server: &Server, database: &str) {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("dump");
    run(server.client("pg_dump").args(["-Fd", "-j2", "-f"]).arg(&directory).arg(database));
    let ours = restored(&server.url(database), |drop| {
        server.psql("postgres", drop);
    });
    let reference = || {
        server.psql("postgres", "create database bench_reference");
        let measured =
            run(server.client("pg_restore").args(["-j2", "-d", "bench_reference"]).arg(&directory));
        server.psql("postgres", "drop database bench_reference");
        measured
    };
    pair("  restore with proof / pg_restore -j2", ROUNDS, ours, reference);
}

fn sqlite_backup(megabytes: u64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.sqlite");
    data::sqlite(&file, megabytes);
    let copy = folder.path().join("copy");
    let url = format!("sqlite://{}", file.display());
    pair("  backup / .backup, zstd -3", ROUNDS, || backup(&url), || backup_and_compress(&file, &copy));
}

fn backup_and_compress(file: &Path, copy: &Path) -> Run {
    for path in [copy.to_owned(), copy.with_extension("zst")] {
        let _ = std::fs::remove_file(path);
    }
    let first = run(Command::new("sqlite3").arg(file).arg(format!(".backup '{}'", copy.display())));
    let second =
        run(Command::new("zstd").args(["-q", "-3"]).arg(copy).arg("-o").arg(copy.with_extension("zst")));
    first.then(second)
}
