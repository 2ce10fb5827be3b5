//! Foreign SQL through `holdfastctl`, with the programs that wrote it as witnesses.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use holdfast_tests::ctl::Ctl;
use holdfast_tests::files::{gzip, write};
use holdfast_tests::postgres::Server;
use holdfast_tests::sqlite;

const RICH: &str = holdfast_testkit::fixtures::RICH;

fn connected(server: &Server, database: &str) -> Ctl {
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", database, "--url", &server.url(database)]).ok();
    ctl
}

fn shop(ctl: &Ctl) -> PathBuf {
    let shop = ctl.outside("shop.sqlite");
    sqlite::run(
        &shop,
        "create table t(a integer primary key, b text); insert into t values (1, 'one'), (2, 'two')",
    );
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", shop.display())]).ok();
    shop
}

/// What lies beside the connection's own file, besides what the test put there.
fn strays(folder: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.contains("restoring") || name.contains("partial") || name.contains("imported"))
        .collect()
}

#[test]
fn text_of_pg_dump_gives_the_same_database() {
    let server = Server::shared();
    server.psql("postgres", "create database rich");
    let ctl = connected(server, "rich");
    let schema = write(&ctl, "rich.sql", RICH);
    server.run_file("rich", Path::new(&schema));
    let before = server.pg_dump("rich", &[]);
    for (name, bytes) in [
        ("plain", before.clone().into_bytes()),
        ("gzipped", gzip(before.as_bytes())),
        ("zstandard", zstd::encode_all(before.as_bytes(), 3).unwrap()),
    ] {
        // the name says nothing about the content
        let file = write(&ctl, &format!("{name}.txt"), bytes);
        let database = format!("rich_{name}");
        let done = ctl.json(&["import", &file, "--to", "rich", "--database", &database]);
        assert_eq!(done["restore"]["database"], database.as_str());
        assert_eq!(done["restore"]["imported_from"], file.as_str());
        assert_eq!(server.pg_dump(&database, &[]), before, "{name}");
    }
    // with --create the file speaks of its own database: that is the target here
    let whole = write(&ctl, "create.sql", server.pg_dump("rich", &["--create"]));
    ctl.run(&["import", &whole, "--to", "rich", "--database", "rich_created"]).ok();
    assert_eq!(server.pg_dump("rich_created", &[]), before);
    // statements that forbid a transaction run all the same, in the database that nobody sees yet
    let loose = write(
        &ctl,
        "loose.sql",
        format!(
            "{before}\ncreate table public.more(i int); create index concurrently m on public.more(i); vacuum public.more;\n"
        ),
    );
    let plan = ctl.json(&["import", &loose, "--to", "rich", "--dry-run"]);
    assert_eq!(plan["plan"]["one_transaction"], false);
    ctl.run(&["import", &loose, "--to", "rich", "--database", "rich_loose"]).ok();
    ctl.run(&["import", &loose, "--to", "rich", "--into-live", "--confirm", "rich"]).fails_with(1);
}

#[test]
fn an_error_in_the_last_statement_leaves_nothing() {
    let server = Server::shared();
    server.psql("postgres", "create database failing");
    server.psql("failing", "create table live(i int)");
    let ctl = connected(server, "failing");
    let text = "create table a(i int);\ncopy a from stdin;\n1\n2\n\\.\ninsert into a\n values (3),\n ('secret-4711'::int);\n";
    let file = write(&ctl, "failing.sql", text);
    let said = ctl.run(&["import", &file, "--to", "failing", "--database", "failed"]).fails_with(1);
    assert!(said.stderr.contains("Line 8") && said.stderr.contains("22P02"), "{}", said.stderr);
    assert!(!said.stderr.contains("4711"), "no value is shown: {}", said.stderr);
    let rows = write(&ctl, "rows.sql", "create table a(i int);\ncopy a from stdin;\n1\nx-4712\n\\.\n");
    let said = ctl.run(&["import", &rows, "--to", "failing", "--database", "failed"]).fails_with(1);
    assert!(said.stderr.contains("Line 4") && !said.stderr.contains("4712"), "{}", said.stderr);
    let before = server.pg_dump("failing", &[]);
    ctl.run(&["import", &file, "--to", "failing", "--into-live", "--confirm", "failing"]).fails_with(1);
    ctl.run(&["import", &file, "--to", "failing", "--replace", "--confirm", "failing"]).fails_with(1);
    assert_eq!(server.pg_dump("failing", &[]), before);
    let left = server.psql("postgres", "select datname from pg_database where datname like 'fail%'");
    assert_eq!(left, "failing", "nothing is left behind");
}

