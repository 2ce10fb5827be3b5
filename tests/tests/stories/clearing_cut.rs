//! Deletions that are cut short: a cancel ends the statement on the server, a killed program leaves every row either in its
//! table or in an archive, and the next run goes on.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::{mariadb, postgres};
use serde_json::Value;

fn until(what: &str, there: impl FnMut() -> bool) {
    within(Duration::from_secs(60), what, there);
}

fn within(patience: Duration, what: &str, mut there: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !there() {
        assert!(begin.elapsed() < patience, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn newest_job(ctl: &Ctl) -> Value {
    ctl.json(&["job", "list"])["jobs"][0].clone()
}

/// A database in which deleting a row takes its time.
struct Slow<'a> {
    name: &'a str,
    sql: &'a dyn Fn(&str) -> String,
    /// How many statements that delete run on the server.
    deleting: &'a str,
    /// Makes each deleted row take so many seconds.
    slow: &'a dyn Fn(&str),
    ctl: &'a Ctl,
}

impl Slow<'_> {
    fn ask(&self, sql: &str) -> String {
        (self.sql)(sql)
    }

    fn is_deleting(&self) -> bool {
        self.ask(self.deleting) != "0"
    }

    fn cancelled(&self) {
        (self.slow)("0.3");
        let rule = ["cleanup", "rule", "old", "--connection", self.name, "--table", "events"];
        self.ctl.run(&[&rule[..], &["--where", "id <= 400", "--batch", "300"]].concat()).ok();
        for command in [
            &["cleanup", "run", "old"][..],
            &["cleanup", "table", self.name, "events", "--confirm", "events"],
        ] {
            let running = self.ctl.start(command);
            until("the deletion", || self.is_deleting());
            let job = newest_job(self.ctl)["id"].as_str().unwrap().to_owned();
            self.ctl.run(&["job", "cancel", &job]).ok();
            let ended = running.wait_with_output().unwrap();
            assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
            assert_eq!(newest_job(self.ctl)["state"], "cancelled");
            // 300 rows would take a minute and a half, and the server looks every five seconds whether its client is there.
            within(Duration::from_secs(1), "its end on the server", || !self.is_deleting());
            assert_eq!(self.ask("select count(*) from events"), "500", "nothing went");
            // Nothing holds it locked.
            self.ask("insert into events values (1000)");
            self.ask("delete from events where id = 1000");
        }
    }

    fn killed(&self) {
        (self.slow)("0.02");
        let rule = ["cleanup", "rule", "old", "--connection", self.name, "--table", "events"];
        self.ctl.run(&[&rule[..], &["--where", "id <= 400", "--batch", "20"]].concat()).ok();
        let mut running = self.ctl.start(&["cleanup", "run", "old"]);
        until("the first batches", || self.ask("select count(*) from events") != "500");
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(newest_job(self.ctl)["state"], "interrupted");
        until("the server's own end of it", || !self.is_deleting());
        let left: u64 = self.ask("select count(*) from events").parse().unwrap();
        assert!(left > 100, "the kill came too late");
        // All that is gone is in the archive, which stays.
        let list = self.ctl.json(&["backup", "list"]);
        let archive = list["backups"][0].clone();
        assert_eq!(
            (&archive["pinned"], &archive["level"]),
            (&Value::from(true), &Value::from("restored")),
            "{archive}"
        );
        assert_eq!(archive["row_count"], 500);
        (self.slow)("0");
        let done = self.ctl.json(&["cleanup", "run", "old"])["outcome"].clone();
        assert_eq!((done["deleted"].as_u64(), done["left"].as_u64()), (Some(left - 100), Some(100)));

        // In one transaction: all or nothing.
        (self.slow)("0.1");
        let mut running = self.ctl.start(&["cleanup", "table", self.name, "events", "--confirm", "events"]);
        until("the deletion", || self.is_deleting());
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(newest_job(self.ctl)["state"], "interrupted");
        until("the server's own end of it", || !self.is_deleting());
        assert_eq!(self.ask("select count(*) from events"), "100");
        (self.slow)("0");
        let clear = ["cleanup", "table", self.name, "events", "--confirm", "events"];
        assert_eq!(self.ctl.json(&clear)["outcome"]["deleted"], 100);
    }
}

fn on_postgres(database: &str, story: fn(&Slow<'_>)) {
    let server = postgres::Server::shared();
    server.psql("postgres", &format!("create database {database}"));
    server.run_script(
        database,
        "create table events (id int primary key); insert into events select generate_series(1, 500);
         create function slow() returns trigger language plpgsql as 'begin return old; end';
         create trigger slow before delete on events for each row execute function slow();",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "pg", "--url", &server.url(database)]).ok();
    let preview = ctl.json(&["cleanup", "table", "pg", "events", "--dry-run"])["plan"].clone();
    assert!(preview["remarks"][0].as_str().unwrap().contains("the trigger slow"), "{preview}");
    let sql = |sql: &str| server.psql(database, sql);
    story(&Slow {
        name: "pg",
        sql: &sql,
        deleting: "select count(*) from pg_stat_activity where query like 'DELETE FROM%' and datname = current_database() and state = 'active' and wait_event = 'PgSleep'",
        slow: &|seconds| {
            let body = if seconds == "0" { String::new() } else { format!("perform pg_sleep({seconds});") };
            sql(&format!(
                "create or replace function slow() returns trigger language plpgsql as 'begin {body} return old; end'"
            ));
        },
        ctl: &ctl,
    });
}

fn on_mariadb(database: &str, story: fn(&Slow<'_>)) {
    let server = mariadb::Server::shared();
    server.sql("", &format!("create database {database}"));
    server.sql(
        database,
        "create table events (id int primary key); insert into events select seq from seq_1_to_500;
         create table pace (seconds double); insert into pace values (0);
         create trigger slow before delete on events for each row do sleep((select max(seconds) from pace));",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "maria", "--url", &server.url(database)]).ok();
    let preview = ctl.json(&["cleanup", "table", "maria", "events", "--dry-run"])["plan"].clone();
    assert!(preview["remarks"][0].as_str().unwrap().contains("the trigger slow"), "{preview}");
    let sql = |sql: &str| server.sql(database, sql);
    story(&Slow {
        name: "maria",
        sql: &sql,
        deleting: &format!(
            "select count(*) from information_schema.processlist where db = '{database}' and state = 'User sleep'"
        ),
        slow: &|seconds| {
            sql(&format!("update pace set seconds = {seconds}"));
        },
        ctl: &ctl,
    });
}

#[test]
fn a_cancel_ends_the_statement_on_postgres() {
    on_postgres("cut_cancel", |slow| slow.cancelled());
}

#[test]
fn a_cancel_ends_the_statement_on_mariadb() {
    on_mariadb("cut_cancel", |slow| slow.cancelled());
}

#[test]
fn a_kill_loses_nothing_on_postgres() {
    on_postgres("cut_kill", |slow| slow.killed());
}

#[test]
fn a_kill_loses_nothing_on_mariadb() {
    on_mariadb("cut_kill", |slow| slow.killed());
}
