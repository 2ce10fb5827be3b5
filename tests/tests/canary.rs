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