#[test]
fn the_live_database_is_changed_whole_and_can_be_replaced_and_put_back() {
    let server = Server::shared();
    server.psql("postgres", "create database living");
    server.psql("living", "create table t(i int); insert into t values (1)");
    let ctl = connected(server, "living");
    let more =
        write(&ctl, "more.sql", "begin;\ninsert into t values (2);\ncommit;\ncreate table u(i int);\n");
    ctl.run(&["import", &more, "--to", "living", "--into-live"]).fails_with(3);
    let done = ctl.json(&["import", &more, "--to", "living", "--into-live", "--confirm", "living"]);
    assert_eq!(server.psql("living", "select count(*) from t, (select count(*) from u) x"), "2");
    assert_eq!(ctl.backups().len(), 1, "a safety backup was taken");
    assert!(done["restore"]["safety_backup_id"].is_string());
    let other = write(&ctl, "other.sql", "create table other(i int);\n");
    let done = ctl.json(&["import", &other, "--to", "living", "--replace", "--confirm", "living"]);
    assert_eq!(server.psql("living", "select count(*) from other"), "0");
    ctl.run(&["restore", "undo", done["id"].as_str().unwrap()]).ok();
    assert_eq!(server.psql("living", "select count(*) from t"), "2");
    ctl.run(&["restore", "release", done["id"].as_str().unwrap()]).ok();
}

#[test]
fn what_reaches_beyond_the_target_is_refused_with_its_line() {
    let server = Server::shared();
    server.psql("postgres", "create database careful");
    let ctl = connected(server, "careful");
    for (text, line) in [
        ("select 1;\n\\! touch /tmp/holdfast-was-here\n", "line 2"),
        ("\n\ncopy t from program 'id';", "line 3"),
        ("copy t to '/tmp/x';", "line 1"),
        ("create database other_one;\ncreate database third;", "line 2"),
        ("create role x password 'hunter2';", "line 1"),
        ("alter system set fsync = off;", "line 1"),
        ("select 'open", "Line 1"),
        ("create table t(i int);\ncopy t from stdin;\n1\n", "Line 2"),
    ] {
        let file = write(&ctl, "careful.sql", text);
        let said = ctl.run(&["import", &file, "--to", "careful", "--dialect", "postgres"]).fails_with(1);
        assert!(said.stderr.contains(line), "{text}: {}", said.stderr);
        assert!(!said.stderr.contains("hunter2"));
    }
    assert_eq!(
        server.psql("postgres", "select count(*) from pg_database where datname like 'careful%'"),
        "1"
    );
    let owned = write(&ctl, "owned.sql", "create table t(i int); alter table t owner to nobody_here;");
    let said = ctl.run(&["import", &owned, "--to", "careful", "--dialect", "postgres"]).fails_with(1);
    assert!(said.stderr.contains("nobody_here"), "{}", said.stderr);
    ctl.run(&["import", &owned, "--to", "careful", "--dialect", "postgres", "--without-owners"]).ok();
}

#[test]
fn text_of_sqlite3_gives_the_same_file() {
    let ctl = Ctl::with_vault();
    let shop = shop(&ctl);
    sqlite::run(
        &shop,
        "create table blobs(a blob, b real); insert into blobs values (x'00ff27', 1e300), (zeroblob(3), -0.1);
         create view v as select * from t; create index i on t(b);
         create trigger g after insert on t begin select case when 1 then 2 end; update t set b = 'x;' where a < 0; end;
         create virtual table f using fts5(body); insert into f values ('the quick; brown'), ('fox''s');
         create table n(id integer primary key autoincrement, p int references t(a)); insert into n(p) values (1);",
    );
    let dump = sqlite::run(&shop, ".dump") + "\n";
    for (name, bytes) in [("plain", dump.clone().into_bytes()), ("packed", gzip(dump.as_bytes()))] {
        let file = write(&ctl, name, bytes);
        let copy = ctl.outside(&format!("{name}.sqlite"));
        ctl.run(&["import", &file, "--to", "shop", "--database", copy.to_str().unwrap()]).ok();
        assert_eq!(sqlite::run(&copy, ".dump") + "\n", dump, "{name}");
        assert_eq!(sqlite::run(&copy, "select body from f where f match 'fox'"), "fox's");
    }
    let before = sqlite::hash(&shop);
    for (text, line) in [
        ("insert into t values (3, 'x');\n.shell id\n", "line 2"),
        ("attach '/tmp/x' as x;", "line 1"),
        ("select load_extension('x');", "line 1"),
        ("pragma temp_store_directory='/tmp';", "line 1"),
        ("insert into t values (3, 'x');\ninsert into t values (3, 'secret-4711');\n", "Line 2"),
    ] {
        let file = write(&ctl, "bad.sql", text);
        let said = ctl
            .run(&["import", &file, "--to", "shop", "--into-live", "--confirm", "shop.sqlite"])
            .fails_with(1);
        assert!(said.stderr.contains(line), "{text}: {}", said.stderr);
        assert!(!said.stderr.contains("4711"), "{}", said.stderr);
        assert_eq!(sqlite::hash(&shop), before, "{text}");
    }
    let file = write(&ctl, "good.sql", "insert into t values (3, 'three');\n");
    ctl.run(&["import", &file, "--to", "shop", "--into-live", "--confirm", "shop.sqlite"]).ok();
    assert_eq!(sqlite::run(&shop, "select count(*) from t"), "3");
    assert!(strays(shop.parent().unwrap()).is_empty(), "{:?}", strays(shop.parent().unwrap()));
}

