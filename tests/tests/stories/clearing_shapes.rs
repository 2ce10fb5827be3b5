//! Deleting rows of tables that are not plain: trees, circles, no key, odd keys, no transactions, rows that others lose.
#![allow(clippy::unwrap_used)]

use holdfast_tests::ctl::{Ctl, Said};
use holdfast_tests::sqlite::run as sqlite;
use holdfast_tests::{mariadb, postgres};
use serde_json::Value;

/// Keeps a rule for these rows of a table.
fn rule(ctl: &Ctl, name: &str, table: &str, condition: &str) -> Said {
    ctl.run(&[
        "--json",
        "cleanup",
        "rule",
        table,
        "--connection",
        name,
        "--table",
        table,
        "--where",
        condition,
        "--batch",
        "3",
    ])
}

fn cleaned(ctl: &Ctl, name: &str, table: &str, condition: &str) -> Value {
    rule(ctl, name, table, condition).ok();
    ctl.json(&["cleanup", "run", table])["outcome"].clone()
}

fn cleared(ctl: &Ctl, name: &str, table: &str) -> Value {
    let bare = table.rsplit('.').next().unwrap();
    ctl.json(&["cleanup", "table", name, table, "--confirm", bare])["outcome"].clone()
}

fn preview(ctl: &Ctl, name: &str, table: &str, condition: &str) -> Value {
    ctl.json(&[
        "cleanup",
        "rule",
        table,
        "--connection",
        name,
        "--table",
        table,
        "--where",
        condition,
        "--dry-run",
    ])
}

/// Rows of a table in a backup.
fn held(ctl: &Ctl, backup: &Value, table: &str) -> Option<u64> {
    let shown = ctl.json(&["backup", "show", backup.as_str().unwrap()]);
    let tables = shown["snapshot"]["tables"].as_array().or(shown["tables"].as_array()).unwrap().clone();
    let found = tables.iter().find(|held| held["table"]["name"] == table || held["name"] == table)?;
    found["rows"].as_u64()
}

#[test]
fn postgres_trees_circles_and_rows_that_lose_a_value() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database shapes");
    server.run_script(
        "shapes",
        "create table logs (id int not null, day date not null, primary key (id, day)) partition by range (day);
         create table logs_old partition of logs for values from ('2020-01-01') to ('2021-01-01');
         create table logs_new partition of logs for values from ('2021-01-01') to ('2030-01-01');
         insert into logs select i, date '2020-01-01' + i from generate_series(1, 10) i; insert into logs values (50, '2025-01-01');
         create table notes (id int primary key, log int, day date, foreign key (log, day) references logs on delete set null);
         insert into notes values (1, 3, '2020-01-04'), (2, 50, '2025-01-01');
         create table animals (id int primary key); create table dogs (name text) inherits (animals);
         insert into animals values (1), (2); insert into dogs values (3, 'a'), (4, 'b');
         create table tree (id int primary key, up int references tree on delete cascade, old bool);
         insert into tree values (1, null, true), (2, 1, true), (3, 2, false), (4, null, false);
         create table grand (id int primary key); create table father (id int primary key, up int references grand on delete cascade);
         create table son (id int primary key, up int references father on delete cascade);
         insert into grand values (1), (2); insert into father values (1, 1); insert into son values (1, 1);
         create rule loud as on delete to grand do also notify grand;
         create extension postgres_fdw; create server far foreign data wrapper postgres_fdw;
         create table parts (id int) partition by list (id); create table near partition of parts for values in (1);
         create foreign table away partition of parts for values in (2) server far;
         create view shown as select * from logs",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "pg", "--url", &server.url("shapes")]).ok();
    let sql = |sql: &str| server.psql("shapes", sql);

    let done = cleaned(&ctl, "pg", "logs", "day < '2021-01-01'");
    assert_eq!((&done["deleted"], &done["left"]), (&Value::from(10), &Value::from(1)), "{done}");
    assert_eq!(sql("select log is null and day is null from notes where id = 1"), "t");
    assert_eq!(held(&ctl, &done["backup_id"], "logs_old"), Some(10), "partitions are in the archive");
    assert_eq!(held(&ctl, &done["backup_id"], "notes"), Some(2), "and what loses a value");

    let done = cleaned(&ctl, "pg", "animals", "id in (2, 3)");
    assert_eq!(done["deleted"], 2, "{done}");
    assert_eq!(held(&ctl, &done["backup_id"], "dogs"), Some(2), "tables that inherit are in the archive");
    assert_eq!(cleared(&ctl, "pg", "animals")["deleted"], 2);

    let done = cleaned(&ctl, "pg", "tree", "old");
    assert_eq!(
        (sql("select string_agg(id::text, ',') from tree"), &done["left"]),
        ("4".into(), &Value::from(1))
    );

    let done = cleaned(&ctl, "pg", "grand", "id = 1");
    assert_eq!((&done["deleted"], sql("select count(*) from son")), (&Value::from(1), "0".into()));
    assert_eq!(held(&ctl, &done["backup_id"], "son"), Some(1));
    let remarks = preview(&ctl, "pg", "grand", "id = 7")["remarks"].clone();
    assert!(remarks[0].as_str().unwrap().contains("the rule loud"), "{remarks}");

    assert_eq!(cleared(&ctl, "pg", "logs")["deleted"], 1, "a partitioned table as a whole");
    // Rows elsewhere: no archive here holds them.
    let plan = ctl.json(&["cleanup", "table", "pg", "near", "--dry-run"])["plan"].clone();
    assert_eq!(plan["blockers"].as_array().unwrap().len(), 0, "{plan}");
    rule(&ctl, "pg", "shown", "true").fails_with(1);
}

