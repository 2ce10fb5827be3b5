//! Faults planted where the program cannot see them: one row less, one value changed, one right revoked, one byte flipped.
//! Each fails the proof, and the table is named. The programs are the ones that ship.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast_tests::ctl::{Ctl, Said, files_under};
use holdfast_tests::postgres::Server;
use holdfast_tests::spoiler::Spoiler;

/// The words of a failed verification, and that no list calls the backup proven.
fn failed(ctl: &Ctl, id: &str, said: Said) -> String {
    let document = said.fails_with(4).json();
    assert_eq!(document["proof"]["passed"], false, "{document}");
    let shown = ctl.json(&["backup", "show", id]);
    assert_ne!(shown["backup"]["level"], "restored", "nothing calls it proven");
    assert_eq!(shown["proofs"][0]["passed"], false, "the record is kept with the backup");
    document["proof"]["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

fn rows_of_two_tables(server: &Server, database: &str) {
    server.psql("postgres", &format!("create database {database}"));
    server.psql(
        database,
        "create table sound(i int primary key, t text); insert into sound select i, 'sound ' || i from generate_series(1, 500) i;
         create table prey(i int primary key, t text); insert into prey select i, 'prey ' || i from generate_series(1, 500) i;",
    );
}

/// A backup taken over a good wire, verified over a bad one.
fn over_a_bad_wire(
    database: &str,
    spoil: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> String {
    let server = Server::shared();
    rows_of_two_tables(server, database);
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "shop", "--url", &server.url(database)]).ok();
    let wire = Spoiler::before(server.port(), spoil);
    ctl.run(&["connection", "add", "badwire", "--url", &wire.url("postgres")]).ok();
    let id = ctl.run(&["--json", "backup", "create", "shop"]).ok().id();
    let said = ctl.run(&["--json", "backup", "verify", &id, "--level", "restored", "--scratch", "badwire"]);
    assert_eq!(wire.spoiled(), 1, "the fault was planted\n{}{}", said.stdout, said.stderr);
    let problems = failed(&ctl, &id, said);
    let left = server.psql("postgres", "select count(*) from pg_database where datname like '%proof%'");
    assert_eq!(left, "0", "the scratch database is gone");
    // Over the good wire the same backup is proven.
    ctl.run(&["--json", "backup", "verify", &id, "--level", "restored"]).ok();
    problems
}

#[test]
fn a_row_lost_on_its_way_into_postgres_names_its_table() {
    let problems = over_a_bad_wire("lost_row", |row| (!row.ends_with(b"\tprey 77\n")).then(|| row.to_vec()));
    assert!(
        problems.contains("public.prey") && problems.contains("499") && problems.contains("500"),
        "{problems}"
    );
    assert!(!problems.contains("sound"), "{problems}");
}

#[test]
fn a_value_changed_on_its_way_into_postgres_names_its_table() {
    let problems = over_a_bad_wire("changed_value", |row| {
        Some(if row.ends_with(b"\tprey 77\n") { b"77\tprey 78\n".to_vec() } else { row.to_vec() })
    });
    assert_eq!(problems, "Table public.prey has other contents than the snapshot.");
}

#[test]
fn a_select_revoked_is_never_a_complete_backup() {
    let server = Server::shared();
    rows_of_two_tables(server, "revoked");
    server.psql("revoked", "create role reader_of_two login; grant select on sound, prey to reader_of_two");
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "shop", "--url", &server.url_as("revoked", "reader_of_two")]).ok();
    let before = ctl.json(&["backup", "create", "shop"]);
    assert_eq!(before["backup"]["state"], "complete", "{before}");
    server.psql("revoked", "revoke select on prey from reader_of_two");
    let refused = ctl.run(&["--json", "backup", "create", "shop", "--strict"]).fails_with(1).json();
    assert_eq!(refused["error"]["code"], "incomplete");
    assert!(refused["error"]["message"].as_str().unwrap().contains("prey"), "{refused}");
    let id = ctl.run(&["--json", "backup", "create", "shop"]).ok().id();
    let shown = ctl.json(&["backup", "show", &id]);
    assert_eq!(shown["backup"]["state"], "partial");
    let named: Vec<&str> = shown["omissions"]
        .as_array()
        .unwrap()
        .iter()
        // What only a superuser may read of the roles is said too, and makes nothing partial.
        .filter(|omission| omission["by_request"] == false)
        .map(|omission| omission["name"].as_str().unwrap())
        .collect();
    assert_eq!(named, ["public.prey"]);
}

