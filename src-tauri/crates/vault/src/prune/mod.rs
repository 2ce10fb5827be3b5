//! Giving space back, in two phases: mark what nobody needs, and after a grace period, with nobody else at work
//! and everything looked at once more, sweep it. The most dangerous thing the vault does; every doubt stops it.

mod mark;
mod rewrite;
mod survey;

use std::collections::HashSet;

use tokio_util::sync::CancellationToken;

use crate::index::{self, sha_of};
use crate::object::{self, FIRST, INDEX, Part};
use crate::store::Folder;
use crate::{PrunePlan, PruneResult, Result, Vault, VaultError, hex};
use survey::Survey;

type Sha = [u8; 32];

impl Vault {
    /// Changes nothing. Refuses where `prune` would.
    pub async fn prune_plan(&self, grace_ms: i64, now_ms: i64) -> Result<PrunePlan> {
        let inner = self.inner.past_the_cache();
        let _guard = inner.store.locks().shared().await?;
        let survey = Survey::take(&inner).await?;
        Ok(survey.plan(grace_ms, now_ms))
    }

    /// Does what stands in the plan and is still right. Interrupted anywhere, every backup stays whole and the next
    /// prune goes on.
    pub async fn prune(
        &self,
        plan: &PrunePlan,
        now_ms: i64,
        cancel: &CancellationToken,
    ) -> Result<PruneResult> {
        let inner = &self.inner.past_the_cache();
        let mut result = PruneResult::default();
        {
            let _guard = inner.store.locks().shared().await?;
            let survey = Survey::take(inner).await?;
            result.packs_marked = survey.update_marks(inner, now_ms).await?;
        }
        let alone = inner.store.locks().exclusive().await?;
        let survey = Survey::take(inner).await?;
        let now = survey.plan(plan.grace_ms, now_ms);
        let still = |planned: &[String], now: &[String]| -> Vec<Sha> {
            planned.iter().filter(|name| now.contains(name)).filter_map(|name| sha_of(name)).collect()
        };
        let dead = still(&plan.removable, &now.removable);
        let rewrite = still(&plan.rewrite, &now.rewrite);
        for manifest in survey.history.half_deleted() {
            alone.confirm().await?;
            inner.store.remove(Folder::Manifests, &manifest.name).await?;
        }
        let mut fresh = Vec::new();
        if !rewrite.is_empty() {
            stop_if(cancel)?;
            fresh = inner.rewrite(&survey, &rewrite, cancel).await?;
        }
        stop_if(cancel)?;
        // A fresh pack never holds more than what its sources had, so this does not go below zero for long.
        let added: u64 = fresh.iter().map(|pack| pack.size).sum();
        let going: HashSet<Sha> = dead.iter().chain(&rewrite).copied().collect();
        if !going.is_empty() {
            let obsolete = survey.indexes_with(&going);
            let mut kept = survey.kept_packs(&obsolete, &going);
            kept.extend(fresh);
            if !kept.is_empty() {
                let parts = [Part { role: FIRST, payload: index::encode(&kept) }];
                let bytes = object::encode(&inner.keys, INDEX, &[0; 16], &parts)?;
                let name = inner.store.put(Folder::Index, "", bytes).await?;
                inner.read_index(&name).await?;
            }
            // Out of the indexes first: an index should never name what is not there.
            for name in obsolete {
                alone.confirm().await?;
                inner.store.remove(Folder::Index, &name).await?;
            }
            for sha in &going {
                stop_if(cancel)?;
                alone.confirm().await?;
                inner.store.remove(Folder::Packs, &hex::encode(sha)).await?;
                result.freed_bytes += survey.size(sha);
            }
            result.packs_removed = dead.len() as u64;
            result.packs_rewritten = rewrite.len() as u64;
            result.freed_bytes = result.freed_bytes.saturating_sub(added);
        }
        for record in survey.orphan_records(inner).await? {
            alone.confirm().await?;
            inner.store.remove(Folder::Records, &record).await?;
        }
        alone.confirm().await?;
        inner.store.sweep_unfinished().await?;
        inner.refresh().await?;
        Survey::take(inner).await?.update_marks(inner, now_ms).await?;
        Ok(result)
    }
}

fn stop_if(cancel: &CancellationToken) -> Result<()> {
    if cancel.is_cancelled() { Err(VaultError::Cancelled) } else { Ok(()) }
}
