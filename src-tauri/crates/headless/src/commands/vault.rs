//! `holdfastctl vault …`

use holdfast_contract::backup::{Level, PlanRef, Started};
use holdfast_contract::meta::Empty;
use holdfast_contract::vault::{
    CheckSummary, RecoveryKit, VaultAttachRequest, VaultChangePassphraseRequest, VaultCheckRequest,
    VaultInitRequest, VaultInitResponse, VaultPrunePlan, VaultPruneResult, VaultState, VaultStatus,
    VaultUnlockRequest,
};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::json;

use super::agreed;
use crate::cli::Vault;
use crate::failure::{Failure, Result, internal};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::passphrase::{self, reveal};
use crate::text;

pub async fn run(command: Vault, host: &Host, output: &Output) -> Result<()> {
    match command {
        Vault::Init { path, no_remember } => init(path, !no_remember, host, output).await,
        Vault::Status => {
            let status: VaultStatus = host.call("vault.status", &Empty {}).await?;
            output.result(&status, || status_text(&status))
        }
        Vault::Attach { path, recovery_kit, no_remember } => {
            let unlock = unlock_request(recovery_kit, !no_remember, host)?;
            let request =
                VaultAttachRequest { path: absolute(&path)?, unlock: VaultUnlockRequest { ..unlock } };
            // Serialising a password hides it, so the request is built by hand.
            let status: VaultStatus = host.call_hidden("vault.attach", attach_json(&request)).await?;
            output.result(&status, || status_text(&status))
        }
        Vault::Check { read_data, .. } => check(read_data, host, output).await,
        Vault::Prune { dry_run, .. } => prune(dry_run, host, output).await,
        Vault::RecoveryKit => {
            let kit: RecoveryKit = host.call("vault.recovery_kit", &Empty {}).await?;
            output.result(&kit, || kit_text(&kit))
        }
        Vault::ChangePassphrase { new_passphrase_file } => {
            let new = match new_passphrase_file {
                Some(path) => passphrase::first_line_of(&path)?,
                None => passphrase::prompt_twice()?,
            };
            let request = VaultChangePassphraseRequest { new_passphrase: reveal(&new) };
            let status: VaultStatus = host
                .call_hidden("vault.change_passphrase", json!({ "new_passphrase": request.new_passphrase.0 }))
                .await?;
            output.result(&status, || "The passphrase is changed.".to_owned())
        }
    }
}

async fn init(path: Option<String>, remember: bool, host: &Host, output: &Output) -> Result<()> {
    if path.as_deref().is_some_and(|path| path.starts_with("s3://")) {
        return Err(ApiError::new(
            ErrorCode::Unsupported,
            "This version keeps vaults in folders; S3 storage comes later.",
        )
        .hint("Give --path a folder, for example one on another disk.")
        .into());
    }
    let request = VaultInitRequest {
        passphrase: reveal(&host.terminal.new_passphrase()?),
        path: path.as_deref().map(absolute).transpose()?,
        remember,
    };
    let answer: VaultInitResponse = host
        .call_hidden(
            "vault.init",
            json!({ "passphrase": request.passphrase.0, "path": request.path, "remember": request.remember }),
        )
        .await?;
    if let Some(problem) = &answer.keychain_problem {
        output.remark(&format!("The vault will ask for its passphrase each time: {}", problem.message));
    }
    output.result(&answer, || {
        format!("Vault {} is ready in {}.\n\n{}", answer.id, answer.location, kit_text(&answer.recovery_kit))
    })
}

fn unlock_request(recovery_kit: bool, remember: bool, host: &Host) -> Result<VaultUnlockRequest> {
    if !recovery_kit {
        let passphrase = Some(reveal(&host.terminal.passphrase_or_ask()?));
        return Ok(VaultUnlockRequest { passphrase, recovery_words: None, remember });
    }
    let words = match std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        true => passphrase::prompt("The 24 words: ")?,
        false => passphrase::all_of_stdin()?,
    };
    Ok(VaultUnlockRequest { passphrase: None, recovery_words: Some(reveal(&words)), remember })
}

fn attach_json(request: &VaultAttachRequest) -> serde_json::Value {
    json!({
        "path": request.path,
        "passphrase": request.unlock.passphrase.as_ref().map(|secret| &secret.0),
        "recovery_words": request.unlock.recovery_words.as_ref().map(|secret| &secret.0),
        "remember": request.unlock.remember,
    })
}

