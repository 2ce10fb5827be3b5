//! Putting a proven copy in the live database's place, on a server that cannot rename databases: all or nothing,
//! also when this program or the server ends at any command.
#![allow(clippy::unwrap_used)]

use holdfast_contract::ErrorCode;
use holdfast_contract::connection::ConnectionSpec;
use holdfast_engine::mysql::Mysql;
use holdfast_engine::{Access, Load as _, Sessions as _, Swap as _, SwapState};
use holdfast_testkit::mariadb as server;
use holdfast_testkit::memory;
use holdfast_testkit::mysql_wire as wire;
use server::Server;
use wire::Wire;

const FIXTURE: &str = holdfast_testkit::fixtures::MARIADB_CODE;

/// Commands between two cuts: a swap asks for some three hundred, and each cut costs a second or two.
/// A campaign cuts at each of them.
fn stride() -> usize {
    holdfast_testkit::rounds(37, 1) as usize
}

fn engine(port: u16, database: &str) -> Mysql {
    let spec = ConnectionSpec::Mysql {
        host: "127.0.0.1".into(),
        port,
        database: database.into(),
        user: server::SUPERUSER.into(),
        tls: Default::default(),
    };
    Mysql::new(Access::new(spec)).unwrap()
}

/// A database with everything in it; `side` shows in all of its definitions.
fn make(server: &Server, name: &str, side: &str, collation: &str) {
    let quoted = name.replace('`', "``");
    server.script("", &format!("CREATE DATABASE `{quoted}` COLLATE {collation} COMMENT 'It''s {side}'"));
    server.script(name, &FIXTURE.replace("SIDE", side));
}

/// Everything the reference tool says, and the defaults of the database.
fn state(server: &Server, name: &str) -> String {
    let defaults = format!(
        "SELECT default_collation_name, schema_comment FROM information_schema.schemata WHERE schema_name = '{name}'"
    );
    format!("{}\n{}", server.script("", &defaults), server.dump(name))
}

/// Panics with the lines that differ, not with two whole dumps.
fn same(found: &str, wanted: &str, when: &str) {
    let only = |a: &str, b: &str| {
        a.lines().filter(|line| !b.lines().any(|other| other == *line)).collect::<Vec<_>>().join("\n")
    };
    assert!(
        found == wanted,
        "{when}\n-- only there:\n{}\n-- missing:\n{}",
        only(found, wanted),
        only(wanted, found)
    );
}

