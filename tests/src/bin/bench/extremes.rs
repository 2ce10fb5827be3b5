//! Ten thousand small tables, and one value of 100 MB: what breaks tools that are quick on even data.

use holdfast_tests::postgres::Server;
use holdfast_tests::{mariadb, sqlite};

use super::measure::{Run, pair, run};
use super::{backup, home};

const TABLES: u32 = 10_000;
const VALUE_BYTES: usize = 100_000_000;
/// Fewer than elsewhere: each run takes many seconds.
const ROUNDS: usize = 2;

pub fn all() {
    let server = Server::shared();
    println!("PostgreSQL, {TABLES} small tables");
    many_tables(server);
    println!("One value of {} MB", VALUE_BYTES / 1_000_000);
    large_value(server);
}

fn many_tables(server: &Server) {
    server.psql("postgres", "create database bench_tables");
    // In portions: one transaction would need a lock for each table.
    for portion in 0..TABLES / 500 {
        let (from, to) = (portion * 500 + 1, portion * 500 + 500);
        let each = "create table t%1$s (id int primary key, word text default ''x''); insert into t%1$s values (1, ''%1$s'')";
        let sql = format!(
            "do $do$ begin for n in {from}..{to} loop execute format('{each}', n); end loop; end $do$"
        );
        server.psql("bench_tables", &sql);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump");
    let reference = || {
        let _ = std::fs::remove_file(&file);
        run(server.client("pg_dump").args(["-Fc", "-f"]).arg(&file).arg("bench_tables"))
    };
    let url = server.url("bench_tables");
    pair("  backup / pg_dump -Fc", ROUNDS, || backup(&url), reference);
    server.psql("postgres", "drop database bench_tables with (force)");
}

fn large_value(server: &Server) {
    server.psql("postgres", "create database bench_value");
    let letters = VALUE_BYTES / 32;
    server.psql(
        "bench_value",
        &format!(
            "create table t as select string_agg(md5(i::text), '') as v from generate_series(1, {letters}) i"
        ),
    );
    there_and_back("PostgreSQL", &server.url("bench_value"), "bench_value_copy");
    for database in ["bench_value", "bench_value_copy"] {
        server.psql("postgres", &format!("drop database {database} with (force)"));
    }

    let maria = mariadb::Server::shared();
    maria.sql("", "set global max_allowed_packet = 1073741824; create database bench_value");
    let sql = format!(
        "create table t (v longblob); insert into t values (repeat(random_bytes(1000), {}))",
        VALUE_BYTES / 1000
    );
    maria.sql("bench_value", &sql);
    there_and_back("MariaDB", &maria.url("bench_value"), "bench_value_copy");
    for database in ["bench_value", "bench_value_copy"] {
        maria.sql("", &format!("drop database {database}"));
    }

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("value.sqlite");
    sqlite::run(&file, &format!("create table t (v blob); insert into t values (randomblob({VALUE_BYTES}))"));
    let copy = folder.path().join("copy.sqlite");
    there_and_back("SQLite", &format!("sqlite://{}", file.display()), &copy.display().to_string());
}

/// Backup, then a restore with its proof.
fn there_and_back(engine: &str, url: &str, copy: &str) {
    let ctl = home(url);
    let taken = run(&mut ctl.command(&["backup", "create", "bench", "--json"]));
    let id = ctl.backups()[0].0.clone();
    let restored = run(&mut ctl.command(&["restore", &id, "--to", "bench", "--database", copy, "--json"]));
    let told = |run: Run| format!("{:.1} s, peak {} MiB", run.seconds, run.peak >> 20);
    println!("  {engine}: backup {}; restore with proof {}", told(taken), told(restored));
}
