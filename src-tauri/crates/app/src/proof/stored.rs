//! Level *stored*: all objects of the backup are there and hash to what they should.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_contract::{ApiError, BackupId};
use holdfast_engine::{Progress, Work};
use holdfast_vault::{CheckLevel, CheckProgress, Vault};

/// The problems found; an error only when the check could not be made.
pub(super) async fn problems(vault: &Vault, id: &BackupId, work: &Work) -> Result<Vec<String>, ApiError> {
    work.progress.phase("Checking what the vault holds of it");
    let report = vault
        .check(
            CheckLevel::Stored,
            Some(id),
            &Forward { progress: work.progress.clone(), told: AtomicU64::new(0) },
            &work.cancel,
        )
        .await?;
    Ok(report.problems.into_iter().map(|problem| format!("{}: {}", problem.object, problem.what)).collect())
}

/// The vault's progress as the job shows it.
struct Forward {
    progress: Arc<dyn Progress>,
    told: AtomicU64,
}

impl CheckProgress for Forward {
    fn at(&self, done_bytes: u64, total_bytes: u64) {
        let before = self.told.swap(done_bytes, Ordering::Relaxed);
        if before == 0 {
            self.progress.total_bytes(total_bytes);
        }
        self.progress.advance(done_bytes.saturating_sub(before), 0);
    }
}