fn databases(server: &Server, prefix: &str) -> Vec<String> {
    let sql = format!(
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{prefix}%' ORDER BY 1"
    );
    server.script("", &sql).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_swap_exchanges_everything_and_swapping_back_restores_it() {
    let server = Server::shared();
    make(server, "shop", "old", "latin1_german1_ci");
    make(server, "shop_new", "new", "utf8mb4_bin");
    server.script("shop_new", "CREATE TABLE only_new (i INT); DROP TABLE `old`; DROP EVENT `asleep anyway`;");
    server.script(
        "",
        "CREATE DATABASE beside; CREATE TABLE beside.t (p INT, CONSTRAINT `from outside` FOREIGN KEY (p) REFERENCES shop.parent (id) ON UPDATE SET NULL);
         INSERT INTO beside.t VALUES (1); CREATE VIEW beside.v AS SELECT * FROM shop.`z view`;
         CREATE USER clerk@localhost; GRANT EXECUTE ON PROCEDURE shop.note TO clerk@localhost; GRANT SELECT ON shop.* TO clerk@localhost;
         GRANT UPDATE (label) ON shop.parent TO clerk@localhost;",
    );
    let grants = server.script("", "SHOW GRANTS FOR clerk@localhost");
    let outside = server.dump("beside");
    let (old, new) = (state(server, "shop"), state(server, "shop_new"));
    assert!(old != new && old.contains("DEFINER=`nobody`@`nowhere`") && old.contains("ENABLE"));

    let shop = engine(server.port(), "shop");
    let mut other = server.connect("shop").await;
    assert_eq!(shop.sessions_from_elsewhere().await.unwrap().len(), 1);
    assert_eq!(shop.swap_state("shop_new", "shop_kept").await.unwrap(), SwapState::NotSwapped);
    shop.swap("shop_new", "shop_kept", &memory::work(2)).await.unwrap();
    assert_eq!(shop.swap_state("shop_new", "shop_kept").await.unwrap(), SwapState::Swapped);
    same(&state(server, "shop"), &new, "swapped");
    assert_eq!(databases(server, "shop"), ["shop", "shop_kept"]);
    assert!(sqlx::raw_sql("SELECT 1").execute(&mut other).await.is_err(), "sessions of others are ended");
    assert_eq!(server.script("", "SHOW GRANTS FOR clerk@localhost"), grants);
    same(&server.dump("beside"), &outside, "foreign keys of others refer to the live database");
    let asleep = server.script("", "SELECT event_name, status FROM information_schema.events WHERE event_schema = 'shop_kept' ORDER BY 1");
    assert_eq!(asleep, "asleep anyway\tDISABLED\neach day\tDISABLED\n", "the old one does not run on");
    assert_eq!(server.script("shop_kept", "SELECT `l'abel` FROM `a view of a view`"), "two old\n");

    let taken = shop.swap("shop_kept", "beside", &memory::work(2)).await.unwrap_err();
    assert_eq!(taken.code(), ErrorCode::TargetExists);
    same(&state(server, "shop"), &new, "swapped");
    shop.swap("shop_kept", "shop_again", &memory::work(2)).await.unwrap();
    same(&state(server, "shop"), &old, "swapping back is an undo of everything");
    assert_eq!(server.script("", "SHOW GRANTS FOR clerk@localhost"), grants);
    shop.rename("shop_again", "shop_beside").await.unwrap();
    same(&state(server, "shop_beside"), &new, "with its final name everything is as it was");
    assert_eq!(shop.rename("shop_beside", "beside").await.unwrap_err().code(), ErrorCode::TargetExists);
    shop.drop_database("shop_beside").await.unwrap();
    shop.drop_database("shop_beside").await.unwrap();
    assert_eq!(shop.drop_database("shop").await.unwrap_err().code(), ErrorCode::NotAllowed);
    assert_eq!(databases(server, "shop"), ["shop"]);
    same(&state(server, "shop"), &old, "at the end");
}

/// Where the definition of the view `v`, which nobody can make again, is now.
fn broken_view(server: &Server, database: &str) -> &'static str {
    let asked = |what: &str, from: &str| {
        let sql = format!(
            "SELECT count(*) FROM information_schema.{from} WHERE table_schema = '{database}' AND table_name = '{what}'"
        );
        server.script("", &sql) == "1\n"
    };
    if asked("v", "views") {
        "a view"
    } else if asked("holdfast_views_that_do_not_work", "tables")
        && server
            .script(database, "SELECT definition FROM holdfast_views_that_do_not_work WHERE name = 'v'")
            .contains("`t`")
    {
        "a text"
    } else {
        "nowhere"
    }
}

#[tokio::test]
async fn a_view_that_does_not_work_stops_no_swap_and_its_text_is_kept() {
    let server = Server::start(&[]);
    let breaks = "CREATE TABLE t (i INT); CREATE VIEW v AS SELECT i FROM t; DROP TABLE t";
    let old = {
        make(&server, "live", "old", "utf8mb4_general_ci");
        let old = state(&server, "live");
        server.script("live", breaks);
        old
    };
    make(&server, "live_s", "new", "utf8mb4_general_ci");
    let new = state(&server, "live_s");
    let live = engine(server.port(), "live");
    let mut allowed = 5 + usize::try_from(std::process::id()).unwrap() % stride();
    loop {
        let wire = Wire::cut_after(server.port(), allowed, || ()).await;
        let outcome = engine(wire.port, "live").swap("live_s", "live_k", &memory::work(1)).await;
        drop(wire);
        match live
            .swap_state("live_s", "live_k")
            .await
            .unwrap_or_else(|error| panic!("after {allowed}: {error}"))
        {
            SwapState::NotSwapped => {
                assert!(outcome.is_err());
                assert_ne!(broken_view(&server, "live"), "nowhere", "after {allowed} commands");
                server.script(
                    "live",
                    "DROP VIEW IF EXISTS v; DROP TABLE IF EXISTS holdfast_views_that_do_not_work",
                );
                same(&state(&server, "live"), &old, &format!("after {allowed} commands: undone"));
                server.script("live", breaks);
            }
            SwapState::Swapped => {
                same(&state(&server, "live"), &new, &format!("after {allowed} commands: finished"));
                assert_eq!(broken_view(&server, "live_k"), "a text", "after {allowed} commands");
                live.swap("live_k", "live_s", &memory::work(1)).await.unwrap();
                assert_eq!(broken_view(&server, "live"), "a text", "it comes back with the rest");
                server.script("live", &format!("DROP TABLE holdfast_views_that_do_not_work; {breaks}"));
            }
            SwapState::Unclear => panic!("after {allowed} commands"),
        }
        if outcome.is_ok() {
            break;
        }
        allowed += 3 * stride();
    }
}

