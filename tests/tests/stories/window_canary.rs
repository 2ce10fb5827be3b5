//! Secrets typed into the real window: the request carries them in, and nothing else ever shows them. Not an event, not
//! an answer, not the log at its most talkative, not a file.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::path::Path;

use holdfast_tests::ctl::files_under;
use holdfast_tests::postgres::Server;
use holdfast_tests::window::Window;
use holdfast_tests::window::story::PASSPHRASE;
use serde_json::{Value, json};

const PASSWORD: &str = "c4n4ry-Fensterbank-17";
const WRONG_PASSWORD: &str = "c4n4ry-Regenrinne-23";
const WRONG_PASSPHRASE: &str = "c4n4ry eight wet umbrellas";
const NEXT_PASSPHRASE: &str = "c4n4ry nine dry lighthouses";

/// Everything that comes back over the bridge, as text: answers by the bridge's own requests, and every event.
const LISTEN: &str = r#"
window.overheard = { sent: 0, answers: [], events: [] };
const fetched = window.fetch.bind(window);
window.fetch = async (...given) => {
  const answer = await fetched(...given);
  window.overheard.sent += 1;
  answer.clone().text().then(text => window.overheard.answers.push(text));
  return answer;
};
const inside = window.__TAURI_INTERNALS__;
const hear = inside.transformCallback(event => window.overheard.events.push(JSON.stringify(event)));
const done = arguments[0];
inside.invoke('plugin:event|listen', { event: 'holdfast://event', target: { kind: 'Any' }, handler: hear })
  .then(() => done('listening'), error => done(String(error)));
"#;

#[test]
fn secrets_typed_into_the_window_appear_nowhere() {
    let server = Server::shared();
    server.psql("postgres", &format!("create role window_canary superuser login password '{PASSWORD}'"));
    server.psql("postgres", "create database window_shop owner window_canary");
    server.psql("window_shop", "create table t as select i, md5(i::text) from generate_series(1, 5000) i");

    let window = Window::open_with(&[("HOLDFAST_LOG", "trace")]);
    let page = window.page();
    page.test_id("start-create");
    assert_eq!(page.script_async(LISTEN, &[]), "listening");
    window.make_vault();
    let words = recovery_words(&window);
    window.store_recovery_kit();

    connect(&window, server.port());
    window.back_up();
    assert_eq!(page.call("vault.lock", &json!({}), None).unwrap()["state"], "locked");
    unlock(&window, WRONG_PASSPHRASE);
    page.find("[data-testid=\"error-state\"][data-code=\"passphrase_wrong\"]");
    unlock(&window, PASSPHRASE);
    page.wait_until_gone("[data-testid=\"unlock-passphrase\"]");
    page.call("vault.change_passphrase", &json!({ "new_passphrase": NEXT_PASSPHRASE }), None).unwrap();
    page.call("audit.list", &json!({ "limit": 500 }), None).unwrap();
    page.settle();

    let heard = page.script("return window.overheard;", &[]);
    let (answers, events) = (texts(&heard["answers"]), texts(&heard["events"]));
    assert!(answers.len() > 20 && heard["sent"].as_u64().unwrap() > 20, "the bridge was overheard: {heard}");
    assert!(events.iter().any(|event| event.contains("\"job\"")), "events were overheard: {events:?}");
    let log = std::fs::read_to_string(window.home().join("logs/window.log")).unwrap();
    assert!(log.contains("TRACE"), "the log was at its most talkative");

    let secrets = [PASSWORD, WRONG_PASSWORD, PASSPHRASE, WRONG_PASSPHRASE, NEXT_PASSPHRASE, words.as_str()];
    for secret in secrets {
        for text in answers.iter().chain(&events) {
            assert!(!text.contains(secret), "{secret:?} came back over the bridge: {text}");
        }
        assert!(!window.said().contains(secret), "{secret:?} on standard error");
        // The data folder with the log and the web view's own files, and what the session keeps beside it.
        for file in files_under(&window.outside("")) {
            refuse(&file, secret);
        }
    }
}

fn connect(window: &Window, port: u16) {
    let page = window.page();
    window.go_to("#/connections/new");
    let url = format!("postgres://window_canary@127.0.0.1:{port}/window_shop?sslmode=disable");
    page.test_id("connection-url").fill(&url);
    page.wait_for_script(
        "return document.querySelector('[data-testid=\"connection-database\"]')?.value === 'window_shop';",
        "the form to take the URL",
    );
    page.test_id("connection-name").fill("Window shop");
    page.test_id("connection-password").fill(WRONG_PASSWORD);
    page.test_id("connection-test").click();
    page.find("[data-testid=\"connection-test-result\"][data-ok=\"false\"]");
    page.test_id("connection-password").fill(PASSWORD);
    page.test_id("connection-test").click();
    page.find("[data-testid=\"connection-test-result\"][data-ok=\"true\"]");
    page.test_id("connection-save").click();
    page.test_id("tab-backups");
}

fn unlock(window: &Window, passphrase: &str) {
    let page = window.page();
    if !page.has("[data-testid=\"unlock-passphrase\"]") {
        page.test_id("banner-unlock").click();
    }
    page.test_id("unlock-passphrase").fill(passphrase);
    page.test_id("unlock").click();
}

/// As they would be typed. They came back over the bridge one by one, because they are shown once.
fn recovery_words(window: &Window) -> String {
    let words = window.page().script(
        "return [...document.querySelectorAll('[data-testid=\"recovery-words\"] .font-mono')] \
         .map(each => each.textContent).join(' ');",
        &[],
    );
    let words = words.as_str().unwrap().to_owned();
    assert_eq!(words.split(' ').count(), 24, "{words}");
    words
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|each| each.as_str().unwrap().to_owned()).collect()
}

fn refuse(file: &Path, secret: &str) {
    // Sockets and what was removed meanwhile hold nothing.
    let Some(bytes) = file.is_file().then(|| std::fs::read(file).ok()).flatten() else { return };
    let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(!found, "{} holds {secret:?} in the clear", file.display());
}
