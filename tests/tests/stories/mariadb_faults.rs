//! Faults planted in MariaDB where the program cannot see them, and kills at random moments: each fault fails the proof with its
//! table named, each kill leaves whole backups and a live database that is old or new.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use holdfast_tests::ctl::{Ctl, files_under};
use holdfast_tests::mariadb::Server;

/// `prey` is small and comes in early, `sound` keeps the load busy.
fn shop(server: &Server, database: &str, rows: u32) -> Ctl {
    server.sql("", &format!("CREATE DATABASE {database}"));
    server.sql(
        database,
        &format!(
            "CREATE TABLE sound (i INT PRIMARY KEY, t TEXT, KEY (t(20))); INSERT INTO sound SELECT seq, repeat(md5(seq), 8) FROM seq_1_to_{rows}; \
             CREATE TABLE prey (i INT PRIMARY KEY, t TEXT); INSERT INTO prey SELECT seq, concat('prey ', seq) FROM seq_1_to_500"
        ),
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", database, "--url", &server.url(database)]).ok();
    ctl
}

/// The words of a failed proof, in whose scratch database `fault` was done as soon as it could be.
fn while_it_is_proven(ctl: &Ctl, server: &'static Server, database: &str, id: &str, fault: &str) -> String {
    for _ in 0..5 {
        let done = Arc::new(AtomicBool::new(false));
        let (over, prefix, fault) = (done.clone(), format!("{database}_proof"), fault.to_owned());
        let saboteur = std::thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                let copy = server.databases_like(&prefix);
                // There, and with rows in it that are committed: then it counts one.
                let ready = format!(
                    "SELECT count(*) FROM information_schema.tables WHERE table_schema = '{copy}' AND table_name = 'prey'"
                );
                if !copy.is_empty()
                    && server.sql("", &ready) == "1"
                    && server.sql(&copy, &format!("{fault}; SELECT row_count()")) == "1"
                {
                    return;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let said = ctl.run(&["--json", "backup", "verify", id, "--level", "restored"]);
        done.store(true, Ordering::SeqCst);
        let planted = saboteur.join();
        // Too late is possible, and then there was no fault.
        if said.code != 0 && planted.is_ok() {
            let document = said.fails_with(4).json();
            assert_eq!(document["proof"]["passed"], false, "{document}");
            let shown = ctl.json(&["backup", "show", id]);
            assert_ne!(shown["backup"]["level"], "restored", "nothing calls it proven");
            assert_eq!(server.databases_like(&format!("{database}_")), "", "the scratch database is gone");
            return document["proof"]["problems"].to_string();
        }
    }
    panic!("the fault was never planted in time");
}

#[test]
fn a_row_lost_or_changed_in_a_copy_names_its_table() {
    let server = Server::shared();
    let ctl = shop(server, "faulty", 60_000);
    let id = ctl.run(&["backup", "create", "faulty", "--json"]).ok().id();
    let problems = while_it_is_proven(&ctl, server, "faulty", &id, "DELETE FROM prey WHERE i = 77");
    assert!(
        problems.contains("prey") && problems.contains("499") && !problems.contains("sound"),
        "{problems}"
    );
    let problems =
        while_it_is_proven(&ctl, server, "faulty", &id, "UPDATE prey SET t = 'prey 78' WHERE i = 77");
    assert!(problems.contains("Table prey has other contents") && !problems.contains("sound"), "{problems}");
    ctl.run(&["backup", "verify", &id, "--level", "restored"]).ok();
}

#[test]
fn a_select_revoked_is_never_a_complete_backup() {
    let server = Server::shared();
    let owner = shop(server, "revoked", 100);
    server.sql(
        "",
        "CREATE USER reader@'%' IDENTIFIED BY 'pw'; GRANT SELECT ON mysql.proc TO reader@'%'; \
         GRANT SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON revoked.* TO reader@'%'; \
         GRANT SELECT ON revoked.sound TO reader@'%'; GRANT SELECT ON revoked.prey TO reader@'%'",
    );
    let url = server.url_as("revoked", "reader").replace("reader@", "reader:pw@");
    owner.run(&["connection", "add", "reader", "--url", &url]).ok();
    server.sql("", "REVOKE SELECT ON revoked.prey FROM reader@'%'");
    let refused = owner.run(&["--json", "backup", "create", "reader", "--strict"]).fails_with(1).json();
    assert_eq!(refused["error"]["code"], "incomplete", "{refused}");
    let id = owner.run(&["--json", "backup", "create", "reader"]).ok().id();
    let shown = owner.json(&["backup", "show", &id]);
    assert_eq!(shown["backup"]["state"], "partial");
    let named: Vec<&str> =
        shown["omissions"].as_array().unwrap().iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(named.contains(&"prey") && !named.contains(&"sound"), "{shown}");
}

#[test]
fn a_flipped_bit_is_found_at_every_level() {
    let ctl = shop(Server::shared(), "flipped", 5_000);
    let id = ctl.run(&["backup", "create", "flipped", "--json"]).ok().id();
    let packs = files_under(&ctl.home().join("vault/packs"));
    let pack = packs.into_iter().max_by_key(|file| std::fs::metadata(file).unwrap().len()).unwrap();
    let mut bytes = std::fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&pack, bytes).unwrap();
    for level in ["stored", "decoded", "restored"] {
        let document = ctl.run(&["--json", "backup", "verify", &id, "--level", level]).fails_with(4).json();
        assert_eq!(document["proof"]["passed"], false, "{document}");
        if level == "decoded" {
            assert!(document["proof"]["problems"].to_string().contains("sound"), "{document}");
        }
    }
    ctl.run(&["restore", &id, "--to", "flipped", "--database", "flipped_never"]).fails_with(4);
    assert_eq!(Server::shared().databases_like("flipped"), "flipped", "a damaged backup makes no database");
}

fn kills() -> u32 {
    holdfast_testkit::rounds(8, 80)
}

/// At moments spread over the time that the command takes, out of order. How many hit it.
fn killed(ctl: &Ctl, command: &[&str], mut full: Duration, mut check: impl FnMut(u32)) -> u32 {
    let mut hits = 0;
    for round in 0..kills() {
        // 3 shares no factor with 8, nor with 80, so every moment comes once.
        let fraction = f64::from(round * 3 % kills()) / f64::from(kills()) + 0.06;
        let start = Instant::now();
        let mut child = ctl.start(command);
        // The moment is the point of the test: there is no event to wait for.
        std::thread::sleep(full.mul_f64(fraction));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            full = full.mul_f64(0.9).min(start.elapsed());
        } else {
            hits += 1;
        }
        check(round);
    }
    hits
}

