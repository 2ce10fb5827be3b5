//! Foreign SQL into MariaDB through `holdfastctl`, with `mariadb-dump` as the writer of the files and as the witness.
#![allow(clippy::unwrap_used)]

use std::process::Stdio;
use std::time::Duration;

use holdfast_tests::ctl::Ctl;
use holdfast_tests::files::{gzip, same, write};
use holdfast_tests::mariadb::Server;

const VALUES: &str = holdfast_testkit::fixtures::MARIADB_VALUES;
const CODE: &str = holdfast_testkit::fixtures::MARIADB_CODE;

fn connected(server: &Server, database: &str) -> Ctl {
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", database, "--url", &server.url(database)]).ok();
    ctl
}

/// What the server's own program writes, as administrators call it.
fn dumped(server: &Server, arguments: &[&str]) -> Vec<u8> {
    let output = server.client("mariadb-dump").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn text_of_mariadb_dump_gives_the_same_database() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE rich COLLATE utf8mb4_bin COMMENT 'It''s'");
    server.sql("rich", &format!("{VALUES}\n{CODE}"));
    // Its files store a date like this one otherwise: see below.
    server.sql("rich", "UPDATE dates SET z = '2024-02-28' WHERE z = '2024-02-31'");
    // The dump program's own files do not load with this: it writes a view that cannot be updated in the other's place first.
    server.sql("rich", "DROP VIEW `a view of a view`");
    let ctl = connected(server, "rich");
    let before = server.dump("rich");
    let plain =
        dumped(server, &["--routines", "--events", "--triggers", "--hex-blob", "--dump-history", "rich"]);
    for (name, bytes) in [
        ("plain", plain.clone()),
        ("gzipped", gzip(&plain)),
        ("zstandard", zstd::encode_all(&plain[..], 3).unwrap()),
    ] {
        // the name says nothing about the content
        let file = write(&ctl, &format!("{name}.txt"), bytes);
        let database = format!("rich_{name}");
        let done = ctl.json(&["import", &file, "--to", "rich", "--database", &database]);
        assert_eq!(done["restore"]["database"], database.as_str());
        assert_eq!(done["restore"]["imported_from"], file.as_str());
        same(&server.dump(&database), &before, name);
    }
    // with --databases the file makes its own database and goes into it: that is the target here, with its defaults
    server.sql("", "CREATE DATABASE german COLLATE latin1_german1_ci; CREATE TABLE german.t (a TEXT); INSERT INTO german.t VALUES ('ä')");
    let whole = write(
        &ctl,
        "whole.sql",
        dumped(server, &["--databases", "german", "--add-drop-database", "--skip-extended-insert"]),
    );
    let plan = ctl.json(&["import", &whole, "--to", "rich", "--dry-run"]);
    assert_eq!(plan["plan"]["report"]["dialect"], "mysql");
    assert_eq!(plan["plan"]["one_transaction"], false);
    ctl.run(&["import", &whole, "--to", "rich", "--database", "rich_german"]).ok();
    let defaults = |name: &str| {
        server.sql(
            "",
            &format!(
                "SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = '{name}'"
            ),
        )
    };
    assert_eq!(
        (defaults("rich_german"), server.sql("rich_german", "SELECT a FROM t")),
        ("latin1_german1_ci".into(), "ä".into())
    );
    assert_eq!(server.databases_like("german"), "german", "and not its own");
    assert_eq!(server.databases_like("rich"), "rich\nrich_german\nrich_gzipped\nrich_plain\nrich_zstandard");
}

