//! A password that must appear nowhere: no file, log, argument list, environment, audit record or answer.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use holdfast_tests::ctl::{Ctl, PASSPHRASE, files_under};
use holdfast_tests::postgres::Server;

const CANARY: &str = "c4n4ry-Zaunk0enig-91";

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

fn nowhere(ctl: &Ctl, secret: &str) {
    for file in files_under(&ctl.home()) {
        let bytes = std::fs::read(&file).expect("a readable file");
        assert!(!contains(&bytes, secret), "{} holds a secret in the clear", file.display());
    }
}

/// Arguments and environment of a process and its descendants, as any user of the machine may see them.
fn visible_to_others(pid: u32) -> Vec<u8> {
    let mut seen = Vec::new();
    for name in ["cmdline", "environ"] {
        // A process that has just ended shows nothing.
        seen.extend(std::fs::read(Path::new("/proc").join(pid.to_string()).join(name)).unwrap_or_default());
    }
    seen
}

#[test]
fn a_canary_password_appears_nowhere() {
    let server = Server::shared();
    server.psql("postgres", &format!("create role canary superuser login password '{CANARY}'"));
    server.psql("postgres", "create database canary_shop owner canary");
    server.psql("canary_shop", "create table t as select i, md5(i::text) from generate_series(1, 200000) i");
    let ctl = Ctl::with_vault();
    let url = server.tcp_url("canary_shop", "canary");
    let mut said = Vec::new();
    // by standard input, by file, inside the URL, and a wrong one
    said.push(
        ctl.run_with_input(
            &["--log", "trace", "connection", "add", "one", "--url", &url, "--password-stdin"],
            CANARY,
        )
        .ok(),
    );
    let file = ctl.outside("password");
    std::fs::write(&file, CANARY).unwrap();
    said.push(
        ctl.run(&[
            "connection",
            "add",
            "two",
            "--url",
            &url,
            "--password-file",
            file.to_str().unwrap(),
            "--log",
            "trace",
        ])
        .ok(),
    );
    let with_password = url.replace("canary@", &format!("canary:{CANARY}@"));
    said.push(ctl.run(&["connection", "add", "three", "--url", &with_password, "--json"]).ok());
    let wrong = url.replace("canary@", &format!("canary:{CANARY}-wrong@"));
    ctl.run(&["connection", "add", "four", "--url", &wrong]).ok();
    said.push(ctl.run(&["--log", "trace", "connection", "test", "four", "--json"]).fails_with(1));
    for name in ["one", "two", "three"] {
        said.push(ctl.run(&["--log", "trace", "connection", "test", name, "--json"]).ok());
    }
    let mut child = ctl.start(&["--log", "trace", "backup", "create", "one", "--prove"]);
    let mut looks = 0;
    while child.try_wait().expect("the child can be asked").is_none() {
        let seen = visible_to_others(child.id());
        assert!(
            !contains(&seen, CANARY) && !contains(&seen, PASSPHRASE),
            "a secret is visible to other users"
        );
        looks += 1;
        std::thread::yield_now();
    }
    assert!(looks > 3, "the process was looked at while it worked");
    said.push(child.wait_with_output().expect("the child ends").into());
    for arguments in [
        vec!["connection", "list", "--json"],
        vec!["audit", "list", "--json", "--limit", "500"],
        vec!["job", "list", "--json"],
        vec!["backup", "list", "--json"],
        vec!["call", "about.get"],
    ] {
        said.push(ctl.run(&arguments).ok());
    }
    for said in said {
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.contains(CANARY) && !text.contains(PASSPHRASE), "an answer holds a secret: {text}");
        }
    }
    nowhere(&ctl, CANARY);
    nowhere(&ctl, PASSPHRASE);
}

/// A role's password hash travels inside the encrypted vault, and nobody but the receiving server sees it.
#[test]
fn roles_come_along_when_asked_and_their_hashes_appear_nowhere() {
    let (server, elsewhere) =
        (Server::shared(), Server::start_with("local all all trust\nhost all all 127.0.0.1/32 trust\n", &[]));
    server.psql("postgres", "create database tills");
    server
        .psql("postgres", &format!("create role \"Cash ier\" login password '{CANARY}' connection limit 3"));
    server.psql("tills", "create table till as select i from generate_series(1, 9) i");
    server.psql("tills", "alter table till owner to \"Cash ier\"");
    let read = "select rolpassword || rolconnlimit from pg_authid where rolname = 'Cash ier'";
    let hash = server.psql("postgres", "select rolpassword from pg_authid where rolname = 'Cash ier'");

    let ctl = Ctl::with_vault();
    ctl.run(&["connection", "add", "tills", "--url", &server.url("tills")]).ok();
    ctl.run(&["connection", "add", "new", "--url", &elsewhere.url("postgres")]).ok();
    let id = ctl.run(&["--json", "--log", "trace", "backup", "create", "tills"]).ok().id();
    let planned = ctl.run(&["restore", &id, "--to", "new", "--database", "tills", "--dry-run"]);
    assert!(
        planned.stdout.contains("Cash ier") && planned.stdout.contains("--globals"),
        "{}",
        planned.stdout
    );
    let mut said = vec![planned];
    said.push(
        ctl.run(&[
            "--log",
            "trace",
            "--json",
            "restore",
            &id,
            "--to",
            "new",
            "--database",
            "tills",
            "--globals",
        ])
        .ok(),
    );
    said.push(ctl.run(&["audit", "list", "--json", "--limit", "500"]).ok());
    said.push(ctl.run(&["restore", "list", "--json"]).ok());
    assert_eq!(elsewhere.psql("postgres", read), server.psql("postgres", read));
    let owner = "select tableowner from pg_tables where tablename = 'till'";
    assert_eq!(elsewhere.psql("tills", owner), "Cash ier");
    for said in said {
        for text in [&said.stdout, &said.stderr] {
            assert!(!text.contains(&hash) && !text.contains(CANARY), "an answer holds a secret: {text}");
        }
    }
    nowhere(&ctl, &hash);
    nowhere(&ctl, CANARY);
}
