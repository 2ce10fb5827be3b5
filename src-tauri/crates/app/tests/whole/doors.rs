//! The ways into the vault and the sealed file, and what is shown and kept while they are shut.

use std::path::Path;
use std::sync::Arc;

use crate::stage::{PASSPHRASE, Stage};
use holdfast_app::clock::SystemClock;
use holdfast_app::secrets::MemoryKeychain;
use holdfast_app::{App, AppConfig, PassphrasePurpose, PassphraseSource, ProcessKind, SecretsChoice};
use holdfast_contract::policy::{Confirmation, Principal};
use holdfast_contract::{ApiError, ErrorCode};
use secrecy::SecretString;
use serde_json::{Value, json};

const OTHER: &str = "seven green umbrellas at noon";

/// Somebody sits at the terminal, and every question to them is a mistake.
struct Nosy;

impl PassphraseSource for Nosy {
    fn passphrase(&self, purpose: PassphrasePurpose) -> Option<SecretString> {
        panic!("a person was asked for {purpose:?}");
    }
    fn known(&self) -> Option<SecretString> {
        None
    }
}

/// As after a start of the program: nothing is open. Secrets go to the sealed file.
async fn sealed(home: &Path) -> App {
    App::open(AppConfig {
        home: home.to_owned(),
        secrets: SecretsChoice::File,
        clock: Arc::new(SystemClock),
        passphrase: Arc::new(Nosy),
        keychain: Arc::new(MemoryKeychain::default()),
        process: ProcessKind::CommandLine,
    })
    .await
    .unwrap()
}

async fn ask(app: &App, operation: &str, request: Value) -> Result<Value, ApiError> {
    app.call(Principal::CommandLine("tester".into()), operation, request, Confirmation::default()).await
}

