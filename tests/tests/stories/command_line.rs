//! The command line contract, on the sample database.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use holdfast_tests::ctl::{Ctl, files_under};
use holdfast_tests::sqlite::run as sqlite;

/// A vault, and the sample shop connected under the name `shop`.
fn shop() -> (Ctl, PathBuf) {
    let ctl = Ctl::with_vault();
    let made = ctl.json(&["call", "sample.create"]);
    let sample = PathBuf::from(made["connection"]["spec"]["path"].as_str().expect("a path"));
    let shop = ctl.outside("shop.sqlite");
    std::fs::copy(&sample, &shop).expect("a copy of the sample");
    ctl.run(&[
        "connection",
        "add",
        "shop",
        "--url",
        &format!("sqlite://{}", shop.display()),
        "--env",
        "production",
    ])
    .ok();
    (ctl, shop)
}

#[test]
fn the_main_job_from_first_backup_to_undo() {
    let (ctl, shop) = shop();
    let before = sqlite(&shop, ".dump");
    let orders = sqlite(&shop, "select count(*) from orders");

    let plan = ctl.json(&["backup", "plan", "shop"]);
    assert_eq!(plan["omissions"].as_array().map(Vec::len), Some(0));
    let id = ctl.run(&["backup", "create", "shop", "--note", "before the sale", "--json"]).ok().id();
    let said = ctl.run(&["backup", "verify", &id, "--level", "stored"]).ok();
    assert!(said.stdout.contains("Stored"), "{}", said.stdout);
    ctl.run(&["backup", "verify", &id, "--level", "decoded"]).ok();
    let proof = ctl.json(&["backup", "verify", &id[..8], "--level", "restored"]);
    assert_eq!(proof["proof"]["passed"], true);
    assert!(proof["proof"]["tables"].as_array().unwrap().iter().all(|table| table["hash_equal"] == true));
    let listed = ctl.json(&["backup", "list", "shop"]);
    assert_eq!(listed["backups"][0]["level"], "restored");
    assert_eq!(listed["backups"][0]["name"], "before the sale");

    // the damage, then the restore that replaces, proves and keeps
    sqlite(&shop, "pragma foreign_keys=off; delete from orders");
    ctl.run(&["restore", &id, "--to", "shop", "--replace"]).fails_with(3);
    ctl.run(&["restore", &id, "--to", "shop", "--replace", "--confirm", "elsewhere.sqlite"]).fails_with(3);
    assert_eq!(sqlite(&shop, "select count(*) from orders"), "0", "an unconfirmed restore changes nothing");
    let restore =
        ctl.run(&["--json", "restore", &id, "--to", "shop", "--replace", "--confirm", "shop.sqlite"]).ok();
    assert_eq!(sqlite(&shop, "select count(*) from orders"), orders);
    assert_eq!(sqlite(&shop, ".dump"), before);
    assert_eq!(sqlite(&shop, "pragma integrity_check"), "ok");
    let document = restore.json();
    assert!(document["restore"]["safety_backup_id"].is_string(), "a safety backup comes first");
    assert_eq!(document["restore"]["can_undo"], true);

    ctl.run(&["restore", "undo", &restore.id()]).ok();
    assert_eq!(sqlite(&shop, "select count(*) from orders"), "0", "undo brings back what was replaced");

    // beside, under a given name
    let beside = ctl.outside("beside.sqlite");
    let there = ctl.json(&["restore", &id, "--to", "shop", "--database", beside.to_str().unwrap()]);
    assert_eq!(there["restore"]["database"], beside.to_str().unwrap());
    assert_eq!(sqlite(&beside, ".dump"), before);
    ctl.run(&["restore", &id, "--to", "shop", "--database", beside.to_str().unwrap()]).fails_with(1);

    // exports that other programs read
    let (script, copy) = (ctl.outside("shop.sql"), ctl.outside("export.sqlite"));
    ctl.run(&["backup", "export", &id, "--to", script.to_str().unwrap()]).ok();
    ctl.run(&["backup", "export", &id, "--to", copy.to_str().unwrap(), "--format", "sqlite"]).ok();
    ctl.run(&["backup", "export", &id, "--to", copy.to_str().unwrap(), "--format", "sqlite"]).fails_with(1);
    assert_eq!(sqlite(&copy, ".dump"), before);
    let loaded = ctl.outside("loaded.sqlite");
    sqlite(&loaded, &format!(".read '{}'", script.display()));
    assert_eq!(sqlite(&loaded, "select count(*) from orders"), orders);
    assert_eq!(
        sqlite(&loaded, "select * from products order by 1"),
        sqlite(&copy, "select * from products order by 1")
    );

    ctl.run(&["audit", "verify"]).ok();
    let audit = ctl.json(&["audit", "list", "--search", "restore.apply"]);
    assert!(audit["entries"].as_array().unwrap().len() >= 4, "refusals, intents and outcomes are all there");
}