#[tokio::test]
async fn cut_at_any_command_the_live_database_is_old_or_new_and_nothing_is_lost() {
    let server = Server::start(&[]);
    make(&server, "live", "old", "latin1_swedish_ci");
    make(&server, "live_s", "new", "utf8mb4_bin");
    let (old, new) = (state(&server, "live"), state(&server, "live_s"));
    let mut seen = [0, 0];
    // Another beginning each time: together the runs come to every command.
    let mut allowed = 1 + usize::try_from(std::process::id()).unwrap() % stride();
    loop {
        let wire = Wire::cut_after(server.port(), allowed, || ()).await;
        let outcome = engine(wire.port, "live").swap("live_s", "live_k", &memory::work(1)).await;
        drop(wire);
        recovered(&server, allowed, outcome.is_ok(), &old, &new, &mut seen).await;
        if outcome.is_ok() {
            break;
        }
        allowed += stride();
    }
    assert!(seen[0] > 0 && seen[1] > 0, "both ways were taken: {seen:?}");
}

#[tokio::test]
async fn a_server_killed_at_a_command_comes_back_old_or_new() {
    let server = std::sync::Arc::new(Server::start(&[]));
    make(&server, "live", "old", "latin1_swedish_ci");
    make(&server, "live_s", "new", "utf8mb4_bin");
    let (old, new) = (state(&server, "live"), state(&server, "live_s"));
    let mut seen = [0, 0];
    let mut allowed = 40;
    loop {
        let killed = server.clone();
        let wire = Wire::cut_after(server.port(), allowed, move || killed.kill()).await;
        let outcome = engine(wire.port, "live").swap("live_s", "live_k", &memory::work(1)).await;
        drop(wire);
        if outcome.is_err() {
            server.start_again();
        }
        recovered(&server, allowed, outcome.is_ok(), &old, &new, &mut seen).await;
        if outcome.is_ok() {
            break;
        }
        allowed += stride();
    }
    assert!(seen[0] > 0 && seen[1] > 0, "both ways were taken: {seen:?}");
}

/// Asks as the next start of the program would, looks at both databases, and puts everything back as it was.
async fn recovered(server: &Server, allowed: usize, done: bool, old: &str, new: &str, seen: &mut [usize; 2]) {
    let live = engine(server.port(), "live");
    let now =
        live.swap_state("live_s", "live_k").await.unwrap_or_else(|error| panic!("after {allowed}: {error}"));
    if now == SwapState::NotSwapped {
        assert!(!done);
        same(&state(server, "live"), old, &format!("after {allowed} commands: undone"));
        assert_eq!(databases(server, "live"), ["live", "live_s"], "after {allowed} commands");
        live.swap("live_s", "live_k", &memory::work(1))
            .await
            .unwrap_or_else(|error| panic!("after {allowed}: {error}"));
        seen[0] += 1;
    } else {
        assert_eq!(now, SwapState::Swapped, "after {allowed} commands");
        seen[1] += 1;
    }
    assert_eq!(databases(server, "live"), ["live", "live_k"], "after {allowed} commands");
    same(&state(server, "live"), new, &format!("after {allowed} commands: finished"));
    live.swap("live_k", "live_s", &memory::work(1))
        .await
        .unwrap_or_else(|error| panic!("after {allowed}: {error}"));
    same(&state(server, "live"), old, &format!("after {allowed} commands: back"));
}
