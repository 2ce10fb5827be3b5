//! Checking the vault's objects, and sweeping what nothing refers to any more.

use std::sync::Arc;
use std::time::Instant;

use holdfast_contract::backup::{Level, PlanRef, Started};
use holdfast_contract::event::{Event, NoticeLevel};
use holdfast_contract::vault::{CheckSummary, VaultPrunePlan, VaultPruneResult};
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::Progress as _;
use holdfast_vault::{CheckLevel, CheckProgress, PrunePlan, Vault, VaultError};

use super::open;
use crate::catalog::Plan;
use crate::cx::{Cx, NewWork};
use crate::jobs::JobProgress;

const PRUNE_APPLY: &str = "vault.prune.apply";
const HOUR_MS: i64 = 60 * 60 * 1000;

struct Told(Arc<JobProgress>);

impl CheckProgress for Told {
    fn at(&self, done_bytes: u64, total_bytes: u64) {
        self.0.at(done_bytes, total_bytes);
    }
}

/// A job; its result is the `CheckSummary`. Damage is a finding, not a failure of the check.
pub async fn check(cx: &Cx, level: Level) -> Result<Started, ApiError> {
    let depth = match level {
        Level::Stored => CheckLevel::Stored,
        Level::Decoded => CheckLevel::Decoded,
        Level::Restored => {
            return Err(ApiError::new(
                ErrorCode::BadRequest,
                "level: a vault is checked as stored or decoded.",
            )
            .hint("Prove a restore for one backup with backup.verify."));
        }
    };
    let vault = open::open(cx).await?;
    let new = NewWork { title: "Check the vault".to_owned(), connection_id: None, cancellable: true };
    let given = cx.clone();
    let job_id = cx
        .start_job(new, move |job| async move {
            let started = Instant::now();
            job.progress.phase(match level {
                Level::Stored => "Reading every object",
                _ => "Reading and decoding every object",
            });
            let told = Told(job.progress.clone());
            let report = vault.check(depth, None, &told, &job.cancel).await.map_err(VaultError::into_api)?;
            let summary = CheckSummary {
                level,
                at_ms: given.now_ms(),
                duration_ms: started.elapsed().as_millis() as u64,
                objects: report.objects,
                bytes: report.bytes,
                problems: report.problems,
            };
            given.catalog().vaults().remember_check(&vault.id(), &summary).await?;
            if !summary.problems.is_empty() {
                given.events().send(Event::Notice {
                    level: NoticeLevel::Error,
                    title: "The vault is damaged".to_owned(),
                    text: format!("The check found {} damaged or missing objects.", summary.problems.len()),
                });
            }
            said(&summary)
        })
        .await?;
    Ok(Started { id: job_id.0.clone(), job_id })
}

pub async fn prune_plan(cx: &Cx) -> Result<VaultPrunePlan, ApiError> {
    let vault = open::open(cx).await?;
    let found = look(cx, &vault).await?;
    let plan = Plan::new(PRUNE_APPLY, &serde_json::json!({}), &found, cx.now_ms())?;
    let shown = VaultPrunePlan {
        plan_id: plan.id.clone(),
        digest: plan.digest.clone(),
        packs_total: found.packs_total,
        packs_removable: found.removable.len() as u64,
        packs_waiting: found.waiting.len() as u64,
        frees_bytes: found.frees_bytes,
        packs_to_rewrite: found.rewrite.len() as u64,
        summary: in_words(&found),
    };
    cx.catalog().plans().put(Plan { target_name: Some(vault.id().0), ..plan }).await?;
    Ok(shown)
}

/// A job; its result is the `VaultPruneResult`.
pub async fn prune_apply(cx: &Cx, request: PlanRef) -> Result<Started, ApiError> {
    let vault = open::open(cx).await?;
    let plan = cx.catalog().plans().get(&request.plan_id).await?;
    let found = look(cx, &vault).await?;
    plan.still_holds(&found)?;
    let new = NewWork { title: "Prune the vault".to_owned(), connection_id: None, cancellable: true };
    let given = cx.clone();
    let job_id = cx
        .start_job(new, move |job| async move {
            job.progress.phase("Removing what no backup needs");
            let done =
                vault.prune(&found, given.now_ms(), &job.cancel).await.map_err(VaultError::into_api)?;
            open::remember_tip(&given, &vault).await?;
            given.events().changed(holdfast_contract::event::Changed::Vault);
            said(&VaultPruneResult {
                freed_bytes: done.freed_bytes,
                packs_removed: done.packs_removed,
                packs_rewritten: done.packs_rewritten,
            })
        })
        .await?;
    Ok(Started { id: job_id.0.clone(), job_id })
}

async fn look(cx: &Cx, vault: &Vault) -> Result<PrunePlan, ApiError> {
    let grace_ms = i64::from(cx.settings().await?.prune_grace_hours) * HOUR_MS;
    vault.prune_plan(grace_ms, cx.now_ms()).await.map_err(VaultError::into_api)
}

fn in_words(found: &PrunePlan) -> String {
    if found.removable.is_empty() && found.rewrite.is_empty() && found.waiting.is_empty() {
        return "Every pack is needed; there is nothing to free.".to_owned();
    }
    format!(
        "{} of {} packs are removed and {} rewritten; {} more wait for their grace period.",
        found.removable.len(),
        found.packs_total,
        found.rewrite.len(),
        found.waiting.len()
    )
}

fn said(value: &impl serde::Serialize) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(value)
        .map_err(|error| ApiError::new(ErrorCode::Internal, format!("The result cannot be said: {error}.")))
}