#[test]
fn a_postgres_table_that_is_altered_meanwhile_keeps_its_rows() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database altered");
    server.psql("altered", "create table events (id int primary key, old bool); insert into events select i, i < 90 from generate_series(1, 100) i");
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "pg", "--url", &server.url("altered")]).ok();
    rule(&ctl, "pg", "events", "old").ok();
    let mut altering =
        server.keep_writing("altered", "alter table events set (fillfactor = 90); select pg_sleep(0.05)");
    let refused = ctl.run(&["--json", "cleanup", "run", "events"]).fails_with(1).json();
    altering.kill().unwrap();
    altering.wait().unwrap();
    assert_eq!(refused["error"]["code"], "source_changed", "{refused}");
    assert_eq!(server.psql("altered", "select count(*) from events"), "100");
}

#[test]
fn mariadb_without_key_without_transactions_and_with_odd_keys() {
    let server = mariadb::Server::shared();
    server.sql("", "create database shapes; create database other");
    server.sql(
        "shapes",
        "create table keyless (id int, what float); insert into keyless values (1, 0.1), (1, 0.1), (2, 3e10), (3, null);
         create table plain (id int primary key, old int) engine=MyISAM; insert into plain values (1, 1), (2, 0), (3, 1);
         create table odd (a varchar(20) character set latin1, b bigint unsigned, c varbinary(10), d datetime(3), e float, primary key (a, b, c, d)) collate latin1_swedish_ci;
         insert into odd values ('ü\\'', 18446744073709551615, x'00ff', '2020-01-01 00:00:00.123', 0.1), ('u', 9007199254740993, '', '2020-01-01', 0.2), ('U2', 9007199254740992, 'x', '2020-01-01', 0.3), ('stays', 1, '', '2020-01-01', 1);
         create table tree (id int primary key, up int, old int, foreign key (up) references tree (id) on delete cascade);
         insert into tree values (1, null, 1), (2, 1, 1), (3, 2, 0), (4, null, 0);
         create table grand (id int primary key); create table father (id int primary key, up int, foreign key (up) references grand (id) on delete cascade);
         create table son (id int primary key, up int, foreign key (up) references father (id) on delete set null);
         insert into grand values (1), (2); insert into father values (1, 1); insert into son values (1, 1);
         create table known (id int primary key); insert into known values (1), (2);
         create table other.far (id int primary key, up int, foreign key (up) references shapes.known (id) on delete cascade); insert into other.far values (1, 2);",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "maria", "--url", &server.url("shapes")]).ok();
    let sql = |sql: &str| server.sql("shapes", sql);

    let remarks = preview(&ctl, "maria", "keyless", "id = 1")["remarks"].clone();
    assert!(remarks[0].as_str().unwrap().contains("no primary key"), "{remarks}");
    assert_eq!(cleaned(&ctl, "maria", "keyless", "id = 1")["deleted"], 2);
    let remarks = preview(&ctl, "maria", "plain", "old")["remarks"].clone();
    assert!(remarks[0].as_str().unwrap().contains("without transactions"), "{remarks}");
    assert_eq!(cleaned(&ctl, "maria", "plain", "old")["deleted"], 2);
    assert_eq!(cleared(&ctl, "maria", "plain")["deleted"], 1);
    assert_eq!(cleaned(&ctl, "maria", "odd", "a <> 'stays'")["deleted"], 3);
    assert_eq!(sql("select a from odd"), "stays");
    assert_eq!(cleaned(&ctl, "maria", "tree", "old")["left"], 1);
    assert_eq!(sql("select id from tree"), "4");
    let done = cleaned(&ctl, "maria", "grand", "id = 1");
    assert_eq!((&done["deleted"], sql("select count(*) from father")), (&Value::from(1), "0".into()));
    assert_eq!(sql("select up is null from son"), "1");
    assert_eq!(
        (held(&ctl, &done["backup_id"], "father"), held(&ctl, &done["backup_id"], "son")),
        (Some(1), Some(1))
    );
    // Rows of another database go along: this one's backups do not hold them.
    let refused = preview(&ctl, "maria", "known", "id = 1")["blockers"].clone();
    assert!(refused[0].as_str().unwrap().contains("the database other"), "{refused}");
    rule(&ctl, "maria", "known", "id = 1").fails_with(1);

    // Somebody writes to the one without a key: nothing goes, and it says so.
    rule(&ctl, "maria", "keyless", "id = 2").ok();
    let mut writing = server.keep_writing("shapes", "insert into keyless values (9, rand()); do sleep(0.05)");
    let refused = ctl.run(&["--json", "cleanup", "run", "keyless"]).fails_with(1).json();
    writing.kill().unwrap();
    writing.wait().unwrap();
    assert_eq!(refused["error"]["code"], "source_changed", "{refused}");
    assert_eq!(sql("select count(*) from keyless where id = 2"), "1");
}

#[test]
fn sqlite_without_row_ids_and_in_circles() {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("shapes.sqlite");
    sqlite(
        &file,
        "create table pairs (a text, b, primary key (a, b)) without rowid;
         insert into pairs values ('x', 1), ('x', x'00'), ('y', 'z'), ('y', 2.5), ('stays', 1);
         create table tree (id integer primary key, up references tree on delete cascade, old);
         insert into tree values (1, null, 1), (2, 1, 1), (3, 2, 0), (4, null, 0);
         create table grand (id integer primary key); create table father (id integer primary key, up references grand on delete cascade);
         create table son (id integer primary key, up references father on delete set null);
         insert into grand values (1), (2); insert into father values (1, 1); insert into son values (1, 1);
         create table loose (v, g as (v || 'x')); insert into loose values (1), (1.0), ('1'), (x'31'), (null), ('stays');
         create table gone (id); create trigger loud after delete on loose begin insert into gone values (1); end;",
    );
    ctl.run(&["connection", "add", "lite", "--url", &format!("sqlite://{}", file.display())]).ok();
    let sql = |text: &str| sqlite(&file, text);
    assert_eq!(cleaned(&ctl, "lite", "pairs", "a <> 'stays'")["deleted"], 4);
    assert_eq!(cleaned(&ctl, "lite", "tree", "old")["left"], 1);
    assert_eq!(sql("select id from tree"), "4");
    let done = cleaned(&ctl, "lite", "grand", "id = 1");
    assert_eq!((&done["deleted"], sql("select count(*) from father")), (&Value::from(1), "0".into()));
    assert_eq!(sql("select up is null from son"), "1");
    assert_eq!(
        (held(&ctl, &done["backup_id"], "father"), held(&ctl, &done["backup_id"], "son")),
        (Some(1), Some(1))
    );
    let remarks = preview(&ctl, "lite", "loose", "v = 1")["remarks"].clone();
    assert!(remarks[0].as_str().unwrap().contains("the trigger loud"), "{remarks}");
    assert_eq!(cleaned(&ctl, "lite", "loose", "v is not 'stays'")["deleted"], 5);
    assert_eq!(sql("select count(*) from gone"), "5");
}
