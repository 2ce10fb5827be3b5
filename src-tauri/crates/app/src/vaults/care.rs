//! Sweeping what nothing in the vault refers to any more.

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::vault::{VaultPrunePlan, VaultPruneResult};
use holdfast_contract::{ApiError, ErrorCode, JobId};
use holdfast_engine::Progress as _;
use holdfast_vault::{PrunePlan, Vault};
use serde_json::Value;

use super::open;
use crate::catalog::Plan;
use crate::cx::{Cx, NewWork};
use crate::jobs::JobContext;

const PRUNE_APPLY: &str = "vault.prune.apply";
const HOUR_MS: i64 = 60 * 60 * 1000;

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
    let job_id =
        cx.start_job(new, move |job| async move { sweep(&given, &vault, &found, &job).await }).await?;
    Ok(Started { id: job_id.0.clone(), job_id })
}

/// A job that frees what may be freed when its turn comes: after a deletion that somebody agreed to, nothing more is asked.
pub async fn collect(cx: &Cx) -> Result<JobId, ApiError> {
    let vault = open::open(cx).await?;
    let new = NewWork {
        title: "Free the room of deleted backups".to_owned(),
        connection_id: None,
        cancellable: true,
    };
    let given = cx.clone();
    cx.start_job(new, move |job| async move {
        let found = look(&given, &vault).await?;
        sweep(&given, &vault, &found, &job).await
    })
    .await
}

async fn sweep(cx: &Cx, vault: &Vault, found: &PrunePlan, job: &JobContext) -> Result<Value, ApiError> {
    job.progress.phase("Removing what no backup needs");
    let done = vault.prune(found, cx.now_ms(), &job.cancel).await?;
    open::remember_tip(cx, vault).await?;
    cx.events().changed(holdfast_contract::event::Changed::Vault);
    said(&VaultPruneResult {
        freed_bytes: done.freed_bytes,
        packs_removed: done.packs_removed,
        packs_rewritten: done.packs_rewritten,
    })
}

async fn look(cx: &Cx, vault: &Vault) -> Result<PrunePlan, ApiError> {
    let grace_ms = i64::from(cx.settings().await?.prune_grace_hours) * HOUR_MS;
    vault.prune_plan(grace_ms, cx.now_ms()).await.map_err(ApiError::from)
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
