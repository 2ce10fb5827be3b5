//! PostgreSQL through `holdfastctl`, with `pg_dump` and `psql` as witnesses.
#![allow(clippy::unwrap_used)]

use holdfast_tests::ctl::Ctl;
use holdfast_tests::postgres::Server;

fn connected(server: &Server, database: &str) -> Ctl {
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", database, "--url", &server.url(database)]).ok();
    ctl
}

#[test]
fn everything_comes_back_as_pg_dump_sees_it() {
    let server = Server::shared();
    server.make_everything("everything");
    let ctl = connected(server, "everything");
    let before = server.pg_dump("everything", &[]);
    let created = ctl.json(&["backup", "create", "everything", "--prove"]);
    let id = created["id"].as_str().unwrap().to_owned();
    assert_eq!(created["backup"]["level"], "restored");
    let copy = ctl.json(&["restore", &id, "--to", "everything", "--database", "everything_copy"]);
    assert_eq!(copy["restore"]["database"], "everything_copy");
    assert_eq!(server.pg_dump("everything_copy", &[]), before, "the restored copy prints the same");

    let exported = ctl.outside("everything.sql");
    ctl.run(&["backup", "export", &id, "--to", exported.to_str().unwrap()]).ok();
    server.psql("postgres", "create database everything_sql template template0");
    server.run_file("everything_sql", &exported);
    assert_eq!(server.pg_dump("everything_sql", &[]), before, "the export loads to the same");

    // the copy of the copy is the copy
    ctl.run(&["connection", "add", "copy", "--url", &server.url("everything_copy")]).ok();
    let again = ctl.json(&["backup", "create", "copy"]);
    assert!(
        again["backup"]["stored_bytes"].as_u64() < created["backup"]["stored_bytes"].as_u64(),
        "the same rows are stored once"
    );
}

#[test]
fn replace_ends_sessions_keeps_the_old_one_and_undoes() {
    let server = Server::shared();
    server.psql("postgres", "create database swap_shop");
    server.psql(
        "swap_shop",
        "create table t(i int primary key); insert into t select generate_series(1, 1000)",
    );
    let ctl = connected(server, "swap_shop");
    let id = ctl.run(&["backup", "create", "swap_shop", "--json"]).ok().id();
    server.psql("swap_shop", "delete from t where i > 10");
    let mut busy = server.open_session("swap_shop");
    let plan = ctl.json(&["restore", &id, "--to", "swap_shop", "--replace", "--dry-run"]);
    assert_eq!(plan["plan"]["sessions_to_end"].as_array().unwrap().len(), 1, "the open session is announced");
    assert_eq!(plan["plan"]["confirm_name"], "swap_shop");
    ctl.run(&["restore", &id, "--to", "swap_shop", "--replace"]).fails_with(3);
    let done = ctl.json(&["restore", &id, "--to", "swap_shop", "--replace", "--confirm", "swap_shop"]);
    assert_eq!(server.psql("swap_shop", "select count(*) from t"), "1000");
    let kept = done["restore"]["kept_as"].as_str().expect("the old one is kept").to_owned();
    assert_eq!(server.psql(&kept, "select count(*) from t"), "10");
    let restore = done["id"].as_str().unwrap().to_owned();
    ctl.run(&["restore", "undo", &restore]).ok();
    assert_eq!(server.psql("swap_shop", "select count(*) from t"), "10");
    ctl.run(&["restore", "release", &restore]).ok();
    let databases =
        server.psql("postgres", "select datname from pg_database where datname like 'swap_shop%'");
    assert_eq!(databases, "swap_shop", "release leaves nothing behind");
    busy.kill().expect("the session's program can be ended");
    busy.wait().expect("and it ends");
}