#[test]
fn kills_of_backups_leave_whole_ones() {
    let server = Server::shared();
    let ctl = shop(server, "shot", 60_000);
    let command = ["backup", "create", "shot", "--json"];
    let start = Instant::now();
    let good = ctl.run(&command).ok().id();
    let full = start.elapsed();
    let hits = killed(&ctl, &command, full, |round| {
        for (id, state, damaged) in ctl.backups() {
            assert!(!damaged && ["complete", "interrupted"].contains(&state.as_str()), "{id} is {state}");
            assert!(id != good || state == "complete");
        }
        server.sql("shot", &format!("UPDATE sound SET t = md5(t) WHERE i % 40 = {round}"));
    });
    assert!(hits >= kills() / 2, "most kills hit a running backup, not {hits} of {}", kills());
    ctl.run(&["vault", "check", "--read-data"]).ok();
    for (id, state, _) in ctl.backups().into_iter().filter(|(_, state, _)| state == "complete") {
        ctl.run(&["backup", "verify", &id, "--level", "restored"]).ok();
        assert_eq!(state, "complete");
    }
    assert_eq!(server.databases_like("shot"), "shot", "nothing is left behind");
}

#[test]
fn kills_of_restores_leave_the_old_database_or_the_new_one() {
    let server = Server::shared();
    let ctl = shop(server, "felled", 30_000);
    let content = || {
        server
            .sql("felled", "SELECT count(*), sum(crc32(concat(i, t))) FROM sound; SELECT count(*) FROM prey")
    };
    let id = ctl.run(&["backup", "create", "felled", "--json"]).ok().id();
    let new = content();
    let spoil = "DELETE FROM prey; DELETE FROM sound WHERE i % 2 = 0";
    server.sql("felled", spoil);
    let old = content();
    let command = ["restore", &id, "--to", "felled", "--replace", "--confirm", "felled", "--json"];
    let start = Instant::now();
    let restore = ctl.run(&command).ok().id();
    let full = start.elapsed();
    assert_eq!(content(), new);
    ctl.run(&["restore", "undo", &restore]).ok();
    ctl.run(&["restore", "release", &restore]).ok();
    assert_eq!(content(), old);
    let hits = killed(&ctl, &command, full, |round| {
        // The next start finishes or undoes what was under way.
        let restores = ctl.json(&["restore", "list"]);
        let now = content();
        assert!(now == old || now == new, "round {round}: neither the old nor the new: {now}");
        for one in restores["restores"].as_array().unwrap().iter().filter(|one| one["can_release"] == true) {
            ctl.run(&["restore", "release", one["id"].as_str().unwrap()]).ok();
        }
        if now == new {
            server.sql("felled", spoil);
        }
    });
    assert!(hits >= kills() / 2, "most kills hit a running restore, not {hits} of {}", kills());
    assert_eq!(server.databases_like("felled"), "felled", "nothing is left behind");
}
