//! MariaDB through `holdfastctl`, with `mariadb-dump` and `mariadb` as witnesses.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use holdfast_tests::ctl::Ctl;
use holdfast_tests::files::same;
use holdfast_tests::mariadb::Server;

/// Every kind of value, and every kind of definition.
const VALUES: &str = holdfast_testkit::fixtures::MARIADB_VALUES;
const CODE: &str = holdfast_testkit::fixtures::MARIADB_CODE;

fn connected(server: &Server, database: &str) -> Ctl {
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", database, "--url", &server.url(database)]).ok();
    ctl
}

fn make_everything(server: &Server, database: &str) {
    server.sql("", &format!("CREATE DATABASE {database} COLLATE utf8mb4_bin COMMENT 'It''s'"));
    server.sql(database, &format!("{VALUES}\n{CODE}"));
}

#[test]
fn everything_comes_back_as_mariadb_dump_sees_it() {
    let server = Server::shared();
    make_everything(server, "everything");
    let ctl = connected(server, "everything");
    let before = server.dump("everything");
    let created = ctl.json(&["backup", "create", "everything", "--prove"]);
    let id = created["id"].as_str().unwrap().to_owned();
    assert_eq!(created["backup"]["level"], "restored", "{created}");
    let copy = ctl.json(&["restore", &id, "--to", "everything", "--database", "everything_copy"]);
    assert_eq!(copy["restore"]["database"], "everything_copy");
    same(&server.dump("everything_copy"), &before, "the restored copy prints the same");

    let exported = ctl.outside("everything.sql");
    ctl.run(&["backup", "export", &id, "--to", exported.to_str().unwrap()]).ok();
    server.sql("", "CREATE DATABASE everything_sql");
    server.run_file("everything_sql", &exported);
    same(&server.dump("everything_sql"), &before, "the export loads to the same");

    let elsewhere =
        Server::start_with(&["--character-set-server=utf8mb4", "--sql-mode=ANSI_QUOTES,STRICT_ALL_TABLES"]);
    ctl.run(&["connection", "add", "elsewhere", "--url", &elsewhere.url("mysql")]).ok();
    ctl.run(&["restore", &id, "--to", "elsewhere", "--database", "everything"]).ok();
    same(&elsewhere.dump("everything"), &before, "another server, with other defaults, makes the same of it");
    assert_eq!(
        server.databases_like("everything"),
        "everything\neverything_copy\neverything_sql",
        "nothing is left behind"
    );
}

#[test]
fn replace_ends_sessions_keeps_the_old_one_and_undoes() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE swap_shop");
    server.sql("swap_shop", CODE);
    server
        .sql("swap_shop", "CREATE TABLE t (i INT PRIMARY KEY); INSERT INTO t SELECT seq FROM seq_1_to_1000");
    let ctl = connected(server, "swap_shop");
    let original = server.dump("swap_shop");
    let id = ctl.run(&["backup", "create", "swap_shop", "--json"]).ok().id();
    server.sql("swap_shop", "DELETE FROM t WHERE i > 10; DROP VIEW `z view`; DROP VIEW `a view of a view`; CREATE VIEW later AS SELECT i FROM t; DROP TRIGGER third; DROP EVENT `each day`");
    let changed = server.dump("swap_shop");
    let mut busy = server.open_session("swap_shop");
    let plan = ctl.json(&["restore", &id, "--to", "swap_shop", "--replace", "--dry-run"]);
    assert_eq!(plan["plan"]["sessions_to_end"].as_array().unwrap().len(), 1, "the open session is announced");
    assert_eq!(plan["plan"]["confirm_name"], "swap_shop");
    ctl.run(&["restore", &id, "--to", "swap_shop", "--replace"]).fails_with(3);
    let done = ctl.json(&["restore", &id, "--to", "swap_shop", "--replace", "--confirm", "swap_shop"]);
    same(&server.dump("swap_shop"), &original, "the live database is what the backup was");
    let kept = done["restore"]["kept_as"].as_str().expect("the old one is kept").to_owned();
    assert_eq!(server.sql(&kept, "SELECT count(*) FROM later"), "10");
    let restore = done["id"].as_str().unwrap().to_owned();
    ctl.run(&["restore", "undo", &restore]).ok();
    same(&server.dump("swap_shop"), &changed, "undo brings back what was replaced");
    ctl.run(&["restore", "release", &restore]).ok();
    assert_eq!(server.databases_like("swap_shop"), "swap_shop", "release leaves nothing behind");
    busy.kill().expect("the session's program can be ended");
    busy.wait().expect("and it ends");
}

