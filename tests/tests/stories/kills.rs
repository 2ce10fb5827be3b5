//! `kill -9` at random moments of backups and restores: no earlier backup is damaged, no partial one is listed as
//! good, and the live database is as it was (or wholly what the restore makes of it).
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use holdfast_tests::ctl::Ctl;
use holdfast_tests::postgres::Server;
use holdfast_tests::sqlite;

fn kills() -> u32 {
    holdfast_testkit::rounds(20, 200)
}

/// Starts the command [`kills`] times and kills it at moments spread over the time that it takes: every twentieth of it
/// once, out of order. `check` is called after each kill. How many kills hit a running process.
fn kill_at_random_moments(
    ctl: &Ctl,
    command: &[&str],
    mut full: Duration,
    mut check: impl FnMut(u32),
) -> u32 {
    let mut killed = 0;
    for round in 0..kills() {
        // 7 shares no factor with 20, nor with 200, so every moment comes once.
        let fraction = f64::from((round * 7 + 3) % kills()) / f64::from(kills()) + 0.02;
        let start = Instant::now();
        let mut child = ctl.start(command);
        // The moment is the point of the test: there is no event to wait for.
        std::thread::sleep(full.mul_f64(fraction));
        child.kill().expect("the process can be killed");
        let status = child.wait().expect("the process ends");
        if status.success() {
            // The machine is quicker than it was: the moments move closer together.
            full = full.mul_f64(0.9).min(start.elapsed());
        } else {
            killed += 1;
        }
        check(round);
    }
    killed
}

fn earlier_backups_are_whole(ctl: &Ctl, good: &[String]) {
    let listed = ctl.backups();
    for id in good {
        let (_, state, damaged) =
            listed.iter().find(|(listed, ..)| listed == id).expect("an earlier backup is still listed");
        assert_eq!((state.as_str(), *damaged), ("complete", false));
    }
    for (id, state, _) in &listed {
        assert!(
            ["complete", "interrupted", "failed", "cancelled"].contains(&state.as_str()),
            "nothing runs any more, but {id} is {state}"
        );
    }
}

/// Every backup that is listed as good restores and equals its snapshot.
fn all_good_ones_prove(ctl: &Ctl) {
    ctl.run(&["vault", "check", "--read-data"]).ok();
    for (id, state, _) in ctl.backups() {
        if state == "complete" {
            ctl.run(&["backup", "verify", &id, "--level", "restored"]).ok();
        }
    }
}

/// A database of some 30 MB, so that there are moments enough.
fn big_shop(path: &Path) {
    sqlite::run(
        path,
        "pragma journal_mode=wal; create table t(id integer primary key, a text, b blob);
         with recursive n(i) as (select 1 union all select i+1 from n where i < 60000)
         insert into t select i, hex(randomblob(100)), randomblob(200) from n; create index ta on t(a);",
    );
}

#[test]
fn backups_of_sqlite() {
    let ctl = Ctl::with_vault();
    let shop = ctl.outside("shop.sqlite");
    big_shop(&shop);
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", shop.display())]).ok();
    let before = sqlite::hash(&shop);
    let start = Instant::now();
    let good = vec![ctl.run(&["backup", "create", "shop", "--json"]).ok().id()];
    let full = start.elapsed();
    let mut change = 0;
    let killed = kill_at_random_moments(&ctl, &["backup", "create", "shop", "--json"], full, |_| {
        earlier_backups_are_whole(&ctl, &good);
        change += 1;
        sqlite::run(&shop, &format!("update t set b = randomblob(200) where id % 50 = {change}"));
    });
    assert!(killed >= kills() / 2, "most kills hit a running backup, not {killed} of {}", kills());
    ctl.run(&["backup", "create", "shop"]).ok();
    all_good_ones_prove(&ctl);
    assert_ne!(sqlite::hash(&shop), before);
}