#[test]
fn a_kill_in_the_middle_leaves_nothing_after_the_next_start() {
    let server = Server::shared();
    server.psql("postgres", "create database killed");
    server.psql("killed", "create table live(i int)");
    let ctl = connected(server, "killed");
    let shop = shop(&ctl);
    let (before, lite) = (server.pg_dump("killed", &[]), sqlite::hash(&shop));
    let slow =
        write(&ctl, "slow.sql", "create table a(i int);\ninsert into a values (1);\nselect pg_sleep(60);\n");
    let endless = write(
        &ctl,
        "endless.sql",
        "create table a(i);\nwith recursive n(i) as (select 1 union all select i+1 from n where i < 100000000) insert into a select i from n;\n",
    );
    for command in [
        vec!["import", &slow, "--to", "killed", "--dialect", "postgres", "--database", "killed_new"],
        vec![
            "import",
            &slow,
            "--to",
            "killed",
            "--dialect",
            "postgres",
            "--into-live",
            "--confirm",
            "killed",
        ],
        vec!["import", &endless, "--to", "shop", "--dialect", "sqlite"],
        vec![
            "import",
            &endless,
            "--to",
            "shop",
            "--dialect",
            "sqlite",
            "--into-live",
            "--confirm",
            "shop.sqlite",
        ],
    ] {
        let mut child = ctl.command(&command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // until it is in the middle of the statements
        let mut waited = 0;
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let busy = server.psql("postgres", "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' and datname like 'killed%' and state = 'active'") != "0";
            let list = ctl.json(&["restore", "list"]);
            let loading = list["restores"].as_array().unwrap().iter().any(|one| one["state"] == "loading");
            waited += 1;
            assert!(waited < 300 && child.try_wait().unwrap().is_none(), "{command:?} never got there");
            if loading && (busy || command[3] == "shop") {
                break;
            }
        }
        std::thread::sleep(Duration::from_millis(300));
        child.kill().unwrap();
        child.wait().unwrap();
        let list = ctl.json(&["restore", "list"]);
        assert_eq!(list["restores"][0]["state"], "interrupted", "{command:?}");
        assert_eq!(
            server.psql("postgres", "select count(*) from pg_database where datname like 'killed%'"),
            "1",
            "{command:?}"
        );
        assert_eq!(server.pg_dump("killed", &[]), before);
        assert_eq!(sqlite::hash(&shop), lite);
        assert!(strays(shop.parent().unwrap()).is_empty(), "{command:?}");
    }
}

/// Runs an import until the server is in the middle of it, ends it in the given way, and returns what it said.
fn ended_midway(
    server: &Server,
    ctl: &Ctl,
    database: &str,
    arguments: &[&str],
    end: impl Fn(&Ctl, &str),
) -> serde_json::Value {
    let asleep = format!(
        "query like '%pg_sleep(61)%' and datname like '{database}%' and state = 'active' and pid <> pg_backend_pid()"
    );
    let child = ctl.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for waited in 0.. {
        std::thread::sleep(Duration::from_millis(100));
        if server.psql("postgres", &format!("select count(*) from pg_stat_activity where {asleep}")) != "0" {
            break;
        }
        assert!(waited < 300, "{arguments:?} never got there");
    }
    end(ctl, &asleep);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?} {}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_cancel_or_a_cut_connection_in_the_middle_leaves_nothing_and_says_why() {
    let server = Server::shared();
    server.psql("postgres", "create database halted");
    server.psql("halted", "create table live(i int); insert into live values (1)");
    let ctl = connected(server, "halted");
    let before = server.pg_dump("halted", &[]);
    let text = "create table a(i int);\ninsert into live values (2);\nselect pg_sleep(61);\n";
    let live = write(&ctl, "live.sql", text);
    let new = write(&ctl, "new.sql", text.replace("live", "a"));
    let cancel = |ctl: &Ctl, _: &str| {
        let jobs = ctl.json(&["job", "list", "--active"]);
        ctl.run(&["job", "cancel", jobs["jobs"][0]["id"].as_str().unwrap()]).ok();
    };
    let cut = |_: &Ctl, asleep: &str| {
        server.psql(
            "postgres",
            &format!("select pg_terminate_backend(pid) from pg_stat_activity where {asleep}"),
        );
    };
    type End<'a> = (&'a dyn Fn(&Ctl, &str), &'a str);
    let ends: [End<'_>; 2] = [(&cancel, "cancelled"), (&cut, "connection_lost")];
    for (end, code) in ends {
        for target in [
            vec!["--json", "import", &new, "--to", "halted", "--database", "halted_new"],
            vec!["--json", "import", &live, "--to", "halted", "--into-live", "--confirm", "halted"],
        ] {
            let said = ended_midway(server, &ctl, "halted", &target, end);
            assert_eq!(said["error"]["code"], code, "{target:?}: {said}");
            assert_eq!(server.pg_dump("halted", &[]), before, "{target:?}");
            let left =
                server.psql("postgres", "select count(*) from pg_database where datname like 'halted%'");
            assert_eq!(left, "1", "{target:?}");
        }
    }
}