#[test]
fn definers_are_kept_or_mapped_and_missing_rights_are_said() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE definers");
    server.sql("definers", CODE);
    server.sql("", "CREATE USER limited@'%' IDENTIFIED BY 'pw'; GRANT ALL ON `definers%`.* TO limited@'%'; GRANT SELECT ON mysql.proc TO limited@'%'");
    let ctl = connected(server, "definers");
    let id = ctl.run(&["backup", "create", "definers", "--json"]).ok().id();
    let plan = ctl.json(&["restore", &id, "--to", "definers", "--dry-run"])["plan"].clone();
    assert!(plan["warnings"].to_string().contains("nobody@nowhere"), "a definer that does not exist: {plan}");
    let url = server.url_as("definers", "limited").replace("limited@", "limited:pw@");
    ctl.run(&["connection", "add", "limited", "--url", &url]).ok();
    let plan = ctl.json(&["restore", &id, "--to", "limited", "--dry-run"])["plan"].clone();
    assert!(plan["blockers"].to_string().contains("--map-definers"), "{plan}");
    ctl.run(&["restore", &id, "--to", "limited", "--database", "definers_copy"]).fails_with(1);
    ctl.run(&["restore", &id, "--to", "limited", "--database", "definers_copy", "--map-definers"]).ok();
    let copy = server.dump("definers_copy");
    assert!(copy.contains("DEFINER=`limited`@`%`") && !copy.contains("nobody"), "{copy}");
    server.sql("", "CREATE USER reader@'%' IDENTIFIED BY 'pw'; GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON definers.* TO reader@'%'");
    let url = server.url_as("definers", "reader").replace("reader@", "reader:pw@");
    ctl.run(&["connection", "add", "reader", "--url", &url]).ok();
    let plan = ctl.json(&["restore", &id, "--to", "reader", "--dry-run"])["plan"].clone();
    assert!(plan["blockers"].to_string().contains("may not create databases"), "{plan}");
}

#[test]
fn killed_while_it_replaces_the_live_database_is_old_or_new() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE kill_shop");
    server.sql("kill_shop", &CODE.replace("SIDE", "new"));
    server.sql("kill_shop", "CREATE TABLE filler AS SELECT seq i, md5(seq) t FROM seq_1_to_30000");
    let ctl = connected(server, "kill_shop");
    let new = server.dump("kill_shop");
    let id = ctl.run(&["backup", "create", "kill_shop", "--json"]).ok().id();
    server
        .sql("kill_shop", "DELETE FROM filler WHERE i > 7; DROP TRIGGER third; DROP VIEW `a view of a view`");
    let old = server.dump("kill_shop");
    let replace = ["restore", &id, "--to", "kill_shop", "--replace", "--confirm", "kill_shop", "--json"];
    let begun = std::time::Instant::now();
    let whole = ctl.run(&replace).ok().id();
    let full = begun.elapsed();
    ctl.run(&["restore", "undo", &whole]).ok();
    ctl.run(&["restore", "release", &whole]).ok();
    for round in 0..4_u32 {
        let mut child = ctl.start(&replace);
        // The moment is the point of the test: there is no event to wait for. Most of them are near the swap.
        std::thread::sleep(full.mul_f64(0.55 + 0.12 * f64::from(round)));
        child.kill().expect("the process can be killed");
        child.wait().expect("the process ends");
        // The next start tidies up.
        let restores = ctl.json(&["call", "restore.list", "{}"]);
        let last = &restores["restores"][0];
        let now = server.dump("kill_shop");
        match last["state"].as_str().unwrap() {
            "done" => {
                same(&now, &new, "round by round: new");
                ctl.run(&["restore", "undo", last["id"].as_str().unwrap()]).ok();
                ctl.run(&["restore", "release", last["id"].as_str().unwrap()]).ok();
            }
            _ => same(&now, &old, "round by round: old"),
        }
        same(&server.dump("kill_shop"), &old, "put back");
    }
    assert_eq!(server.databases_like("kill_shop"), "kill_shop", "nothing is left behind");
}

#[test]
fn a_server_that_dies_under_a_restore_leaves_the_live_database_alone() {
    let server = Server::start_with(&[]);
    server.sql("", "CREATE DATABASE dying");
    server.sql("dying", "CREATE TABLE filler AS SELECT seq i, repeat(md5(seq), 20) t FROM seq_1_to_60000");
    let ctl = connected(&server, "dying");
    let id = ctl.run(&["backup", "create", "dying", "--json"]).ok().id();
    let before = server.dump("dying");
    let child = ctl.start(&["restore", &id, "--to", "dying", "--database", "dying_copy", "--json"]);
    while server.databases_like("dying_").is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    server.kill();
    let said = holdfast_tests::ctl::Said::from(child.wait_with_output().unwrap()).fails_with(1);
    assert!(
        ["connection_lost", "connection_refused"].contains(&said.json()["error"]["code"].as_str().unwrap()),
        "{}",
        said.stdout
    );
    server.start_again();
    ctl.run(&["connection", "list"]).ok();
    ctl.run(&["restore", &id, "--to", "dying", "--database", "dying_copy"]).ok();
    same(&server.dump("dying_copy"), &before, "the next try works");
    assert_eq!(server.databases_like("dying"), "dying\ndying_copy", "what was half done is gone");
}

#[test]
fn a_schema_that_changes_under_a_backup_is_noticed() {
    let server = Server::start_with(&[]);
    server.sql("", "CREATE DATABASE moving");
    server.sql("moving", "CREATE TABLE filler AS SELECT seq i, repeat(md5(seq), 10) t FROM seq_1_to_60000");
    let ctl = connected(&server, "moving");
    let mut altering = server.keep_writing(
        "moving",
        "ALTER TABLE filler ADD COLUMN x INT; ALTER TABLE filler DROP COLUMN x; RENAME TABLE filler TO other; RENAME TABLE other TO filler; DO SLEEP(0.2)",
    );
    for _ in 0..3 {
        let said = ctl.run(&["backup", "create", "moving", "--prove", "--json"]);
        assert!(
            said.code == 0 || said.json()["error"]["code"] == "source_changed",
            "never an empty table: {}",
            said.stdout
        );
    }
    altering.kill().expect("the writer can be ended");
    altering.wait().expect("and it ends");
}
