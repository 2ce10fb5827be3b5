//! The open application, as one person at this machine calls it.

use std::sync::Arc;

use holdfast_app::clock::SystemClock;
use holdfast_app::secrets::os_keychain;
use holdfast_app::{App, AppConfig, ProcessKind, SecretsChoice};
use holdfast_contract::policy::{Confirmation, Principal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::{Global, SecretsPlace};
use crate::failure::{Result, internal};
use crate::passphrase::Terminal;

pub struct Host {
    pub app: App,
    pub terminal: Arc<Terminal>,
}

impl Host {
    pub async fn open(global: &Global, terminal: Terminal, process: ProcessKind) -> Result<Self> {
        let terminal = Arc::new(terminal);
        let home = match &global.home {
            Some(home) => home.clone(),
            None => holdfast_app::home::default_root(|name| std::env::var_os(name))?,
        };
        let app = App::open(AppConfig {
            home,
            secrets: match global.secrets {
                SecretsPlace::Keychain => SecretsChoice::Keychain,
                SecretsPlace::File => SecretsChoice::File,
            },
            clock: Arc::new(SystemClock),
            passphrase: terminal.clone(),
            keychain: os_keychain(),
            process,
        })
        .await?;
        Ok(Self { app, terminal })
    }

    pub async fn call<T: DeserializeOwned>(&self, operation: &str, request: &impl Serialize) -> Result<T> {
        self.call_confirmed(operation, request, Confirmation::default()).await
    }

    pub async fn call_confirmed<T: DeserializeOwned>(
        &self,
        operation: &str,
        request: &impl Serialize,
        confirmation: Confirmation,
    ) -> Result<T> {
        let request = serde_json::to_value(request).map_err(|error| internal(error.to_string()))?;
        let answer = self.call_json(operation, request, confirmation).await?;
        serde_json::from_value(answer)
            .map_err(|error| internal(format!("{operation} answered in another shape: {error}.")))
    }

    /// For requests with secrets in them: their types serialise to `***`, so the caller builds the JSON.
    pub async fn call_hidden<T: DeserializeOwned>(&self, operation: &str, request: Value) -> Result<T> {
        self.call_confirmed(operation, &request, Confirmation::default()).await
    }

    pub async fn call_json(
        &self,
        operation: &str,
        request: Value,
        confirmation: Confirmation,
    ) -> Result<Value> {
        Ok(self.app.call(principal(), operation, request, confirmation).await?)
    }
}

fn principal() -> Principal {
    Principal::CommandLine(holdfast_app::home::account(|name| std::env::var(name).ok()))
}

/// Only when asked for; to standard error, so that `--json` stays one document.
pub fn start_logging(global: &Global) {
    if let Some(level) = &global.log {
        let filter = tracing_subscriber::EnvFilter::try_new(level).unwrap_or_else(|_| "info".into());
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
}
