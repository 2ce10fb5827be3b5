//! Rows that go while others write: whatever is gone is in an archive, in the very version that it had when it went.
//!
//! A writer works all the time: it inserts rows that match the rule, changes rows that match it, and hangs further rows on
//! them. With each version of a row it notes that version down, in the same transaction.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::sqlite::run as sqlite;
use holdfast_tests::{mariadb, postgres};
use serde_json::Value;

/// Portable, but for the numbers.
const TABLES: &str = "create table events (id int primary key, old int not null, v int not null);
    create table children (id int primary key, event int not null, v int not null, foreign key (event) references events (id) on delete cascade);
    create index by_event on children (event);
    create table history (kind char(1) not null, id int not null, v int not null);
    create index by_id on history (kind, id);";

/// Rows of both tables in their last version that are there no more.
const GONE: &str = "select h.kind, h.id, max(h.v) from history h
    where not exists (select 1 from events e where h.kind = 'e' and e.id = h.id)
    and not exists (select 1 from children c where h.kind = 'c' and c.id = h.id) group by h.kind, h.id";
const HELD: &str = "select 'e', id, v from events union all select 'c', id, v from children";

struct Story<'a> {
    ctl: &'a Ctl,
    name: &'a str,
    sql: &'a dyn Fn(&str) -> String,
    /// Restores a backup beside the database and asks there.
    in_copy_of: &'a dyn Fn(&str, &str) -> String,
    writer: &'a dyn Fn() -> Child,
    /// Changes rows, and neither makes nor deletes any.
    changer: &'a dyn Fn() -> Child,
}

fn rows(text: &str) -> BTreeSet<String> {
    text.lines().map(|line| line.replace('\t', "|")).collect()
}

impl Story<'_> {
    fn run(&self) {
        let Self { ctl, name, .. } = self;
        let rule = ["cleanup", "rule", "old", "--connection", name, "--table", "events"];
        ctl.run(&[&rule[..], &["--where", "old = 1", "--batch", "50"]].concat()).ok();
        let writer = (self.writer)();
        let (mut held, mut stayed) = (BTreeSet::new(), 0);
        for round in 0..holdfast_testkit::rounds(3, 60) as usize {
            let outcome = ctl.json(&["cleanup", "run", "old"])["outcome"].clone();
            let deleted = outcome["deleted"].as_u64().unwrap();
            assert!(deleted > 0, "{name}: nothing went in round {round}: {outcome}");
            stayed += usize::from(outcome["remarks"].to_string().contains("stay"));
            let archive = outcome["backup_id"].as_str().unwrap();
            held.extend(rows(&(self.in_copy_of)(archive, HELD)));
            let gone = rows(&(self.sql)(GONE));
            let lost: Vec<&String> = gone.difference(&held).take(5).collect();
            assert!(lost.is_empty(), "{name}: gone and in no archive, round {round}: {lost:?}");
            let least = (round as u64 + 1).min(deleted);
            assert!(gone.len() as u64 >= least, "{name}: {} rows are gone", gone.len());
        }
        assert!(stayed > 0, "{name}: the writer touched nothing in time; this story told nothing");

        // A whole table: not while somebody writes, and then all of it.
        end(writer);
        let changer = (self.changer)();
        let before = rows(&(self.sql)(GONE));
        let refused = self.clear("plan_moved");
        assert_eq!(refused["error"]["code"], "source_changed", "{refused}");
        assert_eq!(rows(&(self.sql)(GONE)), before, "{name}: a refusal deleted something");
        end(changer);
        let cleared = self.clear("source_changed")["outcome"].clone();
        assert_eq!(cleared["left"], 0, "{cleared}");
        assert_eq!((self.sql)("select count(*) from children"), "0");
        held.extend(rows(&(self.in_copy_of)(cleared["backup_id"].as_str().unwrap(), HELD)));
        let gone = rows(&(self.sql)(GONE));
        assert_eq!(gone.difference(&held).count(), 0, "{name}: cleared and in no backup");
    }

    /// Again while it is refused for this: what a writer sent before it ended may still be under way on the server.
    fn clear(&self, again: &str) -> Value {
        for _ in 0..5 {
            let arguments = ["--json", "cleanup", "table", self.name, "events", "--confirm", "events"];
            let answer = self.ctl.run(&arguments).json();
            if answer["error"]["code"] != again {
                return answer;
            }
        }
        panic!("{}: still {again}", self.name);
    }
}