async fn states(app: &App) -> (String, bool) {
    let vault = ask(app, "vault.status", json!({})).await.unwrap();
    let secrets = ask(app, "secrets.status", json!({})).await.unwrap();
    (vault["state"].as_str().unwrap().to_owned(), secrets["locked"].as_bool().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_passphrase_opens_the_vault_and_the_sealed_file() {
    let home = tempfile::tempdir().unwrap();
    let app = sealed(home.path()).await;
    let before = ask(&app, "secrets.status", json!({})).await.unwrap();
    assert_eq!((&before["made"], &before["problem"]["code"]), (&json!(false), &json!("passphrase_needed")));
    let made = ask(&app, "vault.init", json!({ "passphrase": PASSPHRASE })).await.unwrap();
    assert_eq!(made["remembers_key"], true, "{made}");
    app.shutdown().await;

    let app = sealed(home.path()).await;
    assert_eq!(states(&app).await, ("locked".into(), true));
    let status = ask(&app, "vault.unlock", json!({ "passphrase": PASSPHRASE })).await.unwrap();
    assert_eq!((&status["state"], &status["problem"]), (&json!("open"), &Value::Null));
    assert_eq!(states(&app).await, ("open".into(), false));
    app.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_passphrases_are_asked_for_one_by_one() {
    let home = tempfile::tempdir().unwrap();
    let app = sealed(home.path()).await;
    ask(&app, "secrets.use_file", json!({ "passphrase": OTHER })).await.unwrap();
    ask(&app, "vault.init", json!({ "passphrase": PASSPHRASE, "remember": false })).await.unwrap();
    app.shutdown().await;

    let app = sealed(home.path()).await;
    let error = ask(&app, "vault.unlock", json!({ "passphrase": OTHER })).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::PassphraseWrong);
    assert!(error.message.contains("opens the file"), "{error:?}");
    assert_eq!(states(&app).await, ("locked".into(), false), "the file is open, the vault is not");
    ask(&app, "vault.unlock", json!({ "passphrase": PASSPHRASE, "remember": true })).await.unwrap();
    app.shutdown().await;

    // The vault's passphrase leaves the file shut; the file's opens both, because the key is in it.
    let app = sealed(home.path()).await;
    ask(&app, "vault.unlock", json!({ "passphrase": PASSPHRASE })).await.unwrap();
    assert_eq!(states(&app).await, ("open".into(), true));
    app.shutdown().await;
    let app = sealed(home.path()).await;
    ask(&app, "vault.unlock", json!({ "passphrase": OTHER })).await.unwrap();
    assert_eq!(states(&app).await, ("open".into(), false));
    ask(&app, "vault.lock", json!({})).await.unwrap();
    ask(&app, "vault.unlock", json!({ "passphrase": OTHER })).await.unwrap();
    assert_eq!(states(&app).await, ("open".into(), false), "also after a lock on purpose");
    let wrong = ask(&app, "vault.unlock", json!({ "passphrase": "neither of the two" })).await.unwrap_err();
    assert_eq!(wrong.code, ErrorCode::PassphraseWrong);
    app.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_asks_nobody_and_a_shut_vault_is_not_an_empty_one() {
    let home = tempfile::tempdir().unwrap();
    let app = sealed(home.path()).await;
    ask(&app, "vault.init", json!({ "passphrase": PASSPHRASE })).await.unwrap();
    ask(&app, "sample.create", json!({})).await.unwrap();
    app.shutdown().await;

    let app = sealed(home.path()).await;
    for look in ["vault.status", "secrets.status", "overview.get", "about.get"] {
        ask(&app, look, json!({})).await.unwrap();
    }
    let answer = ask(&app, "connection.remove", json!({ "connection": "Sample shop" })).await.unwrap();
    assert_eq!(answer["backups_kept"], Value::Null, "unknown, not none");
    app.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kit_is_saved_for_its_owner_alone_and_opens_the_vault() {
    let stage = Stage::new().await;
    let kit = stage.call("vault.recovery_kit", json!({})).await;
    let words: Vec<&str> =
        kit["words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let to = stage.path("kit.txt");
    let save = |words: &str, to: &Path| json!({ "recovery_words": words, "to": to });
    stage.call("vault.recovery_kit.save", save(&words.join(" "), &to)).await;
    let text = std::fs::read_to_string(&to).unwrap();
    for (at, word) in words.iter().enumerate() {
        assert!(text.contains(&format!("{:2}. {word}\n", at + 1)), "{at}");
    }
    assert!(
        text.contains(kit["vault_id"].as_str().unwrap())
            && text.contains(kit["instructions"].as_str().unwrap())
    );
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&to).unwrap().permissions()) & 0o777,
        0o600
    );

    let taken = stage.refused("vault.recovery_kit.save", save(&words.join(" "), &to)).await;
    assert_eq!(taken, ErrorCode::AlreadyExists);
    let inside = stage.path("home/vault/kit.txt");
    assert_eq!(
        stage.refused("vault.recovery_kit.save", save(&words.join(" "), &inside)).await,
        ErrorCode::NotAllowed
    );
    let mut swapped = words.clone();
    swapped.swap(0, 23);
    let elsewhere = stage.path("other.txt");
    let wrong = stage.refused("vault.recovery_kit.save", save(&swapped.join(" "), &elsewhere)).await;
    assert_eq!(wrong, ErrorCode::PassphraseWrong);
    assert!(!elsewhere.exists());

    let log = stage.call("audit.list", json!({ "search": "recovery_kit.save" })).await.to_string();
    assert!(log.contains("kit.txt") && !log.contains(&words.join(" ")), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_stay_with_the_vault_they_were_meant_for() {
    let first = Stage::new().await;
    std::fs::remove_file(first.path("shop.sqlite")).unwrap();
    first.fails("backup.create", json!({ "connection": "Shop" })).await;
    let listed =
        async |stage: &Stage| stage.call("backup.list", json!({})).await["backups"].as_array().unwrap().len();
    assert_eq!(listed(&first).await, 1);

    let second = Stage::new().await;
    let attach = |stage: &Stage| json!({ "path": stage.path("home/vault"), "passphrase": PASSPHRASE });
    first.call("vault.attach", attach(&second)).await;
    assert_eq!(listed(&first).await, 0, "the other vault knows nothing of it");
    first.call("vault.attach", attach(&first)).await;
    assert_eq!(listed(&first).await, 1, "it is still there");
}
