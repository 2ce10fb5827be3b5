//! One file per group of commands: words in, operations out, answers as text or JSON.

mod audit;
mod backup;
mod call;
mod cleanup;
mod connection;
mod guard;
mod import;
mod job;
mod maintenance;
mod restore;
mod retention;
mod schedule;
mod session;
mod timing;
mod vault;
mod worker;

use clap::CommandFactory;
use holdfast_app::{App, ProcessKind};
use holdfast_contract::policy::Confirmation;

use crate::cli::{Cli, Command, Detach};
use crate::detach;
use crate::failure::{Failure, Result, internal};
use crate::host::Host;
use crate::output::Output;

pub async fn run(cli: Cli, output: &Output) -> Result<()> {
    if let Some(result) = without_application(&cli.command, output) {
        return result;
    }
    let announce = cli.global.announce;
    let result = with_application(cli, output).await;
    if announce && let Err(failure) = result {
        detach::announce_failure(output, &failure);
        return Err(Failure::printed(failure.error));
    }
    result
}

fn without_application(command: &Command, output: &Output) -> Option<Result<()>> {
    match command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "holdfastctl", &mut script);
            Some(output.line(String::from_utf8_lossy(&script).trim_end()))
        }
        Command::Openapi => {
            let document =
                serde_json::to_string_pretty(&App::openapi()).map_err(|error| internal(error.to_string()));
            Some(document.and_then(|text| output.line(&text)))
        }
        Command::Call(call) if call.operation.is_none() => Some(call::list(output)),
        _ => None,
    }
}

async fn with_application(cli: Cli, output: &Output) -> Result<()> {
    let terminal = detach::handed_over(&cli.global)?;
    if cli.global.announce {
        detach::outlive_the_terminal()?;
    } else if wants_detach(&cli.command) {
        // Asked for here, where the person is; the background process has no terminal.
        if cli.global.secrets == crate::cli::SecretsPlace::File {
            terminal.passphrase_or_ask()?;
        }
        return detach::start(output, &terminal);
    }
    let process =
        if matches!(cli.command, Command::Worker) { ProcessKind::Worker } else { ProcessKind::CommandLine };
    let host = Host::open(&cli.global, terminal, process).await?;
    let result = match cli.command {
        Command::Vault(command) => vault::run(command, &host, output).await,
        Command::Connection(command) => connection::run(command, &host, output).await,
        Command::Backup(command) => backup::run(command, &host, output).await,
        Command::Restore(command) => restore::run(command, &host, output).await,
        Command::Import(command) => import::run(command, &host, output).await,
        Command::Job(command) => job::run(command, &host, output).await,
        Command::Schedule(command) => schedule::run(command, &host, output).await,
        Command::Retention(command) => retention::run(command, &host, output).await,
        Command::Maintenance(command) => maintenance::run(command, &host, output).await,
        Command::Cleanup(command) => cleanup::run(command, &host, output).await,
        Command::Session(command) => session::run(command, &host, output).await,
        Command::Guard(command) => guard::run(command, &host, output).await,
        Command::Worker => worker::run(&host, output).await,
        Command::Audit(command) => audit::run(command, &host, output).await,
        Command::Call(command) => call::run(command, &host, output).await,
        Command::Openapi | Command::Completions { .. } => Ok(()),
    };
    host.app.shutdown().await;
    result
}

fn wants_detach(command: &Command) -> bool {
    use crate::cli::{Backup, Maintenance, Vault};
    let Detach { detach } = match command {
        Command::Vault(Vault::Check { detach, .. } | Vault::Prune { detach, dry_run: false, .. }) => detach,
        Command::Backup(
            Backup::Create { detach, .. }
            | Backup::Verify { detach, .. }
            | Backup::Drill { detach, .. }
            | Backup::Export { detach, .. },
        ) => detach,
        Command::Maintenance(Maintenance::Run { how, .. }) if !how.dry_run => &how.detach,
        Command::Call(call) => &call.detach,
        Command::Import(import) if !import.dry_run => &import.detach,
        Command::Restore(restore) if restore.command.is_none() && !restore.dry_run => &restore.detach,
        _ => return false,
    };
    *detach
}

/// What the person agreed to by giving the plan's name, or by letting a plan without one be applied.
fn agreed(digest: &str, name: Option<String>) -> Confirmation {
    Confirmation { digest: Some(digest.to_owned()), name }
}
