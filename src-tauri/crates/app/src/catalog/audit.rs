//! Table `audit`: append-only, each entry chained to the one before by SHA-256.
//!
//! The hash covers the previous hash and a canonical JSON array of the entry, so an entry that is edited,
//! removed, inserted or moved breaks the chain at that place; AUTOINCREMENT remembers the highest number
//! ever given, so a cut tail shows too. Whoever can rewrite the whole file can rewrite the whole chain:
//! this guards against quiet corrections, not against the owner of the machine.

use holdfast_contract::audit::{AuditEntry, AuditPhase, AuditVerifyResponse};
use holdfast_contract::policy::{Principal, Touched};
use holdfast_contract::{Answer, BackupId, ConnectionId, JobId, PlanId, RestoreId};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use super::error::Result;
use super::{Catalog, from_word, json, word};

/// What the first entry is chained to.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

#[derive(Clone, Debug)]
pub struct NewAuditEntry {
    pub at_ms: i64,
    pub principal: Principal,
    pub operation: String,
    pub touched: Vec<Touched>,
    pub target_name: Option<String>,
    pub phase: AuditPhase,
    pub outcome: Option<String>,
    pub error_code: Option<String>,
    /// Without secrets: whoever writes an entry has taken them out.
    pub detail: String,
}

/// The columns as they are stored and hashed.
struct Stored {
    seq: i64,
    at_ms: i64,
    principal: String,
    operation: String,
    target: String,
    target_name: Option<String>,
    phase: String,
    outcome: Option<String>,
    error_code: Option<String>,
    detail: String,
    hash: String,
}

pub struct Audits<'a>(pub(super) &'a Catalog);

const COLUMNS: &str =
    "seq, at_ms, principal, operation, target, target_name, phase, outcome, error_code, detail, hash";

impl Audits<'_> {
    pub async fn append(&self, entry: NewAuditEntry) -> Answer<u64> {
        self.0.write(move |catalog| append(catalog, entry)).await
    }

    /// Newest first, and whether there are more.
    pub async fn list(
        &self,
        before: Option<u64>,
        limit: u32,
        search: Option<String>,
    ) -> Answer<(Vec<AuditEntry>, bool)> {
        self.0
            .read(move |catalog| {
                let sql = format!(
                    "SELECT {COLUMNS} FROM audit WHERE (?1 IS NULL OR seq < ?1) AND (?2 IS NULL
                     OR instr(lower(operation), ?2) OR instr(lower(target), ?2)
                     OR instr(lower(coalesce(target_name, '')), ?2) OR instr(lower(principal), ?2))
                     ORDER BY seq DESC LIMIT ?3"
                );
                let search = search.map(|search| search.to_lowercase());
                let mut statement = catalog.prepare_cached(&sql)?;
                let mut rows = statement.query(params![
                    before.map(|before| before as i64),
                    search,
                    i64::from(limit) + 1
                ])?;
                let mut entries = Vec::new();
                while let Some(row) = rows.next()? {
                    entries.push(stored(row)?.entry()?);
                }
                let more = entries.len() > limit as usize;
                entries.truncate(limit as usize);
                Ok((entries, more))
            })
            .await
    }

    /// Walks the whole chain.
    pub async fn verify(&self) -> Answer<AuditVerifyResponse> {
        self.0.read(verify).await
    }
}