fn end(mut writer: Child) {
    writer.kill().unwrap();
    writer.wait().unwrap();
}

/// A copy's name is the backup's.
fn restored(ctl: &Ctl, backup: &str, name: &str, database: &str) {
    ctl.run(&["restore", backup, "--to", name, "--database", database]).ok();
}

#[test]
fn on_postgres() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database writers");
    server.run_script("writers", TABLES);
    server.run_script(
        "writers",
        "insert into events select i, (i <= 2000)::int, 0 from generate_series(1, 2500) i;
         insert into children select i, i * 3, 0 from generate_series(1, 600) i;
         insert into history select 'e', id, v from events union all select 'c', id, v from children;",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "pg", "--url", &server.url("writers")]).ok();
    // Subtransactions, too: a block with an exception handler writes under another number.
    let writing = "with n as (insert into events select (select max(id) + 1 from history where kind = 'e'), 1, 0 returning id, v) insert into history select 'e', id, v from n; \
        with u as (update events set v = v + 1 where id = (select 1 + floor(random() * 2000)::int) returning id, v) insert into history select 'e', id, v from u; \
        do $$ begin begin with u as (update events set v = v + 1 where id = (select max(id) - floor(random() * 100)::int from history where kind = 'e') returning id, v) insert into history select 'e', id, v from u; exception when others then null; end; end $$; \
        with n as (insert into children select (select max(id) + 1 from history where kind = 'c'), id, 0 from (select id from events where old = 1 order by random() limit 1) e returning id, v) insert into history select 'c', id, v from n; \
        with u as (update children set v = v + 1 where id = (select id from children order by random() limit 1) returning id, v) insert into history select 'c', id, v from u";
    let in_copy_of = |backup: &str, sql: &str| {
        let copy = format!("copy_{}", &backup.to_lowercase().replace('-', "_"));
        restored(&ctl, backup, "pg", &copy);
        server.psql(&copy, sql)
    };
    Story {
        ctl: &ctl,
        name: "pg",
        sql: &|sql| server.psql("writers", sql),
        in_copy_of: &in_copy_of,
        writer: &|| server.keep_writing("writers", writing),
        changer: &|| {
            server.keep_writing("writers", "with u as (update events set v = v + 1 where id = (select 2001 + floor(random() * 500)::int) returning id, v) insert into history select 'e', id, v from u")
        },
    }
    .run();
}

