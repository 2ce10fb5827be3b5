//! The real application for the page's tests while they are recorded: a data folder of its own, a keychain in memory, one
//! request a line on standard input, one answer or event a line on standard output. `cargo xtask record` starts it; without
//! that the tests replay what it has answered (`ui/tests/recorded`). It ends with its input. No host: it trusts whoever
//! started it.

use std::io::Write;
use std::sync::Arc;

use holdfast_app::clock::SystemClock;
use holdfast_app::secrets::MemoryKeychain;
use holdfast_app::{App, AppConfig, NoPassphrase, ProcessKind, SecretsChoice};
use holdfast_contract::policy::{Confirmation, Principal};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Asked {
    id: u64,
    operation: String,
    request: Value,
    confirmation: Option<Confirmation>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which folder?")?;
    let app = App::open(AppConfig {
        home: std::path::Path::new(&folder).join("home"),
        secrets: SecretsChoice::Keychain,
        clock: Arc::new(SystemClock),
        passphrase: Arc::new(NoPassphrase),
        keychain: Arc::new(MemoryKeychain::default()),
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
    // Blocks this thread only: what is asked runs on the runtime's own.
    for line in std::io::stdin().lines() {
        let asked: Asked = serde_json::from_str(&line?)?;
        let app = app.clone();
        tokio::spawn(async move {
            let confirmation = asked.confirmation.unwrap_or_default();
            let person = Principal::Window("ada".to_owned());
            let answer = app.call(person, &asked.operation, asked.request, confirmation).await;
            say(&match answer {
                Ok(answer) => json!({ "id": asked.id, "answer": answer }),
                Err(error) => json!({ "id": asked.id, "error": error }),
            });
        });
    }
    app.shutdown().await;
    Ok(())
}

/// Whole lines: several tasks speak. Nobody listens any more when it fails, and the input ends next.
fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