#[test]
fn an_error_in_the_last_statement_leaves_nothing() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE failing; CREATE TABLE failing.live (i INT)");
    let ctl = connected(server, "failing");
    let before = server.dump("failing");
    for (text, line, code, secret) in [
        (
            "CREATE TABLE a (i INT PRIMARY KEY);\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);\nINSERT INTO a\n VALUES (3),\n ('secret-4711');\n",
            "Line 4",
            "1366",
            "4711",
        ),
        (
            "CREATE TABLE a (i INT PRIMARY KEY);\nINSERT INTO a VALUES (4711);\nINSERT INTO a VALUES (4711);\n",
            "Line 3",
            "1062",
            "4711",
        ),
        (
            "CREATE TABLE a (i INT);\nINSERT INTO a\n VALUES (1),\n (2) 'secret-4711' nonsense;\n",
            "Line 4",
            "1064",
            "4711",
        ),
        (
            "CREATE TABLE a (i INT);\nDELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n SELECT 1;\n SELEKT 2;\nEND//\n",
            "Line 6",
            "1064",
            "there is no secret",
        ),
        (
            "CREATE TABLE a (i INT);\nINSERT INTO nowhere VALUES (1);\n",
            "Line 2",
            "1146",
            "there is no secret",
        ),
    ] {
        let file = write(&ctl, "failing.sql", text);
        let said = ctl
            .run(&["import", &file, "--to", "failing", "--dialect", "mysql", "--database", "failed"])
            .fails_with(1);
        assert!(said.stderr.contains(line) && said.stderr.contains(code), "{text}: {}", said.stderr);
        assert!(!said.stderr.contains(secret), "no value is shown: {}", said.stderr);
        ctl.run(&[
            "import",
            &file,
            "--to",
            "failing",
            "--dialect",
            "mysql",
            "--replace",
            "--confirm",
            "failing",
        ])
        .fails_with(1);
        same(&server.dump("failing"), &before, text);
    }
    assert_eq!(server.databases_like("fail"), "failing", "nothing is left behind");
}

#[test]
fn the_live_database_is_replaced_whole_and_put_back() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE living; CREATE TABLE living.t (i INT); INSERT INTO living.t VALUES (1)");
    let ctl = connected(server, "living");
    let before = server.dump("living");
    let other = write(
        &ctl,
        "other.sql",
        "USE `shop`;\nSET autocommit = 0;\nSTART TRANSACTION;\nCREATE TABLE other (i INT);\nINSERT INTO other VALUES (1);\nINSERT INTO other VALUES (2);\n\
         CREATE EVENT each_day ON SCHEDULE EVERY 1 DAY DO INSERT INTO other VALUES (3);\nINSERT INTO other VALUES (4);\n",
    );
    let live = ["import", &other, "--to", "living", "--dialect", "mysql", "--into-live"];
    let said = ctl.run(&[&live[..], &["--confirm", "living"]].concat()).fails_with(1);
    assert!(said.stderr.contains("end a transaction at every definition"), "{}", said.stderr);
    let done = ctl.json(&[
        "import",
        &other,
        "--to",
        "living",
        "--dialect",
        "mysql",
        "--replace",
        "--confirm",
        "living",
    ]);
    assert_eq!(server.sql("living", "SELECT group_concat(i) FROM other"), "1,2,4");
    assert_eq!(
        server.sql("living", "SELECT status FROM information_schema.events WHERE event_schema = 'living'"),
        "ENABLED"
    );
    assert_eq!(ctl.backups().len(), 1, "a safety backup was taken");
    assert!(done["restore"]["remarks"].to_string().contains("left a transaction open"), "{done}");
    ctl.run(&["restore", "undo", done["id"].as_str().unwrap()]).ok();
    same(&server.dump("living"), &before, "undone");
    ctl.run(&["restore", "release", done["id"].as_str().unwrap()]).ok();
    assert_eq!(server.databases_like("living"), "living");
}