#[test]
fn on_mariadb() {
    let server = mariadb::Server::shared();
    server.sql("", "create database writers");
    server.sql("writers", TABLES);
    server.sql(
        "writers",
        "insert into events select seq, seq <= 2000, 0 from seq_1_to_2500;
         insert into children select seq, seq * 3, 0 from seq_1_to_600;
         insert into history select 'e', id, v from events union all select 'c', id, v from children;",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "maria", "--url", &server.url("writers")]).ok();
    let writing = "start transaction; set @i = (select max(id) + 1 from history where kind = 'e'); insert into events values (@i, 1, 0); insert into history select 'e', id, v from events where id = @i; commit; \
        start transaction; set @i = 1 + floor(rand() * 2000); update events set v = v + 1 where id = @i; insert into history select 'e', id, v from events where id = @i; commit; \
        start transaction; set @i = (select max(id) + 1 from history where kind = 'c'); insert into children select @i, id, 0 from events where old = 1 order by rand() limit 1; insert into history select 'c', id, v from children where id = @i; commit; \
        start transaction; set @i = (select id from children order by rand() limit 1); update children set v = v + 1 where id = @i; insert into history select 'c', id, v from children where id = @i; commit";
    let in_copy_of = |backup: &str, sql: &str| {
        let copy = format!("copy_{}", &backup.to_lowercase().replace('-', "_"));
        restored(&ctl, backup, "maria", &copy);
        server.sql(&copy, sql)
    };
    Story {
        ctl: &ctl,
        name: "maria",
        sql: &|sql| server.sql("writers", sql),
        in_copy_of: &in_copy_of,
        writer: &|| server.keep_writing("writers", writing),
        changer: &|| {
            server.keep_writing("writers", "start transaction; set @i = 2001 + floor(rand() * 500); update events set v = v + 1 where id = @i; insert into history select 'e', id, v from events where id = @i; commit")
        },
    }
    .run();
}

fn on_sqlite(journal: &str) {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("writers.sqlite");
    sqlite(&file, &format!("pragma journal_mode = {journal}"));
    sqlite(&file, TABLES);
    sqlite(
        &file,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500) insert into events select i, i <= 2000, 0 from n;
         insert into children select id, id * 3, 0 from events where id <= 600;
         insert into history select 'e', id, v from events union all select 'c', id, v from children;",
    );
    ctl.run(&["connection", "add", "lite", "--url", &format!("sqlite://{}", file.display())]).ok();
    let in_copy_of = |backup: &str, sql: &str| {
        let copy = ctl.outside(&format!("{backup}.sqlite"));
        restored(&ctl, backup, "lite", copy.to_str().unwrap());
        sqlite(&copy, sql)
    };
    Story {
        ctl: &ctl,
        name: "lite",
        sql: &|sql| ask(&file, sql),
        in_copy_of: &in_copy_of,
        writer: &|| keep_writing(&file, &format!("{INSERT}{CHANGE}{HANG}{CHANGE_HANGING}")),
        changer: &|| {
            keep_writing(&file, &CHANGE.replace("1 + abs(random()) % 2000", "2001 + abs(random()) % 500"))
        },
    }
    .run();
}

/// Beside a writer with a rollback journal the program finds the file locked now and then, whatever its timeout.
fn ask(file: &Path, sql: &str) -> String {
    for _ in 0..100 {
        let asked = Command::new("sqlite3")
            .args(["-batch", "-cmd", ".timeout 5000"])
            .arg(file)
            .arg(sql)
            .output()
            .expect("sqlite3 starts");
        if asked.status.success() {
            return String::from_utf8(asked.stdout).unwrap().trim().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("the file is never free");
}

const INSERT: &str = "begin immediate; update r set i = (select max(id) + 1 from history where kind = 'e'); insert into events select i, 1, 0 from r; insert into history select 'e', i, 0 from r; commit;\n";
const CHANGE: &str = "begin immediate; update r set i = 1 + abs(random()) % 2000; update events set v = v + 1 where id = (select i from r); insert into history select 'e', id, v from events where id = (select i from r); commit;\n";
const HANG: &str = "begin immediate; update r set i = (select max(id) + 1 from history where kind = 'c'); insert into children select (select i from r), id, 0 from events where old = 1 order by random() limit 1; insert into history select 'c', id, v from children where id = (select i from r); commit;\n";
const CHANGE_HANGING: &str = "begin immediate; update r set i = (select id from children order by random() limit 1); update children set v = v + 1 where id = (select i from r); insert into history select 'c', id, v from children where id = (select i from r); commit;\n";

/// With pauses: a rollback journal lets nobody read beside a writer that never stops.
fn keep_writing(file: &Path, writing: &str) -> Child {
    let mut child = Command::new("sqlite3")
        .arg("-batch")
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("sqlite3 starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let begin =
        ".timeout 10000\npragma foreign_keys = on;\ncreate temp table r (i);\ninsert into r values (0);\n";
    let writing = writing.to_owned();
    std::thread::spawn(move || {
        let mut more = stdin.write_all(begin.as_bytes()).is_ok();
        while more {
            more = stdin.write_all(writing.as_bytes()).is_ok();
            std::thread::sleep(std::time::Duration::from_millis(8));
        }
    });
    child
}

#[test]
fn on_sqlite_with_a_log() {
    on_sqlite("wal");
}

#[test]
fn on_sqlite_with_a_rollback_journal() {
    on_sqlite("delete");
}
