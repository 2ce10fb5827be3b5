//! The main job as a person does it in the window, step by step. Stories assert between the steps; the pictures are
//! taken between them.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Page, Window};

pub const PASSPHRASE: &str = "a harbour, two lanterns and 9 gulls";

impl Window {
    /// From the first start to the recovery words.
    pub fn make_vault(&self) {
        self.welcome();
        self.type_passphrases();
        self.page().test_id("create-vault").click();
        self.page().test_id("recovery-words");
    }
    pub fn welcome(&self) {
        self.page().test_id("start-create").click();
    }
    pub fn type_passphrases(&self) {
        self.page().test_id("passphrase").fill(PASSPHRASE);
        self.page().test_id("passphrase-again").fill(PASSPHRASE);
    }
    pub fn store_recovery_kit(&self) {
        self.page().test_id("recovery-stored").click();
        self.page().test_id("recovery-continue").click();
        self.page().test_id("nav-overview");
    }

    /// The sample's connection; made at the first start, shortly after the window opens.
    pub fn sample(&self) -> Value {
        let page = self.page();
        page.find("[data-testid=\"database-nav\"]");
        let list = page.call("connection.list", &json!({}), None).expect("the connections");
        let connections = list["connections"].as_array().expect("a list");
        connections.iter().find(|each| each["sample"] == true).expect("the sample database").clone()
    }
    pub fn sample_file(&self) -> PathBuf {
        PathBuf::from(self.sample()["spec"]["path"].as_str().expect("a path"))
    }
    pub fn open_database(&self, name: &str) {
        self.page().find(&format!("[data-testid=\"database-nav\"][data-connection=\"{name}\"]")).click();
        self.page().test_id("tab-backups");
    }

    /// On the database's page; returns when the newest backup can be restored.
    pub fn back_up(&self) {
        self.page().test_id("back-up-now").click();
        self.page().test_id("verify-restored");
    }
    pub fn prove(&self) {
        self.page().test_id("verify-restored").click();
        self.page().find("[data-testid=\"proof-summary\"][data-tone=\"ok\"]");
    }

    /// Opens the wizard for the chosen backup and asks for the plan that replaces the live database.
    pub fn plan_replacement(&self) {
        self.page().test_id("restore-open").click();
        self.page().test_id("target-replace").click();
        self.page().test_id("restore-plan").click();
        self.page().test_id("restore-start");
    }
    /// Types the database's name, as the plan demands, and waits for the end.
    pub fn replace(&self, name: &str) {
        self.page().test_id("typed-name").fill(name);
        self.page().test_id("restore-start").click();
        self.page().test_id("restore-done");
    }
    pub fn ask_undo(&self) {
        self.page().test_id("undo").click();
        self.page().test_id("apply");
    }
    pub fn undo(&self, name: &str) {
        if self.page().has("[data-testid=\"typed-name\"]") {
            self.page().test_id("typed-name").fill(name);
        }
        self.page().test_id("apply").click();
        self.page().test_id("restore-undone");
    }

    /// On the database's page: as far as the plan, whose name is still to be typed.
    pub fn ask_to_clear(&self, table: &str) {
        self.page().test_id("tab-clean-up").click();
        self.page().test_id("clear-open").click();
        self.page().find(&format!("input[type=\"radio\"][aria-label=\"{table}\"]")).click();
        self.page().test_id("clear-plan").click();
        self.page().test_id("typed-name");
    }
    /// Returns what the page says when the rows are gone.
    pub fn clear(&self, table: &str) -> String {
        self.page().test_id("typed-name").fill(table);
        self.page().test_id("apply").click();
        self.page().test_id("cleared").text()
    }
    /// On the database's page, until it has ended well.
    pub fn drill(&self, database: &str) {
        self.page().find("[data-testid=\"recovery\"] [data-testid=\"drill-open\"]").click();
        self.page().test_id("drill-start").click();
        self.page().wait_for_text(&format!("Restore drill of {database}: done"));
    }

    /// By its address, as a bookmark would.
    pub fn go_to(&self, address: &str) {
        self.page().script("location.hash = arguments[0];", &[json!(address)]);
    }
}

/// What every screen owes its users, whoever drew it.
pub fn assert_sound(page: Page<'_>, screen: &str) {
    let mains = page.script(
        "return [...document.querySelectorAll('main')].filter(each => each.checkVisibility()).length;",
        &[],
    );
    assert_eq!(mains, 1, "{screen}: one visible <main>");
    let unnamed = page.script(UNNAMED, &[]);
    assert_eq!(unnamed, json!([]), "{screen}: every focusable element has an accessible name");
    let sideways = page.script("return document.scrollingElement.scrollWidth > window.innerWidth;", &[]);
    assert_eq!(sideways, false, "{screen}: wider than the window\n{}", page.text());
    assert_eq!(page.complaints(), Vec::<String>::new(), "{screen}: the console is free of errors");
}

/// The markup of focusable elements that a screen reader could not announce.
const UNNAMED: &str = r#"
const named = each =>
  (each.getAttribute('aria-label') ?? '').trim() !== '' ||
  (each.getAttribute('aria-labelledby') ?? '').split(/\s+/)
    .some(id => (document.getElementById(id)?.textContent ?? '').trim() !== '') ||
  [...(each.labels ?? [])].some(label => label.textContent.trim() !== '') ||
  (each.getAttribute('title') ?? '').trim() !== '' ||
  (!['INPUT', 'SELECT', 'TEXTAREA'].includes(each.tagName) && each.textContent.trim() !== '') ||
  [...each.querySelectorAll('[aria-label]')].some(inner => inner.getAttribute('aria-label').trim() !== '');
const hidden = each => each.closest('[aria-hidden="true"],[inert]') !== null || !each.checkVisibility();
return [...document.querySelectorAll('a[href],button,input,select,textarea,[tabindex="0"]')]
  .filter(each => each.type !== 'hidden' && !hidden(each) && !named(each))
  .map(each => each.outerHTML.slice(0, 160));
"#;
