//! The application through its front door, as a host uses it: a real data folder, a keychain in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use holdfast_app::clock::SystemClock;
use holdfast_app::secrets::{KeychainProblem, MemoryKeychain};
use holdfast_app::{App, AppConfig, NoPassphrase, ProcessKind, SecretsChoice};
use holdfast_contract::event::{Event, Topic};
use holdfast_contract::policy::{Confirmation, Principal};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::{Value, json};

const PASSPHRASE: &str = "tiger-lamp-42-canary";

async fn open(home: &Path, keychain: &Arc<MemoryKeychain>, process: ProcessKind) -> App {
    App::open(AppConfig {
        home: home.to_owned(),
        secrets: SecretsChoice::Keychain,
        clock: Arc::new(SystemClock),
        passphrase: Arc::new(NoPassphrase),
        keychain: keychain.clone(),
        process,
    })
    .await
    .unwrap()
}

async fn call(app: &App, operation: &str, request: Value) -> Result<Value, ApiError> {
    app.call(Principal::Window("ann".into()), operation, request, Confirmation::default()).await
}

async fn code(app: &App, operation: &str, request: Value) -> ErrorCode {
    call(app, operation, request).await.unwrap_err().code
}

#[tokio::test]
async fn connections_are_named_found_changed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = Arc::new(MemoryKeychain::default());
    let app = open(folder.path(), &keychain, ProcessKind::Window).await;
    let add = |name: &str| json!({"name": name, "url": "postgres://ann:pw@127.0.0.1:1/shop?sslmode=disable"});
    let added = call(&app, "connection.add", add("O'Brien \"🍎\"")).await.unwrap();
    let id = added["id"].as_str().unwrap().to_owned();
    assert_eq!(added["warnings"].as_array().unwrap().len(), 1, "a password in a URL is warned about");
    assert_eq!(added["connection"]["has_password"], true);
    assert_eq!(keychain.names(), [format!("connection/{id}")]);
    assert_eq!(code(&app, "connection.add", add("O'Brien \"🍎\"")).await, ErrorCode::AlreadyExists);
    assert_eq!(code(&app, "connection.add", add("two\nlines")).await, ErrorCode::BadRequest);
    assert_eq!(code(&app, "connection.add", add(" ")).await, ErrorCode::BadRequest);
    assert_eq!(keychain.names().len(), 1, "what was refused left no secret");
    let both = json!({"name": "x", "url": "sqlite:///x", "spec": {"engine": "sqlite", "path": "/x"}});
    assert_eq!(code(&app, "connection.add", both).await, ErrorCode::BadRequest);
    let own =
        json!({"name": "x", "spec": {"engine": "sqlite", "path": folder.path().join("catalog.sqlite")}});
    assert_eq!(code(&app, "connection.add", own).await, ErrorCode::NotAllowed);

    let by_name = call(&app, "connection.get", json!({"connection": "O'Brien \"🍎\""})).await.unwrap();
    assert_eq!(by_name["id"], id.as_str());
    let update = json!({"id": id, "name": "Shop", "environment": "production", "read_only": true, "forget_password": true});
    let updated = call(&app, "connection.update", update).await.unwrap();
    assert_eq!((&updated["read_only"], &updated["has_password"]), (&json!(true), &json!(false)));
    assert!(keychain.names().is_empty());
    // A database that does not answer is an answer, and stays known on the first page.
    let tested = call(&app, "connection.test", json!({"connection": "Shop"})).await.unwrap();
    assert_eq!((&tested["ok"], &tested["error"]["code"]), (&json!(false), &json!("connection_refused")));
    call(&app, "health.check", json!({"connection": "Shop"})).await.unwrap();
    let overview = call(&app, "overview.get", json!({})).await.unwrap();
    assert_eq!(overview["databases"][0]["health"]["state"], "down");
    assert_eq!(overview["needs_you"][0]["connection"], "Shop");
    let removed = call(&app, "connection.remove", json!({"connection": "Shop"})).await.unwrap();
    assert_eq!(removed["removed"], id.as_str());
    assert_eq!(code(&app, "connection.get", json!({"connection": "Shop"})).await, ErrorCode::NotFound);
    let audit = call(&app, "audit.list", json!({"search": "connection.remove"})).await.unwrap();
    assert_eq!(audit["entries"][0]["target_name"], "Shop");
    assert_eq!(call(&app, "audit.verify", json!({})).await.unwrap()["intact"], true);
}