#[test]
fn what_a_login_may_not_read_is_named_before_and_after() {
    let server = Server::shared();
    server.psql("postgres", "create database private_shop");
    server.psql("postgres", "create role clerk login");
    server.psql(
        "private_shop",
        "create table open_t(i int); insert into open_t values (1); create table secret_t(i int); insert into secret_t values (2);
         grant select on open_t to clerk; create table filtered(i int, who text); insert into filtered values (1, 'x');
         alter table filtered enable row level security; create policy p on filtered using (who = current_user); grant select on filtered to clerk;",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "shop", "--url", &server.url_as("private_shop", "clerk")]).ok();
    let plan = ctl.json(&["backup", "plan", "shop"]);
    let named = |list: &serde_json::Value, table: &str| {
        list.as_array().unwrap().iter().any(|omission| omission["name"].as_str().unwrap().contains(table))
    };
    assert!(
        named(&plan["omissions"], "secret_t") && named(&plan["omissions"], "filtered"),
        "{}",
        plan["omissions"]
    );
    assert!(!named(&plan["omissions"], "open_t"));
    let refused = ctl.run(&["--json", "backup", "create", "shop", "--strict"]).fails_with(1);
    assert_eq!(refused.json()["error"]["code"], "incomplete");
    let id = ctl.run(&["--json", "backup", "create", "shop"]).ok().id();
    let shown = ctl.json(&["backup", "show", &id]);
    assert_eq!(shown["backup"]["state"], "partial");
    assert!(named(&shown["omissions"], "secret_t"));
}

#[test]
fn two_backups_at_once_and_writers_beside_them() {
    let server = Server::shared();
    server.psql("postgres", "create database busy_shop");
    server.psql(
        "busy_shop",
        "create table account(id int primary key, balance int); insert into account select i, 100 from generate_series(1, 2000) i;
         create table filler as select i, repeat(md5(i::text), 10) from generate_series(1, 60000) i",
    );
    let ctl = connected(server, "busy_shop");
    let mut writer = server.keep_writing("busy_shop", "update account set balance = balance + case id when (random()*1999)::int + 1 then 0 else 0 end;
         with move as (select (random()*1999)::int + 1 a, (random()*1999)::int + 1 b)
         update account set balance = balance + case when id = move.a then 5 else -5 end from move where id in (move.a, move.b) and move.a <> move.b");
    let first = ctl.start(&["--json", "backup", "create", "busy_shop", "--prove"]);
    let second = ctl.start(&["--json", "backup", "create", "busy_shop", "--prove"]);
    let ids: Vec<String> = [first, second]
        .into_iter()
        .map(|child| holdfast_tests::ctl::Said::from(child.wait_with_output().unwrap()).ok().id())
        .collect();
    writer.kill().expect("the writer can be ended");
    writer.wait().expect("and it ends");
    for (position, id) in ids.iter().enumerate() {
        let name = format!("busy_copy_{position}");
        ctl.run(&["restore", id, "--to", "busy_shop", "--database", &name]).ok();
        assert_eq!(
            server.psql(&name, "select sum(balance), count(*) from account"),
            "200000|2000",
            "one consistent snapshot"
        );
    }
}

#[test]
fn every_way_to_fail_to_connect_has_its_own_code() {
    let server = Server::shared();
    let ctl = Ctl::new();
    server.psql("postgres", "create role locked_out login password 'right'");
    let tcp = server.tcp_url("postgres", "locked_out");
    let port_nobody_uses = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for (name, url, code) in [
        ("resolve", "postgres://x@no-such-host.invalid/db".to_owned(), "connection_name_resolution"),
        ("refused", format!("postgres://x@127.0.0.1:{port_nobody_uses}/db"), "connection_refused"),
        ("password", tcp.replace("locked_out@", "locked_out:wrong@"), "authentication_failed"),
        ("database", server.url("no_such_database"), "database_missing"),
        ("tls", format!("{}?sslmode=require", server.tcp_url("postgres", "locked_out")), "tls_failed"),
    ] {
        ctl.run(&["connection", "add", name, "--url", &url]).ok();
        let said = ctl.run(&["--json", "connection", "test", name]).fails_with(1).json();
        assert_eq!(said["error"]["code"], code, "{name}: {said}");
        assert!(said["error"]["hint"].is_string(), "{name} says what to do");
    }
}

#[test]
fn read_only_is_the_servers_word() {
    let server = Server::shared();
    server.psql("postgres", "create database frozen_shop");
    server.psql("frozen_shop", "create table t(i int)");
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "shop", "--url", &server.url("frozen_shop"), "--read-only"]).ok();
    let id = ctl.run(&["backup", "create", "shop", "--json"]).ok().id();
    let said = ctl.run(&["--json", "restore", &id, "--to", "shop"]).fails_with(1);
    assert_eq!(said.json()["error"]["code"], "read_only");
    let databases =
        server.psql("postgres", "select count(*) from pg_database where datname like 'frozen_shop%'");
    assert_eq!(databases, "1");
}
