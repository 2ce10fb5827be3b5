//! `holdfastctl guard`: a command that changes a database runs only after a backup that was proven, and what it broke can
//! be put back at once. What must be true around the command is the application's; here it is run.

use std::ffi::OsString;
use std::io::{BufRead, IsTerminal};
use std::process::{Command, ExitStatus, Stdio};

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::guard::{
    Guard, GuardBeginRequest, GuardCheckRequest, GuardEndRequest, GuardListRequest, GuardListResponse,
    GuardRef, GuardState,
};
use holdfast_contract::restore::RestorePlan;
use holdfast_contract::{ApiError, BackupId, ErrorCode, RestoreId};
use serde_json::json;

use super::agreed;
use crate::cli::Guard as Asked;
use crate::failure::{Failure, Result, internal, usage};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text;

/// Exit codes from when on the command has run.
const FAILED: u8 = 10;
const RESTORED: u8 = 11;
const RESTORE_FAILED: u8 = 12;

pub async fn run(asked: Asked, host: &Host, output: &Output) -> Result<()> {
    tell_of_cut_short(&asked, host, output).await;
    let (guard, backup) = begin(&asked, host, output).await?;
    output.remark(&format!("Backed up and proven: {backup}. Running the command."));
    let status = match execute(&asked.command, output.prints_json()).await {
        Ok(status) => status,
        Err(failure) => {
            end(&guard, None, host, output).await;
            return Err(failure);
        }
    };
    let failure = (!status.success()).then(|| format!("The command ended with {status}."));
    let wrong = problems(&guard, failure, host).await;
    let report = |restore: Option<&RestoreId>| {
        json!({
            "id": backup, "backup_id": backup, "guard_id": guard.id, "exit_code": status.code(), "problems": wrong,
            "restore_id": restore,
        })
    };
    if wrong.is_empty() {
        end(&guard, None, host, output).await;
        return output
            .result(&report(None), || format!("The command succeeded and the database is well. {backup}"));
    }
    for problem in &wrong {
        output.remark(&text::visible(problem));
    }
    if !asked.restore_on_failure && !wants_restore(&asked, output)? {
        end(&guard, None, host, output).await;
        output.result(&report(None), || {
            format!(
                "The database is as the command left it. To go back:\n  holdfastctl restore {backup} --to {} --replace --confirm '{}'",
                asked.connection, guard.database
            )
        })?;
        return Err(ended(FAILED, &wrong));
    }
    match restore(&asked, &backup, host, output).await {
        Ok(id) => {
            end(&guard, Some(&id), host, output).await;
            output.result(&report(Some(&id)), || {
                format!("The database is as it was before the command; what the command made of it is kept beside it. {id}")
            })?;
            Err(ended(RESTORED, &wrong))
        }
        Err(failure) => {
            output.remark(&format!("The restore failed; the backup {backup} stays."));
            Err(failure.exiting(RESTORE_FAILED))
        }
    }
}

fn ended(code: u8, wrong: &[String]) -> Failure {
    Failure::printed(ApiError::new(ErrorCode::VerificationFailed, wrong.join(" "))).exiting(code)
}

/// The guard, ready, and the backup that it holds.
async fn begin(asked: &Asked, host: &Host, output: &Output) -> Result<(Guard, BackupId)> {
    let request = GuardBeginRequest { connection: asked.connection.clone(), checks: asked.check.clone() };
    let started: Started = host.call("guard.begin", &request).await?;
    follow::quietly(host, output, &started).await?;
    let guard: Guard = host.call("guard.get", &GuardRef { guard: started.id }).await?;
    let backup = guard.backup_id.clone().ok_or_else(|| internal("A guard that is ready has no backup."))?;
    Ok((guard, backup))
}

/// What is wrong now, a sentence each. A database that cannot be asked is not well.
async fn problems(guard: &Guard, failure: Option<String>, host: &Host) -> Vec<String> {
    let request = GuardCheckRequest { guard: guard.id.to_string(), failure: failure.clone() };
    match host.call::<Guard>("guard.check", &request).await {
        Ok(checked) => checked.problems,
        Err(error) => failure.into_iter().chain([error.error.message]).collect(),
    }
}

/// What the command did is told whether or not this can be written down.
async fn end(guard: &Guard, restore: Option<&RestoreId>, host: &Host, output: &Output) {
    let request = GuardEndRequest { guard: guard.id.to_string(), restore: restore.map(ToString::to_string) };
    if let Err(failure) = host.call::<Guard>("guard.end", &request).await {
        output.remark(&format!("The guard could not be ended: {}", failure.error.message));
    }
}

/// Guards whose process died while their command may have been running: whoever runs the next one should know.
async fn tell_of_cut_short(asked: &Asked, host: &Host, output: &Output) {
    let request = GuardListRequest { connection: Some(asked.connection.clone()), open_only: true };
    // What is wrong with the connection is told by what follows.
    let Ok(known) = host.call::<GuardListResponse>("guard.list", &request).await else { return };
    let cut_short = known.guards.iter().filter(|guard| guard.state == GuardState::CutShort);
    for Guard { id, backup_id, .. } in cut_short {
        let backup = backup_id.as_ref().map(ToString::to_string).unwrap_or_default();
        output.remark(&format!(
            "An earlier guarded command was cut short; how the database was before it is in the backup {backup}. When that is settled:\n  \
             holdfastctl call guard.end '{{\"guard\": \"{id}\"}}'"
        ));
    }
}

async fn plan(asked: &Asked, backup: &BackupId, host: &Host) -> Result<RestorePlan> {
    let request = json!({ "backup": backup, "to": asked.connection, "replace": true });
    host.call("restore.plan", &request).await
}

/// Agreed to by `--restore-on-failure`, or at the terminal.
async fn restore(asked: &Asked, backup: &BackupId, host: &Host, output: &Output) -> Result<RestoreId> {
    let plan = plan(asked, backup, host).await?;
    let confirmation = agreed(&plan.digest, plan.confirm_name.clone());
    let request = PlanRef { plan_id: plan.plan_id.clone() };
    let started: Started = host.call_confirmed("restore.apply", &request, confirmation).await?;
    follow::quietly(host, output, &started).await?;
    Ok(RestoreId(started.id))
}

/// Asked only where a person can answer.
fn wants_restore(asked: &Asked, output: &Output) -> Result<bool> {
    if output.prints_json() || !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    output.remark(&format!("Restore {} as it was before the command? Type yes:", asked.connection));
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(|error| internal(error.to_string()))?;
    Ok(answer.trim() == "yes")
}

/// As it is written: no shell. Ctrl-C reaches it as any program in the foreground, and we wait for its end.
async fn execute(command: &[OsString], apart: bool) -> Result<ExitStatus> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(usage("A command is needed.", "holdfastctl guard --connection NAME -- COMMAND"));
    };
    let mut prepared = Command::new(program);
    prepared.args(arguments);
    if apart {
        // Standard output holds one JSON document: ours.
        prepared.stdout(Stdio::from(std::io::stderr()));
    }
    let mut child = prepared.spawn().map_err(|error| {
        let text = format!("{} cannot be started: {error}.", program.to_string_lossy());
        Failure::from(ApiError::new(ErrorCode::NotFound, text).hint("Nothing was run; the backup stays."))
    })?;
    let mut waiting = tokio::task::spawn_blocking(move || child.wait());
    loop {
        tokio::select! {
            ended = &mut waiting => {
                return ended
                    .map_err(|error| internal(error.to_string()))?
                    .map_err(|error| internal(format!("Waiting for the command failed: {error}.")));
            }
            // The command decides what an interrupt means to it.
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}
