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
fn what_is_cleared_is_in_a_proven_backup_and_rules_count_before_they_delete() {
    let window = Window::open();
    window.make_vault();
    window.store_recovery_kit();
    let (page, sample, file) = (window.page(), window.sample(), window.sample_file());
    let name = sample["name"].as_str().unwrap();
    let count =
        |from: &str| sqlite::run(&file, &format!("SELECT count(*) FROM {from}")).parse::<u64>().unwrap();
    let newest = || {
        let list = page.call("backup.list", &json!({}), None).unwrap();
        page.call("backup.get", &json!({"backup": list["backups"][0]["id"]}), None).unwrap()
    };
    let held = |backup: &serde_json::Value, table: &str| {
        let tables = backup["tables"].as_array().unwrap();
        tables.iter().find(|each| each["name"] == table).unwrap()["rows"].as_u64().unwrap()
    };

    // A table that others point at: the plan says so, and there is nothing to type.
    window.open_database(name);
    page.test_id("tab-clean-up").click();
    page.test_id("clear-open").click();
    page.find("input[type=\"radio\"][aria-label=\"customers\"]").click();
    page.test_id("clear-plan").click();
    page.test_id("blockers");
    assert!(!page.test_id("apply").is_enabled());
    page.button("Cancel").click();

    let whole = count(TABLE);
    window.ask_to_clear(TABLE);
    assert_sound(page, "plan of clearing a table");
    assert_eq!(count(TABLE), whole, "nothing goes before the name is typed");
    let said = window.clear(TABLE);
    assert_sound(page, "table cleared");
    assert_eq!(count(TABLE), 0);
    assert!(said.replace(',', "").contains(&format!("{whole} rows deleted")), "{said}");
    let safety = newest();
    assert_eq!((safety["backup"]["level"].as_str(), held(&safety, TABLE)), (Some("restored"), whole));
    page.test_id("cleared-backup").click();
    page.wait_for_text("Safety backup before clearing");

    // A rule, counted while it is written.
    let (reviews, bad) = (count("reviews"), count("reviews WHERE rating = 1"));
    assert!(bad > 0 && bad < reviews, "the sample has reviews of both kinds: {bad} of {reviews}");
    window.open_database(name);
    page.test_id("tab-clean-up").click();
    page.test_id("rule-add").click();
    page.test_id("rule-name").fill("bad reviews");
    page.find("input[type=\"radio\"][aria-label=\"reviews\"]").click();
    page.test_id("rule-matching").click();
    page.test_id("rule-condition").fill("rating = 1");
    let preview = page.test_id("rule-preview").text().replace(',', "");
    assert!(preview.contains(&format!("{bad} of {reviews} rows")), "{preview}");
    page.test_id("rule-save").click();
    page.test_id("apply").click();
    page.test_id("cleanup-rule");
    assert_sound(page, "a clean-up rule");
    page.test_id("rule-run").click();
    page.test_id("apply").click();
    page.test_id("cleared");
    assert_eq!((count("reviews"), count("reviews WHERE rating = 1")), (reviews - bad, 0));
    let archive = newest();
    assert_eq!(archive["backup"]["pinned"], true, "retention keeps what exists nowhere else");

    page.test_id("tab-backups").click();
    window.drill(name);
    let overview = page.call("overview.get", &json!({}), None).unwrap();
    assert!(overview["databases"][0]["last_proven"]["restore_ms"].is_u64(), "{overview}");
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
