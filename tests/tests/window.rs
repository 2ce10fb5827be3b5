//! The window as a person meets it: the real program on a display, session bus and keyring of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use holdfast_tests::sqlite;
use holdfast_tests::window::Window;
use holdfast_tests::window::story::assert_sound;
use serde_json::json;

/// Deleted and brought back.
const TABLE: &str = "payments";

#[test]
fn vault_backup_proof_damage_restore_undo() {
    let window = Window::open();
    window.page().test_id("start-create");
    assert_sound(window.page(), "welcome");
    window.make_vault();
    assert_sound(window.page(), "recovery kit");
    window.store_recovery_kit();
    assert_sound(window.page(), "overview");

    let sample = window.sample();
    let (name, file) = (sample["name"].as_str().unwrap(), window.sample_file());
    let database = file.file_name().unwrap().to_str().unwrap();
    let rows = || sqlite::run(&file, &format!("SELECT count(*) FROM {TABLE}")).parse::<u64>().unwrap();
    let (whole, before) = (rows(), sqlite::hash(&file));
    assert!(whole > 0, "the sample has rows to lose");

    window.open_database(name);
    window.back_up();
    window.prove();
    assert_sound(window.page(), "backups");
    let list = window.page().call("backup.list", &json!({}), None).unwrap();
    assert_eq!(list["backups"][0]["level"], "restored", "{list}");

    sqlite::run(&file, &format!("DELETE FROM {TABLE}"));
    assert_eq!(rows(), 0);

    window.plan_replacement();
    assert_sound(window.page(), "restore plan");
    window.replace(database);
    assert_sound(window.page(), "restored");
    assert_eq!(rows(), whole, "the rows are back");
    assert_eq!(sqlite::hash(&file), before, "and everything else is as it was");

    window.ask_undo();
    assert_sound(window.page(), "undo plan");
    window.undo(database);
    assert_eq!(rows(), 0, "the replaced database is live again");
}

#[test]
fn the_page_may_do_nothing_but_call() {
    let window = Window::open();
    let page = window.page();
    page.test_id("start-create");

    let unknown = page.call("no.such.operation", &json!({}), None).unwrap_err();
    assert_eq!(unknown["code"], "unknown_operation", "errors arrive in the contract's shape: {unknown}");

    // Commands of plugins that the host itself uses are not for the page.
    for command in [
        "plugin:notification|notify",
        "plugin:dialog|open",
        "plugin:window|close",
        "plugin:webview|create_webview",
    ] {
        let body = "const done = arguments[1]; window.__TAURI_INTERNALS__.invoke(arguments[0], {}) \
             .then(() => done('allowed'), error => done(String(error)));";
        let answer = page.script_async(body, &[json!(command)]);
        assert!(answer.as_str().unwrap().contains("not allowed"), "{command}: {answer}");
    }

    // Foreign scripts, requests and pages.
    let fetched = page.script_async("const done = arguments[0]; fetch('https://example.com/').then(() => done('went out'), () => done('refused'));", &[]);
    assert_eq!(fetched, "refused");
    let evaluated = page.script_async(
        "const done = arguments[0]; const script = document.createElement('script'); script.textContent = 'window.injected = 1'; \
         document.body.append(script); done(window.injected ?? 'refused');",
        &[],
    );
    assert_eq!(evaluated, "refused", "inline scripts do not run");
    page.script("location.href = 'https://example.com/';", &[]);
    page.settle();
    page.test_id("start-create");
}