async fn check(read_data: bool, host: &Host, output: &Output) -> Result<()> {
    let level = if read_data { Level::Decoded } else { Level::Stored };
    let started: Started = host.call("vault.check", &VaultCheckRequest { level }).await?;
    let job = follow::to_the_end(host, output, &started).await?;
    let summary: CheckSummary = serde_json::from_value(job.result.unwrap_or_default())
        .map_err(|error| internal(format!("The check answered in another shape: {error}.")))?;
    let document = json!({ "id": started.id, "job_id": started.job_id, "check": summary });
    output.result(&document, || check_text(&summary))?;
    match summary.problems.first() {
        None => Ok(()),
        Some(first) => Err(Failure::printed(ApiError::new(ErrorCode::VaultDamaged, first.what.clone()))),
    }
}

async fn prune(dry_run: bool, host: &Host, output: &Output) -> Result<()> {
    let plan: VaultPrunePlan = host.call("vault.prune.plan", &Empty {}).await?;
    if dry_run {
        return output.result(&plan, || plan.summary.clone());
    }
    let request = PlanRef { plan_id: plan.plan_id.clone() };
    let started: Started =
        host.call_confirmed("vault.prune.apply", &request, agreed(&plan.digest, None)).await?;
    let job = follow::to_the_end(host, output, &started).await?;
    let result: VaultPruneResult = serde_json::from_value(job.result.unwrap_or_default())
        .map_err(|error| internal(format!("Prune answered in another shape: {error}.")))?;
    let document = json!({ "id": started.id, "job_id": started.job_id, "plan": plan, "result": result });
    output.result(&document, || format!("{}\nFreed {}.", plan.summary, text::bytes(result.freed_bytes)))
}

/// Paths go to the application whole: its working folder is not the caller's.
pub fn absolute(path: &str) -> Result<String> {
    let path = std::path::absolute(path).map_err(|error| internal(format!("{path}: {error}.")))?;
    path.into_os_string()
        .into_string()
        .map_err(|path| internal(format!("{} is not valid Unicode.", path.display())))
}

fn status_text(status: &VaultStatus) -> String {
    let location = status.location.as_deref().unwrap_or("nowhere");
    let mut lines = vec![match status.state {
        VaultState::Absent => return "There is no vault yet. Make one: holdfastctl vault init".to_owned(),
        VaultState::Open => format!("Open: {location}"),
        VaultState::Locked => format!("Locked: {location}"),
        VaultState::Unreachable => format!("Not reachable: {location}"),
    }];
    if let Some(problem) = &status.problem {
        lines.push(problem.message.clone());
        lines.extend(problem.hint.clone());
    }
    if let Some(id) = &status.id {
        lines.push(format!("Id       {id}"));
    }
    if status.state == VaultState::Open {
        lines.push(format!("Backups  {}", status.backups));
        lines.push(format!(
            "Holds    {} in {}",
            text::bytes(status.protected_bytes),
            text::bytes(status.stored_bytes)
        ));
    }
    for slot in &status.slots {
        lines.push(format!("Opens by {} ({})", text::word(&slot.kind), text::time(slot.created_at_ms)));
    }
    lines.push(format!("Opens by itself here: {}", if status.remembers_key { "yes" } else { "no" }));
    lines.join("\n")
}

fn kit_text(kit: &RecoveryKit) -> String {
    let words: Vec<String> =
        kit.words.iter().enumerate().map(|(n, word)| format!("{:2} {word:<9}", n + 1)).collect();
    let grid: Vec<String> = words.chunks(4).map(|row| row.join("  ").trim_end().to_owned()).collect();
    format!("RECOVERY KIT of vault {}\n\n{}\n\n{}", kit.vault_id, grid.join("\n"), kit.instructions)
}

fn check_text(summary: &CheckSummary) -> String {
    let mut lines = vec![format!(
        "{} objects, {} checked in {}: {}.",
        text::number(summary.objects),
        text::bytes(summary.bytes),
        text::duration(summary.duration_ms),
        match summary.problems.len() {
            0 => "no damage found".to_owned(),
            1 => "1 problem found".to_owned(),
            count => format!("{count} problems found"),
        }
    )];
    for problem in &summary.problems {
        let backups: Vec<&str> = problem.backups.iter().map(|id| id.as_str()).collect();
        let needed =
            if backups.is_empty() { String::new() } else { format!(" (needed by {})", backups.join(", ")) };
        lines.push(format!("{}: {}{needed}", problem.object, problem.what));
    }
    lines.join("\n")
}
