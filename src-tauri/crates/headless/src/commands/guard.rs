//! `holdfastctl guard`: a command that changes a database runs only after a backup that was proven, and what it broke can
//! be put back at once.

use std::ffi::OsString;
use std::io::{BufRead, IsTerminal};
use std::process::{Command, ExitStatus, Stdio};

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::connection::ConnectionTestResponse;
use holdfast_contract::restore::RestorePlan;
use holdfast_contract::session::{DatabaseAskRequest, DatabaseAskResponse};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::json;

use super::agreed;
use crate::cli::Guard;
use crate::failure::{Failure, Result, internal, usage};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text;

/// Exit codes from when on the command has run.
const FAILED: u8 = 10;
const RESTORED: u8 = 11;
const RESTORE_FAILED: u8 = 12;

pub async fn run(guard: Guard, host: &Host, output: &Output) -> Result<()> {
    let before = problems(&guard, host).await?;
    if let Some(problem) = before.first() {
        let hint = "Mend it first; nothing was run.";
        return Err(ApiError::new(ErrorCode::NotAllowed, format!("Already before: {problem}"))
            .hint(hint)
            .into());
    }
    let backup = backed_up(&guard, host, output).await?;
    let way_back = plan(&guard, &backup, host).await?;
    if let Some(blocker) = way_back.blockers.first() {
        let text =
            format!("The backup could not be restored in place, so the command was not run: {blocker}");
        return Err(ApiError::new(ErrorCode::NotAllowed, text).into());
    }
    output.remark(&format!("Backed up and proven: {backup}. Running the command."));
    let status = execute(&guard.command, output.prints_json()).await?;
    let mut wrong = Vec::new();
    if !status.success() {
        wrong.push(format!("The command ended with {status}."));
    }
    // A database that cannot be asked is not well.
    match problems(&guard, host).await {
        Ok(found) => wrong.extend(found),
        Err(failure) => wrong.push(failure.error.message),
    }
    let report = |restore: Option<&str>| json!({ "id": backup, "backup_id": backup, "exit_code": status.code(), "problems": wrong, "restore_id": restore });
    if wrong.is_empty() {
        return output
            .result(&report(None), || format!("The command succeeded and the database is well. {backup}"));
    }
    for problem in &wrong {
        output.remark(&text::visible(problem));
    }
    if !guard.restore_on_failure && !wants_restore(&guard, output)? {
        output.result(&report(None), || {
            format!(
                "The database is as the command left it. To go back:\n  holdfastctl restore {backup} --to {} --replace --confirm '{}'",
                guard.connection,
                way_back.confirm_name.as_deref().unwrap_or(&way_back.database)
            )
        })?;
        return Err(ended(FAILED, &wrong));
    }
    match restore(&guard, &backup, host, output).await {
        Ok(id) => {
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

/// What is wrong with the database now, a sentence each.
async fn problems(guard: &Guard, host: &Host) -> Result<Vec<String>> {
    let request = json!({ "connection": guard.connection });
    let tested: ConnectionTestResponse = host.call("connection.test", &request).await?;
    if let Some(error) = tested.error {
        return Ok(vec![format!("The database does not answer: {}", error.message)]);
    }
    let mut wrong = Vec::new();
    for sql in &guard.check {
        let request = DatabaseAskRequest { connection: guard.connection.clone(), sql: sql.clone() };
        match host.call::<DatabaseAskResponse>("database.ask", &request).await {
            Ok(answer) if answer.holds => {}
            Ok(answer) => {
                let value = answer.value.unwrap_or_else(|| "NULL".to_owned());
                wrong.push(format!("The check {sql:?} answered {value}."));
            }
            Err(failure) => wrong.push(format!("The check {sql:?} failed: {}", failure.error.message)),
        }
    }
    Ok(wrong)
}

async fn backed_up(guard: &Guard, host: &Host, output: &Output) -> Result<String> {
    // Strict: a backup that leaves something out is no way back.
    let request = json!({
        "connection": guard.connection, "prove": true, "strict": true, "note": "Before a guarded command",
    });
    let started: Started = host.call("backup.create", &request).await?;
    follow::quietly(host, output, &started).await?;
    Ok(started.id)
}

async fn plan(guard: &Guard, backup: &str, host: &Host) -> Result<RestorePlan> {
    let request = json!({ "backup": backup, "to": guard.connection, "replace": true });
    host.call("restore.plan", &request).await
}

/// Agreed to by `--restore-on-failure`, or at the terminal.
async fn restore(guard: &Guard, backup: &str, host: &Host, output: &Output) -> Result<String> {
    let plan = plan(guard, backup, host).await?;
    let confirmation = agreed(&plan.digest, plan.confirm_name.clone());
    let request = PlanRef { plan_id: plan.plan_id.clone() };
    let started: Started = host.call_confirmed("restore.apply", &request, confirmation).await?;
    follow::quietly(host, output, &started).await?;
    Ok(started.id)
}

/// Asked only where a person can answer.
fn wants_restore(guard: &Guard, output: &Output) -> Result<bool> {
    if output.prints_json() || !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    output.remark(&format!("Restore {} as it was before the command? Type yes:", guard.connection));
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
