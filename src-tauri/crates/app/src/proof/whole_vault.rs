//! A check of every object in the vault. What it finds is held against each backup that needs a damaged object.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use holdfast_contract::backup::{Level, ProofRecord};
use holdfast_contract::event::{Event, NoticeLevel, Topic};
use holdfast_contract::vault::CheckSummary;
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_engine::Progress as _;
use holdfast_vault::{CheckLevel, CheckProgress, Vault};

use crate::backup::standing;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobProgress;
use crate::vaults;

struct Told(Arc<JobProgress>);

impl CheckProgress for Told {
    fn at(&self, done_bytes: u64, total_bytes: u64) {
        self.0.at(done_bytes, total_bytes);
    }
}

/// A job. Damage is a finding, not a failure of the check.
pub async fn check(cx: &Cx, level: Level) -> Result<Begun<CheckSummary>, ApiError> {
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
    let vault = vaults::open(cx).await?;
    let new = NewWork { title: "Check the vault".to_owned(), connection_id: None, cancellable: true };
    let given = cx.clone();
    cx.start_job(new, move |job| async move {
        let (started, started_at_ms) = (Instant::now(), given.now_ms());
        job.progress.phase(match level {
            Level::Stored => "Reading every object",
            _ => "Reading and decoding every object",
        });
        let told = Told(job.progress.clone());
        let report = vault.check(depth, None, &told, &job.cancel).await?;
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
            hold_against_backups(&vault, &summary, started_at_ms).await?;
            given.events().changed(Topic::Backups);
        }
        Ok(summary)
    })
    .await
}

/// A failed record for each backup that needs a damaged object, so that no list calls it good any more.
async fn hold_against_backups(
    vault: &Vault,
    summary: &CheckSummary,
    started_at_ms: i64,
) -> Result<(), ApiError> {
    let mut problems: BTreeMap<&BackupId, Vec<String>> = BTreeMap::new();
    for problem in &summary.problems {
        for backup in &problem.backups {
            problems.entry(backup).or_default().push(format!("{}: {}", problem.object, problem.what));
        }
    }
    for (backup, problems) in problems {
        let record = ProofRecord {
            backup_id: backup.clone(),
            level: summary.level,
            passed: false,
            started_at_ms,
            duration_ms: summary.duration_ms,
            server: None,
            restore_ms: None,
            tables: Vec::new(),
            problems,
            not_restored: None,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        standing::record(vault, &record, summary.at_ms).await?;
    }
    Ok(())
}