/// Within the caller's transaction, which must be an immediate one.
pub(super) fn append(catalog: &Connection, entry: NewAuditEntry) -> Result<u64> {
    let last: Option<(i64, String)> = catalog
        .prepare_cached("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (seq, previous) = last.unwrap_or((0, BEGINNING.to_owned()));
    let mut row = Stored {
        // After a cut tail the numbers go on where they were, so the gap stays visible.
        seq: seq.max(highest(catalog)?) + 1,
        at_ms: entry.at_ms,
        principal: json(&entry.principal)?,
        operation: entry.operation,
        target: json(&entry.touched)?,
        target_name: entry.target_name,
        phase: word(&entry.phase)?,
        outcome: entry.outcome,
        error_code: entry.error_code,
        detail: entry.detail,
        hash: String::new(),
    };
    row.hash = row.chained_to(&previous)?;
    catalog
        .prepare_cached(&format!(
            "INSERT INTO audit ({COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
        ))?
        .execute(params![
            row.seq,
            row.at_ms,
            row.principal,
            row.operation,
            row.target,
            row.target_name,
            row.phase,
            row.outcome,
            row.error_code,
            row.detail,
            row.hash
        ])?;
    Ok(row.seq as u64)
}

fn highest(catalog: &Connection) -> Result<i64> {
    let mut statement = catalog.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'audit'")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn verify(catalog: &Connection) -> Result<AuditVerifyResponse> {
    let mut statement = catalog.prepare(&format!("SELECT {COLUMNS} FROM audit ORDER BY seq"))?;
    let mut rows = statement.query([])?;
    let mut previous = BEGINNING.to_owned();
    let mut entries: i64 = 0;
    while let Some(row) = rows.next()? {
        let row = stored(row)?;
        let expected = entries + 1;
        if row.seq != expected {
            return Ok(broken(entries, expected, format!("Entry {expected} is missing.")));
        }
        if row.chained_to(&previous)? != row.hash {
            let problem =
                format!("Entry {expected} is not what was written, or does not follow the one before it.");
            return Ok(broken(entries, expected, problem));
        }
        previous = row.hash;
        entries += 1;
    }
    if highest(catalog)? > entries {
        return Ok(broken(entries, entries + 1, format!("Entries from {} on are missing.", entries + 1)));
    }
    Ok(AuditVerifyResponse { intact: true, entries: entries as u64, first_bad_seq: None, problem: None })
}

fn broken(entries: i64, seq: i64, problem: String) -> AuditVerifyResponse {
    AuditVerifyResponse {
        intact: false,
        entries: entries as u64,
        first_bad_seq: Some(seq as u64),
        problem: Some(problem),
    }
}

fn stored(row: &Row<'_>) -> Result<Stored> {
    Ok(Stored {
        seq: row.get(0)?,
        at_ms: row.get(1)?,
        principal: row.get(2)?,
        operation: row.get(3)?,
        target: row.get(4)?,
        target_name: row.get(5)?,
        phase: row.get(6)?,
        outcome: row.get(7)?,
        error_code: row.get(8)?,
        detail: row.get(9)?,
        hash: row.get(10)?,
    })
}

impl Stored {
    fn chained_to(&self, previous: &str) -> Result<String> {
        let canonical = json(&(
            self.seq,
            self.at_ms,
            &self.principal,
            &self.operation,
            &self.target,
            &self.target_name,
            &self.phase,
            &self.outcome,
            &self.error_code,
            &self.detail,
        ))?;
        let digest = Sha256::new().chain_update(previous).chain_update(canonical).finalize();
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn entry(self) -> Result<AuditEntry> {
        Ok(AuditEntry {
            seq: self.seq as u64,
            at_ms: self.at_ms,
            principal: serde_json::from_str(&self.principal)?,
            operation: self.operation,
            touched: named(from_text(&self.target)?, self.target_name.as_deref()),
            target_name: self.target_name,
            phase: from_word(self.phase)?,
            outcome: self.outcome,
            error_code: self.error_code,
            detail: self.detail,
            hash: self.hash,
        })
    }
}

fn from_text(text: &str) -> serde_json::Result<Vec<Touched>> {
    read_touched(&mut serde_json::Deserializer::from_str(text))
}

/// Entries and jobs of versions before 0.2 hold one target with nothing but its id.
pub(super) fn read_touched<'de, D: Deserializer<'de>>(
    from: D,
) -> std::result::Result<Vec<Touched>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored {
        List(Vec<Touched>),
        One(Target),
    }
    #[derive(Deserialize)]
    #[serde(tag = "kind", content = "id", rename_all = "snake_case")]
    enum Target {
        None,
        Application,
        Vault,
        Connection(ConnectionId),
        Backup(BackupId),
        Restore(RestoreId),
        Job(JobId),
        Plan(PlanId),
        Named(String),
    }
    let nameless = String::new;
    Ok(match Stored::deserialize(from)? {
        Stored::List(list) => list,
        Stored::One(Target::None) => Vec::new(),
        Stored::One(Target::Application) => vec![Touched::Application],
        Stored::One(Target::Vault) => vec![Touched::Vault],
        Stored::One(Target::Connection(id)) => {
            vec![Touched::Connection { id, name: nameless(), database: nameless() }]
        }
        Stored::One(Target::Backup(id)) => vec![Touched::Backup { id, name: nameless() }],
        Stored::One(Target::Restore(id)) => vec![Touched::Restore { id }],
        Stored::One(Target::Job(id)) => vec![Touched::Job { id }],
        Stored::One(Target::Plan(id)) => vec![Touched::Plan { id }],
        Stored::One(Target::Named(name)) => vec![Touched::Named { name }],
    })
}

/// The name that stood beside an old entry.
fn named(mut touched: Vec<Touched>, target_name: Option<&str>) -> Vec<Touched> {
    if let ([Touched::Connection { name, .. } | Touched::Backup { name, .. }], Some(known)) =
        (touched.as_mut_slice(), target_name)
        && name.is_empty()
    {
        known.clone_into(name);
    }
    touched
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::events::Events;

    async fn filled(path: &std::path::Path) -> Catalog {
        let catalog = Catalog::open(path, Events::default()).unwrap();
        for number in 1..=5 {
            let entry = NewAuditEntry {
                at_ms: 1000 + number,
                principal: Principal::CommandLine("ann".into()),
                operation: "vault.lock".into(),
                touched: vec![Touched::Vault],
                target_name: None,
                phase: AuditPhase::Intent,
                outcome: None,
                error_code: None,
                detail: format!("{{\"n\":{number}}}"),
            };
            assert_eq!(catalog.audit().append(entry).await.unwrap(), number as u64);
        }
        catalog
    }

    /// Whatever is done to the table behind the program's back is found, at the right place.
    #[tokio::test]
    async fn tampering_names_the_first_bad_entry() {
        let cases: &[(&str, u64)] = &[
            ("UPDATE audit SET detail = '{}' WHERE seq = 3", 3),
            ("UPDATE audit SET at_ms = 1 WHERE seq = 1", 1),
            ("UPDATE audit SET outcome = '' WHERE seq = 2", 2),
            ("UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 1) WHERE seq = 4", 4),
            ("DELETE FROM audit WHERE seq = 2", 2),
            ("DELETE FROM audit WHERE seq = 1", 1),
            ("DELETE FROM audit WHERE seq >= 4", 4),
            ("DELETE FROM audit", 1),
            ("UPDATE audit SET seq = seq + 10 WHERE seq >= 3; UPDATE audit SET seq = seq - 9 WHERE seq > 10;
              INSERT INTO audit SELECT 3, at_ms, principal, operation, target, target_name, phase, outcome, error_code, detail, hash FROM audit WHERE seq = 2", 3),
            ("UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 100", 2),
        ];
        for (sql, bad) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("catalog.sqlite");
            let catalog = filled(&path).await;
            assert!(catalog.audit().verify().await.unwrap().intact);
            let second = Connection::open(&path).unwrap();
            assert!(second.execute_batch(sql).is_err(), "the triggers refuse: {sql}");
            second.execute_batch("DROP TRIGGER audit_keeps_rows; DROP TRIGGER audit_keeps_words").unwrap();
            second.execute_batch(sql).unwrap();
            let verdict = catalog.audit().verify().await.unwrap();
            assert_eq!((verdict.intact, verdict.first_bad_seq), (false, Some(*bad)), "{sql}");
            assert!(verdict.problem.is_some());
        }
    }

    #[tokio::test]
    async fn the_log_pages_backwards_and_is_searched() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = filled(&folder.path().join("catalog.sqlite")).await;
        let (page, more) = catalog.audit().list(None, 2, None).await.unwrap();
        assert_eq!((page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), more), (vec![5, 4], true));
        let (page, more) = catalog.audit().list(Some(4), 10, Some("ANN".into())).await.unwrap();
        assert_eq!((page.len(), more), (3, false));
        assert!(catalog.audit().list(None, 10, Some("bob".into())).await.unwrap().0.is_empty());
    }

    #[tokio::test]
    async fn entries_of_earlier_versions_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.sqlite");
        let catalog = filled(&path).await;
        let second = Connection::open(&path).unwrap();
        second
            .execute_batch(
                r#"DROP TRIGGER audit_keeps_words;
                   UPDATE audit SET target = '{"kind":"connection","id":"c1"}', target_name = 'shop' WHERE seq = 5;
                   UPDATE audit SET target = '{"kind":"named","id":"nightly"}' WHERE seq = 4;
                   UPDATE audit SET target = '{"kind":"none"}' WHERE seq = 3"#,
            )
            .unwrap();
        let (page, _) = catalog.audit().list(None, 3, None).await.unwrap();
        let shop = Touched::Connection { id: "c1".into(), name: "shop".into(), database: String::new() };
        assert_eq!(page[0].touched, [shop]);
        assert_eq!(page[1].touched, [Touched::Named { name: "nightly".into() }]);
        assert!(page[2].touched.is_empty());
    }
}