#[tokio::test]
async fn a_keychain_that_fails_keeps_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = Arc::new(MemoryKeychain::failing(KeychainProblem::Absent("no bus".into())));
    let app = open(folder.path(), &keychain, ProcessKind::CommandLine).await;
    let add = json!({"name": "Shop", "url": "postgres://ann@db/shop", "password": "pw"});
    assert_eq!(code(&app, "connection.add", add).await, ErrorCode::KeychainAbsent);
    assert_eq!(call(&app, "connection.list", json!({})).await.unwrap()["connections"], json!([]));
    assert_eq!(call(&app, "secrets.status", json!({})).await.unwrap()["backend"], "unavailable");
    let without = json!({"name": "Shop", "url": "sqlite:///srv/shop.sqlite"});
    call(&app, "connection.add", without).await.expect("no secret, no keychain");
}

#[tokio::test]
async fn the_vault_in_every_state() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let keychain = Arc::new(MemoryKeychain::default());
    let app = open(&home, &keychain, ProcessKind::Window).await;
    let state = async |app: &App| call(app, "vault.status", json!({})).await.unwrap()["state"].clone();
    assert_eq!(state(&app).await, "absent");
    assert_eq!(code(&app, "vault.check", json!({"level": "stored"})).await, ErrorCode::VaultMissing);
    assert_eq!(code(&app, "vault.init", json!({"passphrase": "short"})).await, ErrorCode::PassphraseTooWeak);
    let made = call(&app, "vault.init", json!({"passphrase": PASSPHRASE})).await.unwrap();
    assert_eq!(made["remembers_key"], true);
    let words = made["recovery_kit"]["words"].as_array().unwrap();
    let words = words.iter().map(|word| word.as_str().unwrap()).collect::<Vec<_>>().join(" ");
    assert_eq!(code(&app, "vault.init", json!({"passphrase": PASSPHRASE})).await, ErrorCode::VaultExists);
    assert_eq!(state(&app).await, "open");
    drop(app);

    // Opens by itself from the keychain, not without it.
    let app = open(&home, &keychain, ProcessKind::CommandLine).await;
    assert_eq!(state(&app).await, "open");
    keychain.fail(Some(KeychainProblem::Locked("locked".into())));
    let other = open(&home, &keychain, ProcessKind::CommandLine).await;
    let status = call(&other, "vault.status", json!({})).await.unwrap();
    assert_eq!((&status["state"], &status["problem"]["code"]), (&json!("locked"), &json!("vault_locked")));
    assert_eq!(
        code(&other, "vault.unlock", json!({"passphrase": "not the one"})).await,
        ErrorCode::PassphraseWrong
    );
    assert_eq!(code(&other, "vault.unlock", json!({})).await, ErrorCode::PassphraseNeeded);
    call(&other, "vault.unlock", json!({"recovery_words": words})).await.unwrap();
    assert_eq!(state(&other).await, "open");
    // Locked by a person, it stays locked.
    keychain.fail(None);
    assert_eq!(call(&other, "vault.lock", json!({})).await.unwrap()["state"], "locked");
    assert_eq!(code(&other, "vault.recovery_kit", json!({})).await, ErrorCode::VaultLocked);
    call(&other, "vault.unlock", json!({"passphrase": PASSPHRASE})).await.unwrap();
    let kit = call(&other, "vault.recovery_kit", json!({})).await.unwrap();
    assert_ne!(kit["words"], made["recovery_kit"]["words"]);
    call(&other, "vault.change_passphrase", json!({"new_passphrase": "lamp-tiger-24-canary"})).await.unwrap();

    // On another machine, with the passphrase alone.
    let elsewhere = open(&folder.path().join("elsewhere"), &Arc::default(), ProcessKind::CommandLine).await;
    let attach =
        |passphrase: &str| json!({"path": made["location"], "passphrase": passphrase, "remember": true});
    assert_eq!(code(&elsewhere, "vault.attach", attach(PASSPHRASE)).await, ErrorCode::PassphraseWrong);
    let attached = call(&elsewhere, "vault.attach", attach("lamp-tiger-24-canary")).await.unwrap();
    assert_eq!((&attached["id"], &attached["remembers_key"]), (&made["id"], &json!(true)));

    // A check is a job with a result that stays known.
    let started = call(&elsewhere, "vault.check", json!({"level": "decoded"})).await.unwrap();
    elsewhere.idle().await;
    let job = call(&elsewhere, "job.get", json!({"job": started["job_id"]})).await.unwrap();
    assert_eq!((&job["state"], &job["result"]["problems"]), (&json!("succeeded"), &json!([])));
    let plan = call(&elsewhere, "vault.prune.plan", json!({})).await.unwrap();
    let confirmed = Confirmation { digest: plan["digest"].as_str().map(str::to_owned), name: None };
    let request = json!({"plan_id": plan["plan_id"]});
    elsewhere.call(Principal::Window("ann".into()), "vault.prune.apply", request, confirmed).await.unwrap();
    elsewhere.idle().await;
    std::fs::rename(home.join("vault"), home.join("gone")).unwrap();
    assert_eq!(state(&app).await, "unreachable");
}

