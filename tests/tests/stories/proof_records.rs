//! The record of a proof: complete, kept with the backup, saved as a file; why a level stayed below; proofs on another server.
#![allow(clippy::unwrap_used)]

use holdfast_tests::ctl::Ctl;
use holdfast_tests::postgres::Server;
use holdfast_tests::sqlite;

#[test]
fn a_record_has_it_all_and_can_be_saved() {
    let ctl = Ctl::with_vault();
    let file = ctl.outside("shop.sqlite");
    sqlite::run(
        &file,
        "create table \"odd\nname\"(x); insert into \"odd\nname\" values (1); create table t(x)",
    );
    ctl.run(&["connection", "add", "shop", "--url", &format!("sqlite://{}", file.display())]).ok();
    let id = ctl.run(&["--json", "backup", "create", "shop"]).ok().id();
    let job = ctl.json(&["job", "list"])["jobs"][0]["id"].as_str().unwrap().to_owned();
    let log = ctl.run(&["job", "log", &job]).ok().stdout;
    for told in ["1. Reading shop", "2. Reading back what was stored", "Comparing"] {
        assert!(log.contains(told), "{told} in\n{log}");
    }
    ctl.run(&["backup", "verify", &id]).ok();
    let shown = ctl.json(&["backup", "show", &id]);
    let proof = &shown["proofs"][0];
    assert_eq!((&proof["level"], &proof["passed"]), (&"restored".into(), &true.into()));
    assert!(
        proof["duration_ms"].is_u64() && proof["restore_ms"].is_u64() && proof["tool_version"].is_string()
    );
    assert_eq!(proof["server"]["engine"], "sqlite");
    assert!(proof["server"]["version"].as_str().unwrap().starts_with("3."));
    let tables = proof["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 2);
    assert!(
        tables
            .iter()
            .all(|table| table["hash_equal"] == true && table["found_rows"] == table["expected_rows"])
    );

    let (json, page) = (ctl.outside("proof.json"), ctl.outside("proof.txt"));
    ctl.run(&["backup", "proof", &id, "--to", json.to_str().unwrap()]).ok();
    let saved: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(&saved["proof"], proof, "the very record");
    assert_eq!((&saved["format"], &saved["backup"]["id"]), (&"holdfast-proof".into(), &id.as_str().into()));
    let said =
        ctl.run(&["--json", "backup", "proof", &id, "--to", json.to_str().unwrap()]).fails_with(1).json();
    assert_eq!(said["error"]["code"], "already_exists", "never replaced unasked");
    ctl.run(&["backup", "proof", &id, "--to", json.to_str().unwrap(), "--overwrite"]).ok();
    ctl.run(&["backup", "proof", &id, "--to", page.to_str().unwrap(), "--text"]).ok();
    let text = std::fs::read_to_string(&page).unwrap();
    for wanted in [
        &id,
        "PASSED",
        "restored: loaded into a scratch database",
        "equal     odd\\nname",
        "Loaded on   sqlite 3.",
    ] {
        assert!(text.contains(wanted), "{wanted} in\n{text}");
    }
    assert_eq!(&ctl.json(&["backup", "proof", &id]), proof);
}

#[test]
fn a_login_that_may_not_make_databases_says_why_and_another_server_proves_it() {
    let server = Server::shared();
    server.psql("postgres", "create database owned");
    server.psql("postgres", "create role modest login nocreatedb");
    server.psql("owned", "create table t(i int); insert into t values (1), (2); grant select on t to modest");
    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "modest", "--url", &server.url_as("owned", "modest"), "--prove"]).ok();
    let id = ctl.run(&["--json", "backup", "create", "modest"]).ok().id();
    let shown = ctl.json(&["backup", "show", &id]);
    assert_eq!(shown["backup"]["level"], "decoded", "as far as it goes, and no further");
    let why = &shown["proofs"][0]["not_restored"];
    assert_eq!(why["code"], "unsupported", "{shown}");
    assert!(why["hint"].is_string());
    assert_eq!(shown["proofs"][0]["tables"][0]["hash_equal"], true);
    let page = ctl.outside("why.txt");
    ctl.run(&["backup", "proof", &id, "--to", page.to_str().unwrap(), "--text"]).ok();
    assert!(std::fs::read_to_string(&page).unwrap().contains("Not loaded"));
    // Asked for by name, it is a failure of the command, and the backup stays what it is.
    let said = ctl.run(&["--json", "backup", "verify", &id, "--level", "restored"]).fails_with(1).json();
    assert_eq!(said["error"]["code"], "unsupported");

    ctl.run(&["connection", "add", "elsewhere", "--url", &server.url("postgres")]).ok();
    let said = ctl.json(&["backup", "verify", &id, "--level", "restored", "--scratch", "elsewhere"]);
    assert_eq!(said["proof"]["passed"], true);
    assert_eq!(ctl.json(&["backup", "show", &id])["backup"]["level"], "restored");
    let left = server.psql("postgres", "select count(*) from pg_database where datname like '%proof%'");
    assert_eq!(left, "0");
}
