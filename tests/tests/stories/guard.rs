//! A guarded command: backed up and proven before, restored when it fails; drills; sessions that do nothing.
#![allow(clippy::unwrap_used)]

use holdfast_tests::ctl::Ctl;
use holdfast_tests::sqlite::{hash, run as sqlite};
use holdfast_tests::{mariadb, postgres};

fn shop() -> (Ctl, std::path::PathBuf) {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("shop.sqlite");
    sqlite(
        &file,
        "create table orders (id integer primary key, what text); insert into orders values (1, 'a'), (2, 'b')",
    );
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", file.display())]).ok();
    (ctl, file)
}

#[test]
fn a_failing_command_on_sqlite_is_undone_and_a_good_one_is_not() {
    let (ctl, file) = shop();
    let path = file.display().to_string();
    let guard = ["--json", "guard", "--connection", "shop", "--restore-on-failure"];
    let with = |extra: &[&str]| ctl.run(&[&guard[..], extra].concat());
    let check = "select count(*) > 0 from orders";

    let good =
        with(&["--check", check, "--", "sqlite3", &path, "insert into orders values (3, 'c')"]).ok().json();
    assert_eq!(good["exit_code"], 0);
    assert_eq!(sqlite(&file, "select count(*) from orders"), "3", "its work stays");
    let backups = ctl.backups().len();
    assert_eq!(backups, 1);

    // It ends with an error half-way.
    let before = hash(&file);
    let bad =
        with(&["--", "sqlite3", &path, "delete from orders where id = 1; select nonsense from nowhere"]);
    let bad = bad.fails_with(11).json();
    assert_eq!(hash(&file), before, "as it was before the command");
    assert!(bad["restore_id"].is_string());
    // It ends well, and has ruined what a check asks for.
    let bad = with(&["--check", check, "--", "sqlite3", &path, "delete from orders"]).fails_with(11).json();
    assert_eq!(bad["exit_code"], 0);
    assert!(bad["problems"][0].as_str().unwrap().contains("answered 0"));
    assert_eq!(hash(&file), before);
    // The file is not even a database any more.
    let noise = ctl.outside("noise");
    std::fs::write(&noise, [7u8; 5000]).unwrap();
    with(&["--", "cp", noise.to_str().unwrap(), &path]).fails_with(11);
    assert_eq!(hash(&file), before);

    // Without the flag, and without a terminal, it is left and told.
    let left = ctl.run(&["guard", "--connection", "shop", "--", "sqlite3", &path, "drop table orders; oops"]);
    let left = left.fails_with(10);
    assert!(left.stdout.contains("holdfastctl restore"), "{}", left.stdout);
    assert_eq!(sqlite(&file, "select count(*) from sqlite_schema where name = 'orders'"), "0");

    // Nothing runs when a check fails before, or no backup can be made.
    let marker = ctl.outside("ran");
    let touch = ["--", "touch", marker.to_str().unwrap()];
    let refused = with(&[&["--check", check][..], &touch].concat()).fails_with(1).json();
    assert_eq!(refused["error"]["code"], "not_allowed");
    ctl.run(&[&["guard", "--connection", "nowhere"][..], &touch].concat()).fails_with(1);
    // A check that would write is refused by the database.
    with(&[&["--check", "create table planted (x)"][..], &touch].concat()).fails_with(1);
    assert!(!marker.exists());
    ctl.run(&["guard", "--connection", "shop", "--", "no-such-program-anywhere"]).fails_with(1);
    // Each of them has an end, and what it held is let go.
    assert_eq!(ctl.json(&["call", "guard.list", r#"{"open_only": true}"#])["guards"], serde_json::json!([]));
}

/// Whoever runs the next guarded command hears of it, and how it was before is still to be had.
#[test]
fn a_guard_that_is_killed_is_told_of() {
    let (ctl, file) = shop();
    let before = hash(&file);
    let path = file.display().to_string();
    let script =
        format!("sqlite3 '{path}' 'delete from orders where id = 1' && touch '{path}.began' && sleep 10");
    let mut killed = ctl.start(&["guard", "--connection", "shop", "--", "sh", "-c", &script]);
    let began = std::path::PathBuf::from(format!("{path}.began"));
    let start = std::time::Instant::now();
    while !began.exists() {
        assert!(start.elapsed().as_secs() < 60, "the command begins");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_ne!(hash(&file), before);
    let again = ctl.run(&["guard", "--connection", "shop", "--", "true"]).ok();
    assert!(again.stderr.contains("cut short"), "{}", again.stderr);
    let guards = ctl.json(&["call", "guard.list", r#"{"connection": "shop"}"#]);
    let guard =
        guards["guards"].as_array().unwrap().iter().find(|guard| guard["state"] == "cut_short").unwrap();
    let backup = guard["backup_id"].as_str().unwrap();
    ctl.run(&["restore", backup, "--to", "shop", "--replace", "--confirm", "shop.sqlite"]).ok();
    assert_eq!(hash(&file), before);
    ctl.run(&["call", "guard.end", &format!(r#"{{"guard": {}}}"#, guard["id"])]).ok();
    let quiet = ctl.run(&["guard", "--connection", "shop", "--", "true"]).ok();
    assert!(!quiet.stderr.contains("cut short"), "{}", quiet.stderr);
}

#[test]
fn a_failing_migration_on_postgres_is_undone() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database guarded");
    server.psql(
        "guarded",
        "create table orders (id int primary key, what text); insert into orders values (1, 'a')",
    );
    let before = server.pg_dump("guarded", &[]);
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "guarded", "--url", &server.url("guarded")]).ok();
    let url = server.url("guarded");
    let said = ctl.run(&[
        "--json",
        "guard",
        "--connection",
        "guarded",
        "--restore-on-failure",
        "--",
        "psql",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        &url,
        "-c",
        "alter table orders drop column what",
        "-c",
        "update orders set nothing = 1",
    ]);
    let said = said.fails_with(11).json();
    assert_ne!(said["exit_code"], 0);
    assert_eq!(server.pg_dump("guarded", &[]), before);
    // The check is one statement that cannot write.
    for check in ["select 1; drop table orders", "delete from orders returning 1", "select 1/0"] {
        ctl.run(&["guard", "--connection", "guarded", "--check", check, "--", "true"]).fails_with(1);
    }
    assert_eq!(server.pg_dump("guarded", &[]), before);
}

/// MariaDB undoes no definition by itself: each one commits.
#[test]
fn a_failing_migration_on_mariadb_is_undone() {
    let server = mariadb::Server::shared();
    server.sql(
        "",
        "create database guarded; use guarded;
         create table orders (id int primary key, what text); insert into orders values (1, 'a'), (2, 'b');
         create table items (id int primary key, `order` int, foreign key (`order`) references orders (id));
         insert into items values (1, 1); create view named as select what from orders;
         create trigger stamp before insert on orders for each row set new.what = upper(new.what)",
    );
    let before = server.dump("guarded");
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "guarded", "--url", &server.url("guarded")]).ok();
    let client = server.client("mariadb");
    let client: Vec<&str> = std::iter::once(client.get_program())
        .chain(client.get_args())
        .map(|word| word.to_str().unwrap())
        .collect();
    let with = |check: &[&str], sql: &str| {
        let guard = ["--json", "guard", "--connection", "guarded", "--restore-on-failure"];
        ctl.run(&[&guard[..], check, &["--"], &client, &["guarded", "-e", sql]].concat())
    };
    let bad =
        with(&[], "drop trigger stamp; alter table orders drop column what; update orders set nothing = 1");
    let bad = bad.fails_with(11).json();
    assert_ne!(bad["exit_code"], 0);
    assert_eq!(server.dump("guarded"), before);
    // The migration broke a view, which nobody could make again where the failed state was put aside: its text is there.
    let aside = server.databases_like("guarded_");
    let kept =
        format!("select definition from `{aside}`.holdfast_views_that_do_not_work where name = 'named'");
    assert!(server.sql("", &kept).contains("`what`"), "{aside}");
    let bad = with(&["--check", "select count(*) = 2 from orders"], "delete from items; delete from orders");
    assert!(bad.fails_with(11).json()["problems"][0].as_str().unwrap().contains("answered 0"));
    assert_eq!(server.dump("guarded"), before);
    with(&[], "insert into orders values (3, 'c')").ok();
    assert_eq!(
        server.sql("guarded", "select what from named order by 1 desc limit 1"),
        "C",
        "the trigger is back too"
    );
}

#[test]
fn a_drill_measures_the_way_back() {
    let (ctl, file) = shop();
    ctl.run(&["backup", "drill", "shop"]).fails_with(1);
    let whole = ctl.run(&["--json", "backup", "create", "shop"]).ok().id();
    sqlite(&file, "insert into orders values (9, 'z')");
    ctl.run(&["backup", "create", "shop", "--table", "orders"]).ok();
    ctl.run(&["backup", "create", "shop", "--kind", "schema"]).ok();
    let drill = ctl.json(&["backup", "drill", "shop"]);
    assert_eq!(drill["id"], whole.as_str(), "the newest whole one");
    assert_eq!(drill["proof"]["passed"], true);
    assert!(drill["proof"]["restore_ms"].is_u64());
    let page = ctl.json(&["call", "overview.get", "{}"]);
    // Those of chosen tables and of the schema, though newer, bring no database back.
    assert_eq!(page["databases"][0]["last_backup"]["id"], whole.as_str(), "{page}");
    let proven = &page["databases"][0]["last_proven"];
    assert!(proven["backup_id"].is_string() && proven["restore_ms"].is_u64(), "{page}");
    assert!(proven["proven_at_ms"].as_i64() >= proven["backup_made_at_ms"].as_i64());
    ctl.run(&[
        "schedule",
        "add",
        "drill",
        "--call",
        "backup.drill",
        "--request",
        r#"{"connection": "shop"}"#,
        "--cron",
        "0 5 * * SUN",
    ])
    .ok();
}

#[test]
fn idle_sessions_are_closed_and_never_ours() {
    let server = postgres::Server::shared();
    server.psql("postgres", "create database crowded");
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "crowded", "--url", &server.url("crowded")]).ok();
    let mut idle = server.open_session("crowded");
    let mut holding = server.open_session("crowded");
    std::io::Write::write_all(holding.stdin.as_mut().unwrap(), b"begin; select 1;\n").unwrap();
    // One that says it is ours, as another process's would.
    let mut ours = server.client("psql");
    ours.args(["-XqAt", "-d", "dbname=crowded application_name=holdfast"])
        .stdin(std::process::Stdio::piped());
    let mut ours = ours.spawn().unwrap();
    let count = "select count(*) from pg_stat_activity where datname = 'crowded' and pid <> pg_backend_pid() and state like 'idle%' and now() - state_change > interval '1.5 s'";
    let begun = std::time::Instant::now();
    while server.psql("crowded", count) != "3" {
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let close = ["session", "close", "crowded", "--idle", "1s"];
    let plan = ctl.json(&close);
    assert_eq!(plan["sessions"].as_array().unwrap().len(), 1, "{plan}");
    ctl.run(&[&close[..], &["--yes"]].concat()).ok();
    assert_eq!(ctl.json(&["session", "list", "crowded"])["sessions"].as_array().unwrap().len(), 2);
    let closed = ctl.json(&[&close[..], &["--yes", "--in-transaction"]].concat());
    assert_eq!(closed["closed"][0]["in_transaction"], true);
    let left = ctl.json(&["session", "list", "crowded"])["sessions"].clone();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["ours"], true);
    ctl.run(&["session", "close", "crowded", "--idle", "0s", "--yes"]).fails_with(2);
    for child in [&mut idle, &mut holding, &mut ours] {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    let server = mariadb::Server::shared();
    server.sql("", "create database crowded");
    ctl.run(&["connection", "add", "maria", "--url", &server.url("crowded")]).ok();
    let mut idle = server.open_session("crowded");
    let mut ours = server.open_session("crowded");
    std::io::Write::write_all(
        ours.stdin.as_mut().unwrap(),
        b"do get_lock(concat('holdfast/', connection_id()), 0); select 'ours';\n",
    )
    .unwrap();
    let asleep = "select count(*) from information_schema.processlist where db = 'crowded' and command = 'Sleep' and time >= 2";
    let begun = std::time::Instant::now();
    while server.sql("", asleep) != "2" {
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let closed = ctl.json(&["session", "close", "maria", "--idle", "1s", "--yes"]);
    assert_eq!(closed["closed"].as_array().unwrap().len(), 1);
    let left = ctl.json(&["session", "list", "maria"])["sessions"].clone();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["ours"], true);
    for child in [&mut idle, &mut ours] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