/// Flips one bit in the middle of the vault's largest pack.
fn flip_one_bit(ctl: &Ctl) {
    let packs = files_under(&ctl.home().join("vault/packs"));
    let pack = packs.into_iter().max_by_key(|file| std::fs::metadata(file).unwrap().len()).unwrap();
    let mut bytes = std::fs::read(&pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    // Packs are read-only once written.
    std::fs::remove_file(&pack).unwrap();
    std::fs::write(&pack, bytes).unwrap();
}

#[test]
fn a_byte_flipped_in_the_vault_names_the_table_it_held() {
    let server = Server::shared();
    server.psql("postgres", "create database flipped");
    server.psql(
        "flipped",
        "create table sound(i int); insert into sound values (1);
         create table prey as select i, sha512(i::text::bytea) as noise from generate_series(1, 4000) i",
    );
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "shop", "--url", &server.url("flipped")]).ok();
    let id = ctl.run(&["--json", "backup", "create", "shop"]).ok().id();
    flip_one_bit(&ctl);
    for level in ["decoded", "restored"] {
        let said = ctl.run(&["--json", "backup", "verify", &id, "--level", level]);
        let problems = failed(&ctl, &id, said);
        assert!(problems.contains("prey") && !problems.contains("sound"), "{level}: {problems}");
    }
    let said = ctl.run(&["--json", "backup", "verify", &id, "--level", "stored"]);
    failed(&ctl, &id, said);
}

fn a_sqlite_shop(ctl: &Ctl) -> String {
    let file = ctl.outside("shop.sqlite");
    holdfast_tests::sqlite::run(
        &file,
        "create table sound(i integer primary key, t); create table prey(i integer primary key, t);
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) insert into sound select i, hex(randomblob(600)) from n;
         insert into prey select i, 'prey ' || i from sound;",
    );
    let url = format!("sqlite://{}", file.display());
    ctl.run(&["connection", "add", "shop", "--url", &url]).ok();
    ctl.run(&["--json", "backup", "create", "shop"]).ok().id()
}

/// The file that is being made for the proof.
fn scratch_file(home: &Path) -> Option<PathBuf> {
    files_under(home).into_iter().find(|file| {
        let name = file.file_name().unwrap().to_string_lossy();
        name.starts_with("proof_proof_") && !name.ends_with("-journal")
    })
}

/// Changes the copy as soon as it can be opened: SQLite's own locks put the change before the comparison's read.
fn while_it_is_proven(ctl: &Ctl, id: &str, fault: &'static str) -> String {
    for _ in 0..5 {
        let (home, done) = (ctl.home(), Arc::new(AtomicBool::new(false)));
        let stop = done.clone();
        let saboteur = std::thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let planted =
                    std::panic::catch_unwind(|| scratch_file(&home)).ok().flatten().is_some_and(|file| {
                        std::process::Command::new("sqlite3")
                            .args(["-batch", "-bail", "-cmd", ".timeout 5000"])
                            .arg(&file)
                            .arg(fault)
                            .output()
                            .unwrap()
                            .status
                            .success()
                    });
                if planted {
                    return;
                }
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        let said = ctl.run(&["--json", "backup", "verify", id, "--level", "restored"]);
        done.store(true, Ordering::SeqCst);
        saboteur.join().unwrap();
        // Too late is possible, and then there was no fault: the next round is earlier.
        if said.code != 0 {
            return failed(ctl, id, said);
        }
    }
    panic!("the fault was never planted in time");
}

#[test]
fn a_row_lost_or_changed_in_a_sqlite_copy_names_its_table() {
    let ctl = Ctl::with_vault();
    let id = a_sqlite_shop(&ctl);
    let problems = while_it_is_proven(&ctl, &id, "delete from prey where i = 77");
    assert_eq!(problems, "Table prey has 3999 rows instead of 4000.");
    let problems = while_it_is_proven(&ctl, &id, "update prey set t = 'prey 78' where i = 77");
    assert_eq!(problems, "Table prey has other contents than the snapshot.");
    ctl.run(&["backup", "verify", &id, "--level", "restored"]).ok();
}

#[test]
fn a_byte_flipped_under_a_sqlite_backup_is_found_at_every_level() {
    let ctl = Ctl::with_vault();
    let id = a_sqlite_shop(&ctl);
    flip_one_bit(&ctl);
    for level in ["stored", "decoded", "restored"] {
        let said = ctl.run(&["--json", "backup", "verify", &id, "--level", level]);
        let problems = failed(&ctl, &id, said);
        assert!(!problems.is_empty());
        if level == "decoded" {
            assert!(problems.contains("database pages"), "{problems}");
        }
    }
    let target = ctl.outside("never.sqlite");
    ctl.run(&["restore", &id, "--to", "shop", "--database", target.to_str().unwrap()]).fails_with(4);
    assert!(!target.exists(), "a damaged backup makes no file");
}
