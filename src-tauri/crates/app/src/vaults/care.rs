//! Sweeping what nothing in the vault refers to any more.

use holdfast_contract::event::Topic;
use holdfast_contract::vault::{VaultPrunePlan, VaultPruneResult};
use holdfast_contract::{ApiError, PlanId};
use holdfast_engine::Progress as _;
use holdfast_vault::{PrunePlan, Vault};

use super::open;
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// What a look has found.
pub struct Prunable {
    vault: Vault,
    found: PrunePlan,
}

impl Prunable {
    pub fn found(&self) -> &PrunePlan {
        &self.found
    }
}

/// Without id and digest.
pub async fn prune_plan(cx: &Cx) -> Result<(VaultPrunePlan, Prunable), ApiError> {
    let vault = open::open(cx).await?;
    let found = look(cx, &vault).await?;
    let shown = VaultPrunePlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        packs_total: found.packs_total,
        packs_removable: found.removable.len() as u64,
        packs_waiting: found.waiting.len() as u64,
        frees_bytes: found.frees_bytes,
        packs_to_rewrite: found.rewrite.len() as u64,
        summary: in_words(&found),
    };
    Ok((shown, Prunable { vault, found }))
}

/// A job.
pub async fn prune_apply(
    cx: &Cx,
    all: Prunable,
    consent: Consent,
) -> Result<Begun<VaultPruneResult>, ApiError> {
    let new = NewWork { title: "Prune the vault".to_owned(), connection_id: None, cancellable: true };
    let given = cx.clone();
    cx.start_job(new, move |job| async move { sweep(&given, &all.vault, &all.found, &job, &consent).await })
        .await
}

/// Frees what may be freed, within a job that has deleted by somebody's consent.
pub async fn collect(cx: &Cx, job: &JobContext, consent: &Consent) -> Result<VaultPruneResult, ApiError> {
    let vault = open::open(cx).await?;
    let found = look(cx, &vault).await?;
    sweep(cx, &vault, &found, job, consent).await
}

async fn sweep(
    cx: &Cx,
    vault: &Vault,
    found: &PrunePlan,
    job: &JobContext,
    _: &Consent,
) -> Result<VaultPruneResult, ApiError> {
    job.progress.phase("Removing what no backup needs");
    let done = vault.prune(found, cx.now_ms(), &job.cancel).await?;
    open::remember_tip(cx, vault).await?;
    cx.events().changed(Topic::Vault);
    Ok(VaultPruneResult {
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