#[test]
fn damage_is_found_named_and_told_by_the_exit_code() {
    let (ctl, _) = shop();
    let id = ctl.run(&["backup", "create", "shop", "--json"]).ok().id();
    ctl.run(&["vault", "check", "--read-data"]).ok();
    let packs: Vec<PathBuf> = files_under(&ctl.home().join("vault/packs"));
    let pack = packs.iter().max_by_key(|pack| pack.metadata().unwrap().len()).expect("a pack");
    let mut bytes = std::fs::read(pack).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(pack, bytes).unwrap();
    for command in [
        vec!["vault", "check"],
        vec!["vault", "check", "--read-data"],
        vec!["backup", "verify", &id, "--level", "stored"],
        vec!["backup", "verify", &id, "--level", "decoded"],
        vec!["backup", "verify", &id, "--level", "restored"],
    ] {
        ctl.run(&command).fails_with(4);
    }
    assert!(ctl.backups()[0].2, "the list says that it is damaged");
    let said =
        ctl.run(&["restore", &id, "--to", "shop", "--database", ctl.outside("x.sqlite").to_str().unwrap()]);
    assert_ne!(said.code, 0, "damage is never restored in silence");
    assert!(!ctl.outside("x.sqlite").exists(), "nothing is left over");
}

#[test]
fn deleting_and_pruning_leave_the_others_whole() {
    let (ctl, shop) = shop();
    let first = ctl.run(&["backup", "create", "shop", "--json"]).ok().id();
    sqlite(&shop, "create table fresh as select * from events");
    let second = ctl.run(&["backup", "create", "shop", "--json"]).ok().id();
    let size = |backup: &serde_json::Value| backup["stored_bytes"].as_u64().unwrap();
    let list = ctl.json(&["backup", "list", "shop"]);
    assert!(size(&list["backups"][0]) < size(&list["backups"][1]), "the second stores only what is new");
    ctl.run(&["backup", "delete", &second]).fails_with(3);
    ctl.run(&["backup", "delete", &second, "--confirm", "shop"]).ok();
    ctl.run(&["call", "settings.update", r#"{"prune_grace_hours": 0}"#]).ok();
    ctl.run(&["vault", "prune", "--dry-run"]).ok();
    ctl.run(&["vault", "prune"]).ok();
    ctl.run(&["vault", "prune"]).ok();
    ctl.run(&["vault", "check", "--read-data"]).ok();
    ctl.run(&["backup", "verify", &first, "--level", "restored"]).ok();
    assert_eq!(ctl.backups().len(), 1);
    ctl.run(&["backup", "show", &second]).fails_with(1);
}

#[test]
fn bad_input_gets_a_typed_answer() {
    let ctl = Ctl::new();
    let code = |arguments: &[&str]| {
        let said = ctl.run(arguments);
        assert_ne!(said.code, 0, "{arguments:?}");
        said.json()["error"]["code"].as_str().expect("a code").to_owned()
    };
    assert_eq!(code(&["--json", "backup", "create", "nowhere"]), "not_found");
    assert_eq!(code(&["--json", "call", "no.such.thing"]), "unknown_operation");
    assert_eq!(code(&["--json", "call", "job.get", "{\"jub\": 1}"]), "bad_request");
    assert_eq!(code(&["connection", "add", "x", "--url", "gopher://x", "--json"]), "bad_request");
    ctl.run(&["backup", "frobnicate"]).fails_with(2);
    ctl.run(&["vault", "init"]).ok();
    assert_eq!(code(&["--json", "vault", "init"]), "vault_exists");

    let file = ctl.outside("text.sqlite");
    std::fs::write(&file, "this is not a database, only words\n".repeat(40)).unwrap();
    for (name, path, expected) in
        [("text", file.clone(), "not_a_database"), ("gone", ctl.outside("gone.sqlite"), "database_missing")]
    {
        ctl.run(&["connection", "add", name, "--url", &format!("sqlite://{}", path.display())]).ok();
        let test = ctl.run(&["connection", "test", name, "--json"]).fails_with(1);
        assert_eq!(test.json()["error"]["code"], expected);
        assert_eq!(code(&["--json", "backup", "create", name]), expected);
    }
    assert!(ctl.backups().iter().all(|(_, state, _)| state == "failed"), "nothing good came of it");

    // a wrong passphrase, on a machine that does not remember the key
    let mut stranger = Ctl::new();
    let wrong = stranger.outside("wrong");
    std::fs::write(&wrong, "not the passphrase at all\n").unwrap();
    stranger.set("HOLDFAST_PASSPHRASE_FILE", wrong.to_str().unwrap());
    let vault = ctl.home().join("vault");
    let said = stranger.run(&["--json", "vault", "attach", vault.to_str().unwrap()]).fails_with(1);
    assert_eq!(said.json()["error"]["code"], "passphrase_wrong");
    let empty = stranger.outside("empty");
    std::fs::create_dir(&empty).unwrap();
    let said = stranger.run(&["--json", "vault", "attach", empty.to_str().unwrap()]).fails_with(1);
    assert!(["not_a_vault", "vault_missing"].contains(&said.json()["error"]["code"].as_str().unwrap()));
}

#[test]
fn a_vault_opens_elsewhere_with_the_passphrase_or_the_recovery_kit() {
    let ctl = Ctl::new();
    let kit = ctl.json(&["vault", "init"])["recovery_kit"]["words"].as_array().expect("words").clone();
    let words: Vec<&str> = kit.iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words.len(), 24);
    ctl.run(&["call", "sample.create"]).ok();
    let sample = ctl.json(&["connection", "list"])["connections"][0]["name"].as_str().unwrap().to_owned();
    let id = ctl.run(&["backup", "create", &sample, "--json"]).ok().id();
    let vault = ctl.home().join("vault");

    let elsewhere = Ctl::new();
    elsewhere.run(&["vault", "attach", vault.to_str().unwrap()]).ok();
    assert_eq!(elsewhere.backups()[0].0, id);
    let by_kit = Ctl::new();
    by_kit
        .run_with_input(&["vault", "attach", vault.to_str().unwrap(), "--recovery-kit"], &words.join(" "))
        .ok();
    let target = by_kit.outside("anything.sqlite");
    std::fs::File::create(&target).unwrap();
    by_kit.run(&["connection", "add", "new", "--url", &format!("sqlite://{}", target.display())]).ok();
    let copy = by_kit.outside("copy.sqlite");
    by_kit.run(&["restore", &id, "--to", "new", "--database", copy.to_str().unwrap()]).ok();
    assert_eq!(sqlite(&copy, "pragma integrity_check"), "ok");
    assert_ne!(sqlite(&copy, "select count(*) from customers"), "0");

    let mut typo = words.clone();
    typo.swap(3, 17);
    let said = Ctl::new().run_with_input(
        &["--json", "vault", "attach", vault.to_str().unwrap(), "--recovery-kit"],
        &typo.join(" "),
    );
    assert_ne!(said.code, 0);
}

#[test]
fn work_left_behind_goes_on_and_can_be_watched() {
    let (ctl, _) = shop();
    let said = ctl.run(&["--json", "backup", "create", "shop", "--prove", "--detach"]).ok();
    let job = said.json()["job_id"].as_str().expect("a job").to_owned();
    ctl.run(&["job", "watch", &job]).ok();
    let list = ctl.json(&["backup", "list"]);
    assert_eq!(list["backups"][0]["id"], said.id());
    assert_eq!(list["backups"][0]["level"], "restored");
}
