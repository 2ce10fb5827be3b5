//! How far a backup is proven: the one rule that turns its proof records into a badge.

use holdfast_contract::backup::{Backup, Level, ProofRecord};
use holdfast_contract::{ApiError, BackupId};
use holdfast_vault::Vault;

/// The kind under which proof records stand in the vault.
pub(crate) const PROOF: &str = "proof";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub level: Option<Level>,
    pub level_at_ms: Option<i64>,
    pub damaged: bool,
}

impl Standing {
    /// A pass at a level contains the levels below it. After a failure nothing that was proven before
    /// counts any more, and only a pass at the level that failed (or above) takes the damage back.
    pub(crate) fn of(records: &[ProofRecord]) -> Self {
        let mut records: Vec<&ProofRecord> = records.iter().collect();
        records.sort_by_key(|record| record.started_at_ms);
        let mut standing = Self::default();
        let mut failed_at: Option<Level> = None;
        for record in records {
            if !record.passed {
                failed_at = failed_at.max(Some(record.level));
                standing = Self { damaged: true, ..Self::default() };
                continue;
            }
            if failed_at.is_some_and(|failed| record.level >= failed) {
                failed_at = None;
                standing.damaged = false;
            }
            if Some(record.level) >= standing.level {
                standing.level = Some(record.level);
                standing.level_at_ms = Some(record.started_at_ms + record.duration_ms as i64);
            }
        }
        standing
    }

    pub(crate) fn apply(self, backup: &mut Backup) {
        backup.level = self.level;
        backup.level_at_ms = self.level_at_ms;
        backup.damaged = self.damaged;
    }
}

/// All proof records of one backup or of all, oldest first.
pub(crate) async fn proofs(vault: &Vault, backup: Option<&BackupId>) -> Result<Vec<ProofRecord>, ApiError> {
    Ok(among(vault.records(PROOF, backup).await?))
}

/// The proofs among records of any kind, oldest first.
pub(crate) fn among(records: Vec<holdfast_vault::Record>) -> Vec<ProofRecord> {
    let proofs = records.into_iter().filter(|record| record.kind == PROOF);
    let mut proofs: Vec<ProofRecord> = proofs.map(readable).collect();
    proofs.sort_by_key(|proof| proof.started_at_ms);
    proofs
}

/// A record that this version cannot read may have told of damage, so it counts as a failed check.
fn readable(record: holdfast_vault::Record) -> ProofRecord {
    serde_json::from_value(record.value).unwrap_or_else(|error| ProofRecord {
        backup_id: record.backup,
        level: Level::Stored,
        passed: false,
        started_at_ms: record.at_ms,
        duration_ms: 0,
        server: None,
        restore_ms: None,
        tables: Vec::new(),
        problems: vec![format!("This proof record cannot be read: {error}.")],
        not_restored: None,
        tool_version: String::new(),
    })
}

pub(crate) async fn record(vault: &Vault, proof: &ProofRecord, now_ms: i64) -> Result<(), ApiError> {
    let value = serde_json::to_value(proof)
        .map_err(|error| ApiError::new(holdfast_contract::ErrorCode::Internal, error.to_string()))?;
    vault.put_record(PROOF, &proof.backup_id, &value, now_ms).await.map_err(|error| error.into_api())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: i64, level: Level, passed: bool) -> ProofRecord {
        ProofRecord {
            backup_id: BackupId::from("b"),
            level,
            passed,
            started_at_ms: at,
            duration_ms: 1,
            server: None,
            restore_ms: None,
            tables: vec![],
            problems: vec![],
            not_restored: None,
            tool_version: String::new(),
        }
    }

    fn standing(steps: &[(Level, bool)]) -> (Option<Level>, bool) {
        let records: Vec<_> =
            steps.iter().zip(0..).map(|((level, passed), at)| record(at, *level, *passed)).collect();
        let standing = Standing::of(&records);
        (standing.level, standing.damaged)
    }

    #[test]
    fn a_badge_never_claims_more_than_was_done() {
        use Level::{Decoded, Restored, Stored};
        assert_eq!(standing(&[]), (None, false));
        assert_eq!(standing(&[(Stored, true), (Restored, true), (Stored, true)]), (Some(Restored), false));
        assert_eq!(standing(&[(Restored, true), (Stored, false)]), (None, true));
        assert_eq!(
            standing(&[(Decoded, false), (Stored, true)]),
            (Some(Stored), true),
            "stored says nothing of what is inside"
        );
        assert_eq!(standing(&[(Decoded, false), (Decoded, true)]), (Some(Decoded), false));
        assert_eq!(
            standing(&[(Restored, false), (Stored, false), (Restored, true)]),
            (Some(Restored), false)
        );
        let newest_first = [record(9, Level::Stored, false), record(1, Level::Restored, true)];
        assert!(Standing::of(&newest_first).damaged, "time decides, not the order of the list");
    }
}
