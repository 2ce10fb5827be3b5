//! MariaDB against its own dump program, and against mydumper and myloader.

use std::path::Path;
use std::process::{Command, Stdio};

use holdfast_tests::mariadb::Server;

use super::measure::{Run, pair, run, run_from};
use super::{ROUNDS, backup, data, restored};

pub fn all(megabytes: u64) {
    let server = Server::shared();
    let database = format!("bench_{megabytes}");
    data::mariadb(server, &database, megabytes);
    backups(server, &database);
    restores(server, &database);
    server.sql("", &format!("drop database {database}"));
}

fn backups(server: &Server, database: &str) {
    let folder = tempfile::tempdir().unwrap();
    let url = server.url(database);
    let text = folder.path().join("dump.zst");
    pair("  backup / mariadb-dump | zstd -3", ROUNDS, || backup(&url), || dump(server, database, &text));
    let parts = folder.path().join("parts");
    pair("  backup / mydumper -t 2 -c", ROUNDS, || backup(&url), || mydumper(server, database, &parts));
}

fn restores(server: &Server, database: &str) {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("dump.zst");
    dump(server, database, &text);
    let parts = folder.path().join("parts");
    mydumper(server, database, &parts);
    let mut ours = restored(&server.url(database), |drop| {
        server.sql("", drop);
    });
    let client = || {
        server.sql("", "create database bench_reference");
        let mut unpack = Command::new("zstd")
            .args(["-dcq"])
            .arg(&text)
            .stdout(Stdio::piped())
            .spawn()
            .expect("zstd starts");
        let sql = unpack.stdout.take().expect("a pipe");
        let measured = run_from(server.client("mariadb").arg("bench_reference"), sql.into());
        assert!(unpack.wait().expect("zstd ends").success());
        server.sql("", "drop database bench_reference");
        measured
    };
    pair("  restore with proof / zstd -d | mariadb", ROUNDS, &mut ours, client);
    let myloader = || {
        let mut command = with_socket(server, "myloader");
        command.args(["-t", "2", "-B", "bench_reference", "-d"]).arg(&parts);
        let measured = run(&mut command);
        server.sql("", "drop database bench_reference");
        measured
    };
    pair("  restore with proof / myloader -t 2", ROUNDS, &mut ours, myloader);
}

/// `mariadb-dump | zstd -3 > file`, without a shell.
fn dump(server: &Server, database: &str, file: &Path) -> Run {
    let mut tool = server.client("mariadb-dump");
    tool.args(["--single-transaction", "--routines", "--triggers", "--events", "--hex-blob", database]);
    let mut dumping = tool.stdout(Stdio::piped()).spawn().expect("mariadb-dump starts");
    let sql = dumping.stdout.take().expect("a pipe");
    let mut pack = Command::new("zstd");
    pack.args(["-q", "-3", "-f", "-o"]).arg(file);
    let measured = run_from(&mut pack, sql.into());
    assert!(dumping.wait().expect("mariadb-dump ends").success());
    measured
}

fn mydumper(server: &Server, database: &str, folder: &Path) -> Run {
    drop(std::fs::remove_dir_all(folder));
    let mut command = with_socket(server, "mydumper");
    command.args(["-t", "2", "-B", database, "-G", "-E", "-R", "-c", "-o"]).arg(folder);
    run(&mut command)
}

fn with_socket(server: &Server, program: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("-S").arg(server.socket()).args(["-u", "root"]);
    command
}