#[test]
fn restores_of_sqlite() {
    let ctl = Ctl::with_vault();
    let shop = ctl.outside("shop.sqlite");
    big_shop(&shop);
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", shop.display())]).ok();
    let id = ctl.run(&["backup", "create", "shop", "--json"]).ok().id();
    let old = sqlite::hash(&shop);
    sqlite::run(&shop, "delete from t where id % 2 = 0");
    let changed = sqlite::hash(&shop);
    let command = ["restore", &id, "--to", "shop", "--replace", "--confirm", "shop.sqlite", "--json"];
    let start = Instant::now();
    let restore = ctl.run(&command).ok().id();
    let full = start.elapsed();
    assert_eq!(sqlite::hash(&shop), old);
    ctl.run(&["restore", "undo", &restore]).ok();
    ctl.run(&["restore", "release", &restore]).ok();
    assert_eq!(sqlite::hash(&shop), changed);
    let killed = kill_at_random_moments(&ctl, &command, full, |round| {
        earlier_backups_are_whole(&ctl, std::slice::from_ref(&id));
        let now = sqlite::hash(&shop);
        assert!(
            now == changed || now == old,
            "round {round}: the live file is neither the old nor the restored one"
        );
        assert_eq!(sqlite::run(&shop, "pragma integrity_check"), "ok");
        if now == old {
            sqlite::run(&shop, "delete from t where id % 2 = 0");
        }
    });
    assert!(killed >= kills() / 2, "most kills hit a running restore, not {killed} of {}", kills());
    all_good_ones_prove(&ctl);
    let left: Vec<_> = std::fs::read_dir(shop.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("restoring") || name.contains("partial"))
        .collect();
    assert!(left.is_empty(), "left over: {left:?}");
}

fn postgres_with_rows(server: &Server, ctl: &Ctl, database: &str) {
    server.psql("postgres", &format!("create database {database}"));
    server.psql(
        database,
        "create table t(id int primary key, a text, b bytea);
         insert into t select i, md5(i::text) || repeat(md5((i*7)::text), 6), decode(md5((i*3)::text), 'hex') from generate_series(1, 90000) i;
         create index on t(a); create table u(id int references t, n numeric); insert into u select i, i / 7.0 from generate_series(1, 20000) i;",
    );
    ctl.run(&["connection", "add", database, "--url", &server.url(database)]).ok();
}

#[test]
fn backups_of_postgres() {
    let server = Server::shared();
    let ctl = Ctl::with_vault();
    postgres_with_rows(server, &ctl, "kill_backup");
    let start = Instant::now();
    let good = vec![ctl.run(&["backup", "create", "kill_backup", "--json"]).ok().id()];
    let full = start.elapsed();
    let mut change = 0;
    let killed = kill_at_random_moments(&ctl, &["backup", "create", "kill_backup", "--json"], full, |_| {
        earlier_backups_are_whole(&ctl, &good);
        change += 1;
        server.psql("kill_backup", &format!("update t set a = md5(a) where id % 40 = {change}"));
    });
    assert!(killed >= kills() / 2, "most kills hit a running backup, not {killed} of {}", kills());
    ctl.run(&["backup", "create", "kill_backup"]).ok();
    all_good_ones_prove(&ctl);
}

#[test]
fn restores_of_postgres() {
    let server = Server::shared();
    let ctl = Ctl::with_vault();
    postgres_with_rows(server, &ctl, "kill_restore");
    let id = ctl.run(&["backup", "create", "kill_restore", "--json"]).ok().id();
    let content = || server.psql("kill_restore", "select count(*), sum(hashtext(t::text)::bigint) from t");
    let old = content();
    server.psql("kill_restore", "delete from u; delete from t where id % 2 = 0");
    let changed = content();
    let command =
        ["restore", &id, "--to", "kill_restore", "--replace", "--confirm", "kill_restore", "--json"];
    let start = Instant::now();
    let restore = ctl.run(&command).ok().id();
    let full = start.elapsed();
    assert_eq!(content(), old);
    ctl.run(&["restore", "undo", &restore]).ok();
    ctl.run(&["restore", "release", &restore]).ok();
    assert_eq!(content(), changed);
    let killed = kill_at_random_moments(&ctl, &command, full, |round| {
        earlier_backups_are_whole(&ctl, std::slice::from_ref(&id));
        let now = content();
        assert!(
            now == changed || now == old,
            "round {round}: the live database is neither the old nor the restored one"
        );
        if now == old {
            server.psql("kill_restore", "delete from u; delete from t where id % 2 = 0");
        }
    });
    assert!(killed >= kills() / 2, "most kills hit a running restore, not {killed} of {}", kills());
    all_good_ones_prove(&ctl);
    let databases = server.psql("postgres", "select datname from pg_database order by 1");
    let left: Vec<&str> =
        databases.lines().filter(|name| name.contains("restoring") || name.contains("proof")).collect();
    assert!(left.is_empty(), "left over: {left:?}");
}
