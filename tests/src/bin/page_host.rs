//! The real application for the page's tests while they are recorded: a data folder of its own, a keychain in memory, one
//! request a line on standard input, one answer or event a line on standard output. `cargo xtask record` starts it; without
//! that the tests replay what it has answered (`ui/tests/recorded`). It ends with its input. No host: it trusts whoever
//! started it.
//!
//! `page_host FOLDER [no-keychain | sealed]`. What a story needs around the application is asked as `stage.…`: databases to connect to,
//! sessions of others, damage, another start.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use holdfast_app::clock::SystemClock;
use holdfast_app::secrets::{KeychainProblem, MemoryKeychain};
use holdfast_app::{App, AppConfig, NoPassphrase, ProcessKind, SecretsChoice};
use holdfast_contract::policy::{Confirmation, Principal};
use holdfast_testkit::postgres::{SUPERUSER, Server};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::RwLock;

#[derive(Deserialize)]
struct Asked {
    id: u64,
    operation: String,
    request: Value,
    confirmation: Option<Confirmation>,
}

/// How the application is opened, each time.
#[derive(Clone)]
struct Place {
    folder: PathBuf,
    keychain: Arc<MemoryKeychain>,
    secrets: SecretsChoice,
}

impl Place {
    async fn open(&self) -> Result<App, String> {
        let app = App::open(AppConfig {
            home: self.folder.join("home"),
            secrets: self.secrets,
            clock: Arc::new(SystemClock),
            passphrase: Arc::new(NoPassphrase),
            keychain: self.keychain.clone(),
            process: ProcessKind::Window,
        })
        .await
        .map_err(|error| error.message)?;
        let mut events = app.events();
        tokio::spawn(async move {
            while let Ok(event) = events.recv().await {
                say(&json!({ "event": event }));
            }
        });
        Ok(app)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let keychain = Arc::new(MemoryKeychain::default());
    let mut secrets = SecretsChoice::Keychain;
    match arguments.next().and_then(|word| word.into_string().ok()).as_deref() {
        Some("no-keychain") => {
            keychain.fail(Some(KeychainProblem::Absent("There is no service for secrets.".into())));
        }
        Some("sealed") => secrets = SecretsChoice::File,
        _ => {}
    }
    let place = Place { folder, keychain, secrets };
    let app = Arc::new(RwLock::new(Some(place.open().await?)));
    // Blocks this thread only: what is asked runs on the runtime's own.
    for line in std::io::stdin().lines() {
        let asked: Asked = serde_json::from_str(&line?)?;
        let (app, place) = (app.clone(), place.clone());
        tokio::spawn(async move {
            let answer = match asked.operation.strip_prefix("stage.") {
                Some("restart") => {
                    let mut app = app.write().await;
                    if let Some(old) = app.take() {
                        old.shutdown().await;
                    }
                    // What it began leaves the folder a moment later.
                    for _ in 0..50 {
                        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                        *app = place.open().await.ok();
                        if app.is_some() {
                            break;
                        }
                    }
                    Ok(json!({ "open": app.is_some() }))
                }
                Some(what) => Ok(staged(what, &asked.request, &place.folder).await),
                None => {
                    let person = Principal::Window("ada".to_owned());
                    let confirmation = asked.confirmation.unwrap_or_default();
                    let app = app.read().await.clone().expect("it is open");
                    app.call(person, &asked.operation, asked.request, confirmation).await
                }
            };
            say(&match answer {
                Ok(answer) => json!({ "id": asked.id, "answer": answer }),
                Err(error) => json!({ "id": asked.id, "error": error }),
            });
        });
    }
    if let Some(app) = app.write().await.take() {
        app.shutdown().await;
    }
    Ok(())
}

/// What is there before the story begins, or happens beside it. A story that asks wrongly is not recorded.
async fn staged(what: &str, request: &Value, folder: &Path) -> Value {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    match what {
        // A database file with these contents: its path.
        "file" => {
            let path = folder.join(text("name"));
            holdfast_tests::sqlite::run(&path, text("sql"));
            json!({ "engine": "sqlite", "path": path })
        }
        // A database with these contents on a server of this recording: its description.
        "database" => {
            let (server, name) = (Server::shared(), text("name"));
            server.run("postgres", &format!("CREATE DATABASE {name}")).await;
            server.run(name, text("sql")).await;
            json!({ "engine": "postgres", "host": server.socket_dir(), "port": server.port(), "database": name,
                "user": SUPERUSER })
        }
        // Somebody else's session, which does nothing from now on.
        "session" => {
            // It ends with this process, which holds its input.
            let mut session = Server::shared()
                .program("psql")
                .args(["-X", "-q", "-d", text("database")])
                .env("PGAPPNAME", text("name"))
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .expect("psql starts");
            session.stdin.as_mut().expect("it is piped").write_all(b"SELECT 1;\n").expect("psql listens");
            std::mem::forget(session);
            // Long enough to count as idle.
            let idle = request["idle_seconds"].as_u64().unwrap_or(2);
            tokio::time::sleep(std::time::Duration::from_secs(idle)).await;
            Value::Null
        }
        // One bit in the middle of the largest pack.
        "damage" => {
            holdfast_tests::files::damage_the_largest(&folder.join("home/vault/packs"));
            Value::Null
        }
        other => panic!("nothing is staged by {other:?}"),
    }
}

/// Whole lines: several tasks speak. Nobody listens any more when it fails, and the input ends next.
fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