#[tokio::test]
async fn the_sample_is_made_once_and_two_processes_share_a_home() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = Arc::new(MemoryKeychain::default());
    let window = open(folder.path(), &keychain, ProcessKind::Window).await;
    let line = open(folder.path(), &keychain, ProcessKind::CommandLine).await;
    let mut events = window.events();
    let first = call(&line, "sample.create", json!({})).await.unwrap();
    let heard = tokio::time::timeout(Duration::from_secs(20), async {
        while !matches!(events.recv().await.unwrap(), Event::Changed { what: Topic::Connections }) {}
    });
    heard.await.expect("the window hears of it");
    let second = call(&window, "sample.create", json!({})).await.unwrap();
    assert_eq!(first["id"], second["id"]);
    assert_eq!(first["connection"]["sample"], true);
    let inspected = call(&window, "database.inspect", json!({"connection": "Sample shop"})).await.unwrap();
    assert!(inspected["tables"].as_array().unwrap().iter().any(|table| table["name"] == "orders"));
    let overview = call(&window, "overview.get", json!({})).await.unwrap();
    assert_eq!(overview["vault"]["state"], "absent");
    assert_eq!(overview["databases"][0]["connection"]["name"], "Sample shop");
    let again = App::open(AppConfig {
        home: folder.path().to_owned(),
        secrets: SecretsChoice::Keychain,
        clock: Arc::new(SystemClock),
        passphrase: Arc::new(NoPassphrase),
        keychain,
        process: ProcessKind::Window,
    })
    .await;
    assert_eq!(again.err().unwrap().code, ErrorCode::HomeBusy);
    window.shutdown().await;
}

/// Whatever a person types as a secret is in no file of the data folder and in no answer.
#[tokio::test]
async fn the_canary_is_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = Arc::new(MemoryKeychain::default());
    let app = open(folder.path(), &keychain, ProcessKind::Window).await;
    let requests = [
        (
            "connection.add",
            json!({"name": "a", "url": "postgres://ann:canary@127.0.0.1:1/shop?sslmode=disable"}),
        ),
        (
            "connection.add",
            json!({"name": "b", "url": "postgres://127.0.0.1:1/shop?user=ann&password=canary"}),
        ),
        (
            "connection.add",
            json!({"name": "c", "url": "postgres://ann@127.0.0.1:1/shop", "password": "canary"}),
        ),
        (
            "connection.add",
            json!({"name": "postgres://ann:canary@db/shop", "url": "nonsense://ann:canary@db"}),
        ),
        ("connection.add", json!({"name": "d", "password": {"canary": 1}})),
        ("connection.test", json!({"url": "postgres://ann:canary@127.0.0.1:1/shop", "password": "canary"})),
        ("connection.parse_url", json!({"url": "postgres://ann:canary@127.0.0.1:1/shop"})),
        ("vault.init", json!({"passphrase": PASSPHRASE})),
        ("vault.unlock", json!({"passphrase": "wrong canary"})),
        ("vault.unlock", json!({"recovery_words": "canary canary canary"})),
        ("vault.change_passphrase", json!({"new_passphrase": "another canary 7"})),
        ("secrets.use_file", json!({"passphrase": "yet another canary 7"})),
        ("audit.list", json!({})),
        ("connection.list", json!({})),
    ];
    for (operation, request) in requests {
        let answer = match call(&app, operation, request.clone()).await {
            Ok(answer) => answer.to_string(),
            Err(error) => serde_json::to_string(&error).unwrap(),
        };
        assert!(!answer.contains("canary"), "{operation} {request}: {answer}");
    }
    let mut searched = 0;
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            searched += 1;
            assert!(!bytes.windows(6).any(|window| window == b"canary"), "{}", path.display());
        }
    }
    assert!(searched >= 4, "the catalog and the vault were read");
}
