//! The scratch database of a proof whose program died: gone in the end, also when the server made it only afterwards.
#![allow(clippy::unwrap_used)]

use holdfast_tests::ctl::Ctl;
use holdfast_tests::postgres::Server;
use holdfast_tests::sqlite;
use serde_json::Value;

const NAME: &str = "holdfast_scratch_00c0ffee";
const MINUTE_MS: u128 = 60_000;

fn exists(server: &Server) -> bool {
    server.psql("postgres", &format!("select count(*) from pg_database where datname = '{NAME}'")) == "1"
}

/// As a proof writes it down before it asks for the database, and dies.
fn note_of_the_dead(ctl: &Ctl, connection: &Value, age_ms: u128) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let id = connection["id"].as_str().unwrap();
    let made_at = now - age_ms;
    sqlite::run(
        &ctl.home().join("catalog.sqlite"),
        &format!("INSERT OR REPLACE INTO scratch_databases VALUES ('{NAME}', '{id}', 'dead', {made_at})"),
    );
}

fn noted(ctl: &Ctl) -> bool {
    sqlite::run(&ctl.home().join("catalog.sqlite"), "SELECT count(*) FROM scratch_databases") != "0"
}

#[test]
fn a_database_that_a_server_finishes_after_its_program_died_is_dropped_too() {
    let server = Server::shared();
    server.psql("postgres", "create role scratch superuser login password 'sweeps up'");
    server.psql("postgres", "create database scratch_source");
    let ctl = Ctl::with_vault();
    let url = server.tcp_url("scratch_source", "scratch");
    let add = ["connection", "add", "source", "--url", &url, "--password-stdin", "--json"];
    let connection = ctl.run_with_input(&add, "sweeps up").ok().json();
    let start = || drop(ctl.run(&["connection", "list"]).ok());

    // The next start comes before the server is done: there is nothing to drop yet, and it is not forgotten.
    note_of_the_dead(&ctl, &connection, 0);
    assert!(!exists(server));
    start();
    server.psql("postgres", &format!("create database {NAME}"));
    start();
    assert!(!exists(server), "made after the first look, dropped at the second");
    assert!(noted(&ctl), "the server may still be at it");

    // Long after, nothing can come any more.
    server.psql("postgres", &format!("create database {NAME}"));
    note_of_the_dead(&ctl, &connection, 11 * MINUTE_MS);
    start();
    assert!(!exists(server) && !noted(&ctl), "dropped and forgotten");

    // Whoever has no passphrase at hand is not asked for one by the way; it waits.
    server.psql("postgres", &format!("create database {NAME}"));
    note_of_the_dead(&ctl, &connection, 11 * MINUTE_MS);
    let status = ctl.command(&["vault", "status"]).env_remove("HOLDFAST_PASSPHRASE_FILE").output().unwrap();
    assert!(status.status.success());
    assert!(exists(server) && noted(&ctl));
    start();
    assert!(!exists(server) && !noted(&ctl));
}
