//! `holdfastctl connection …`

use holdfast_contract::ApiError;
use holdfast_contract::connection::{
    ConnectionAddResponse, ConnectionListResponse, ConnectionRef, ConnectionRemoveResponse,
    ConnectionTestRequest, ConnectionTestResponse, Environment, OfferedConnection,
};
use holdfast_contract::meta::Empty;
use holdfast_contract::session::{PoolStatusRequest, PoolStatusResponse};
use holdfast_contract::settings::PoolSettings;
use serde_json::json;

use crate::cli::{Connection, EnvironmentName};
use crate::failure::{Failure, Result};
use crate::host::Host;
use crate::output::Output;
use crate::passphrase;
use crate::text::{self, Align};

pub async fn run(command: Connection, host: &Host, output: &Output) -> Result<()> {
    match command {
        Connection::Add { name, url, password, environment, group, read_only, prove } => {
            let environment = match environment {
                EnvironmentName::Development => Environment::Development,
                EnvironmentName::Staging => Environment::Staging,
                EnvironmentName::Production => Environment::Production,
            };
            let request = json!({
                "name": name, "url": url, "password": passphrase::password(&password)?.map(|secret| secret.0),
                "environment": environment, "group": group, "read_only": read_only,
                "prove_after_backup": prove.then_some(true),
            });
            let answer: ConnectionAddResponse = host.call_hidden("connection.add", request).await?;
            for warning in &answer.warnings {
                output.remark(&format!("warning: {warning}"));
            }
            output.result(&answer, || {
                let connection = &answer.connection.connection;
                format!(
                    "{}\nNext: holdfastctl connection test {}",
                    connection.id,
                    text::visible(&connection.name)
                )
            })
        }
        Connection::List => {
            let answer: ConnectionListResponse = host.call("connection.list", &Empty {}).await?;
            output.result(&answer, || list_text(&answer))
        }
        Connection::Test { name } => {
            let request = ConnectionTestRequest {
                connection: Some(name),
                url: None,
                spec: None,
                password: None,
                read_only: false,
            };
            let answer: ConnectionTestResponse = host.call("connection.test", &request).await?;
            tested(&answer, output)
        }
        Connection::Pool { name, size, overflow, wait, recycle, idle, default } => {
            let request = PoolStatusRequest { connection: Some(name) };
            let wanted = PoolWish { size, overflow, wait, recycle, idle };
            if default || wanted.is_some() {
                set_pool(host, &request, &wanted, default).await?;
            }
            let answer: PoolStatusResponse = host.call("pool.status", &request).await?;
            output.result(&answer, || pool_text(&answer))
        }
        Connection::Remove { name } => {
            let answer: ConnectionRemoveResponse =
                host.call("connection.remove", &ConnectionRef { connection: name }).await?;
            output.result(&answer, || match answer.backups_kept {
                None => "Removed. What it has in the vault stays (the vault is locked).".to_owned(),
                Some(0) => "Removed.".to_owned(),
                Some(kept) => {
                    format!("Removed. What it has in the vault stays: {}.", text::count(kept, "backup"))
                }
            })
        }
    }
}

fn tested(answer: &ConnectionTestResponse, output: &Output) -> Result<()> {
    let failed = answer.error.clone().filter(|_| !answer.ok);
    match failed {
        // The document tells everything; for people the error is printed like any other.
        Some(error) => {
            let document: &ConnectionTestResponse = answer;
            if output.prints_json() {
                output.result(document, String::new)?;
                return Err(Failure::printed(error));
            }
            Err(ApiError::into(error))
        }
        None => output.result(answer, || {
            let server = answer.server.as_ref().map(|server| {
                let size =
                    server.size_bytes.map(|size| format!(", {}", text::bytes(size))).unwrap_or_default();
                format!(
                    "{} {} ({}{size})",
                    text::word(&server.engine),
                    text::visible(&server.version),
                    text::visible(&server.transport)
                )
            });
            let latency = answer.latency_ms.map(|ms| format!(" in {ms} ms")).unwrap_or_default();
            let mut lines = vec![format!("Reached {}{latency}.", server.unwrap_or_default())];
            lines
                .extend(answer.warnings.iter().map(|warning| format!("warning: {}", text::visible(warning))));
            lines.join("\n")
        }),
    }
}

/// Limits that were named; the others stay as they are.
struct PoolWish {
    size: Option<u32>,
    overflow: Option<u32>,
    wait: Option<u32>,
    recycle: Option<u32>,
    idle: Option<u32>,
}

impl PoolWish {
    fn is_some(&self) -> bool {
        [self.size, self.overflow, self.wait, self.recycle, self.idle].iter().any(Option::is_some)
    }

    fn over(&self, now: PoolSettings) -> PoolSettings {
        PoolSettings {
            size: self.size.unwrap_or(now.size),
            overflow: self.overflow.unwrap_or(now.overflow),
            wait_seconds: self.wait.unwrap_or(now.wait_seconds),
            recycle_seconds: self.recycle.unwrap_or(now.recycle_seconds),
            idle_seconds: self.idle.unwrap_or(now.idle_seconds),
        }
    }
}

async fn set_pool(host: &Host, which: &PoolStatusRequest, wanted: &PoolWish, default: bool) -> Result<()> {
    let now: PoolStatusResponse = host.call("pool.status", which).await?;
    let Some(now) = now.pools.first() else { return Ok(()) };
    let pool = (!default).then(|| wanted.over(now.settings));
    let update = json!({ "id": now.connection_id, "pool": pool, "default_pool": default });
    let _: OfferedConnection = host.call("connection.update", &update).await?;
    Ok(())
}

fn pool_text(answer: &PoolStatusResponse) -> String {
    let limits = answer.pools.first().map_or(&answer.settings, |pool| &pool.settings);
    let mut lines = vec![format!(
        "At most {} sessions, of which {} stay open: for {} s unused, for {} s in all. A use waits {} s for one.",
        limits.size + limits.overflow,
        limits.size,
        limits.idle_seconds,
        limits.recycle_seconds,
        limits.wait_seconds
    )];
    if answer.pools.iter().all(|pool| pool.open == 0) {
        lines.push("This program has none open; the window has its own.".to_owned());
    }
    for pool in answer.pools.iter().filter(|pool| pool.opened > 0) {
        lines.push(format!(
            "{} open, {} idle, {} waiting; {} opened and {} used again since the start.",
            pool.open, pool.idle, pool.waiting, pool.opened, pool.reused
        ));
        lines.extend(pool.in_use.iter().map(|using| format!("in use: {}", text::visible(&using.operation))));
    }
    lines.join("\n")
}

fn list_text(answer: &ConnectionListResponse) -> String {
    if answer.connections.is_empty() {
        return "No connections yet. Add one: holdfastctl connection add NAME --url postgres://…".to_owned();
    }
    let rows: Vec<Vec<String>> = answer
        .connections
        .iter()
        .map(|shown| {
            let connection = &shown.connection;
            vec![
                connection.name.clone(),
                text::word(&connection.spec.engine()),
                text::word(&connection.environment),
                if connection.read_only { "read-only" } else { "" }.to_owned(),
                shown.location.clone(),
                connection.id.to_string(),
            ]
        })
        .collect();
    let head = ["NAME", "ENGINE", "ENVIRONMENT", "ACCESS", "WHERE", "ID"].map(|name| (name, Align::Left));
    text::table(&head, &rows)
}