#[test]
fn what_reaches_beyond_the_target_is_refused_with_its_line() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE careful; CREATE TABLE careful.t (i INT)");
    let ctl = connected(server, "careful");
    for (text, line) in [
        ("SELECT 1;\n\\! touch /tmp/holdfast-was-here\n", "line 2"),
        ("\nsource /etc/passwd\n", "line 2"),
        ("system id\n", "line 1"),
        ("USE one;\nUSE two;\n", "line 2"),
        ("CREATE DATABASE one;\nCREATE DATABASE `two`;", "line 2"),
        ("DROP DATABASE one; DROP DATABASE careful;", "line 1"),
        ("INSERT INTO careful.t VALUES (1);", "line 1"),
        ("DROP TABLE a, careful.t;", "line 1"),
        ("CREATE TABLE a (i INT);\nRENAME TABLE a TO careful.b;", "line 2"),
        ("CREATE USER x IDENTIFIED BY 'hunter2';", "line 1"),
        ("SET GLOBAL max_connections = 1;", "line 1"),
        ("LOAD DATA INFILE '/etc/passwd' INTO TABLE t;", "line 1"),
        ("SELECT 1 INTO OUTFILE '/tmp/x';", "line 1"),
        ("SELECT 'open", "Line 1"),
    ] {
        let file = write(&ctl, "careful.sql", text);
        let said = ctl.run(&["import", &file, "--to", "careful", "--dialect", "mysql"]).fails_with(1);
        assert!(said.stderr.contains(line), "{text}: {}", said.stderr);
        assert!(!said.stderr.contains("hunter2"));
    }
    assert_eq!(server.databases_like("careful"), "careful");
    assert_eq!(server.sql("careful", "SELECT count(*) FROM t"), "0");
    let owned = write(
        &ctl,
        "owned.sql",
        "CREATE TABLE t (i INT);\n/*!50013 CREATE DEFINER=`gone`@`%` VIEW v AS SELECT i FROM t */;\nGRANT SELECT ON t TO x;\n",
    );
    let command = ["import", &owned, "--to", "careful", "--dialect", "mysql", "--database", "careful_new"];
    ctl.run(&command).fails_with(1);
    ctl.run(&[&command[..], &["--without-owners"]].concat()).ok();
    assert!(server.dump("careful_new").contains("DEFINER=`root`@"));
}

#[test]
fn a_kill_in_the_middle_leaves_nothing_after_the_next_start() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE killed; CREATE TABLE killed.live (i INT)");
    let ctl = connected(server, "killed");
    let before = server.dump("killed");
    let slow = write(&ctl, "slow.sql", "CREATE TABLE a (i INT);\nINSERT INTO a VALUES (1);\nDO SLEEP(60);\n");
    for rest in [vec!["--database", "killed_new"], vec!["--replace", "--confirm", "killed"]] {
        let command = [&["import", &slow, "--to", "killed", "--dialect", "mysql"][..], &rest].concat();
        let mut child = ctl.command(&command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // until it is in the middle of the statements
        let sleeping = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(60)%' AND id <> connection_id()";
        while server.sql("", sleeping) == "0" {
            assert!(child.try_wait().unwrap().is_none(), "{command:?} never got there");
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let list = ctl.json(&["restore", "list"]);
        assert_eq!(list["restores"][0]["state"], "interrupted", "{command:?}");
        assert_eq!(server.databases_like("killed"), "killed", "{command:?}");
        same(&server.dump("killed"), &before, "the live one is as it was");
    }
}

#[test]
fn rows_that_the_server_changes_are_told() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE lenient");
    let ctl = connected(server, "lenient");
    let text = "SET sql_mode = '';\nCREATE TABLE t (d DATE);\nINSERT INTO t VALUES ('2024-02-28');\nINSERT INTO t VALUES ('2024-02-31');\nINSERT INTO t VALUES ('x');\n";
    let file = write(&ctl, "lenient.sql", text);
    let done =
        ctl.json(&["import", &file, "--to", "lenient", "--dialect", "mysql", "--database", "lenient_new"]);
    assert!(done["restore"]["remarks"].to_string().contains("in 2 statements, first in line 4"), "{done}");
}

#[test]
fn many_small_statements_and_large_ones_stay_in_bounds() {
    let server = Server::shared();
    server.sql("", "CREATE DATABASE bulk");
    let ctl = connected(server, "bulk");
    let mut text = String::from("CREATE TABLE t (i INT PRIMARY KEY, s LONGTEXT);\n");
    for number in 0..20_000 {
        text += &format!("INSERT INTO t VALUES ({number}, 'it''s \\'{number}\\' -- ; \\\\');\n");
    }
    text += &format!("INSERT INTO t VALUES (-1, '{}');\n", "x".repeat(8 << 20));
    let file = write(&ctl, "bulk.sql", &text);
    let done = ctl.json(&["import", &file, "--to", "bulk", "--dialect", "mysql", "--database", "bulk_new"]);
    assert!(done["restore"]["remarks"].to_string().contains("20002 statements, 20001 rows"), "{done}");
    assert_eq!(
        server.sql(
            "bulk_new",
            "SELECT count(*), max(length(s)), sum(s LIKE 'it''s ''%'' -- ; \\\\\\\\') FROM t"
        ),
        "20001\t8388608\t20000"
    );
}
