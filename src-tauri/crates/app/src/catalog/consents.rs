//! Table `standing_consents`.

use std::collections::BTreeMap;

use holdfast_contract::policy::StandingConsent;
use holdfast_contract::{ApiError, CleanupRuleId, ConnectionId, ScheduleId};
use rusqlite::{OptionalExtension, Row, params};

use super::Catalog;
use super::error::Result;
use super::json;

type Answer<T> = std::result::Result<T, ApiError>;

/// What a consent is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Cleanup(CleanupRuleId),
    /// The retention rules that hold for a connection, its own or its group's.
    Retention(ConnectionId),
    Schedule(ScheduleId),
}

impl Subject {
    fn key(&self) -> String {
        match self {
            Self::Cleanup(id) => format!("cleanup/{id}"),
            Self::Retention(id) => format!("retention/{id}"),
            Self::Schedule(id) => format!("schedule/{id}"),
        }
    }
}

pub struct Consents<'a>(pub(super) &'a Catalog);

const COLUMNS: &str = "digest, agreed_by, at_ms, most";

impl Consents<'_> {
    /// `None`: nobody has agreed.
    pub async fn get(&self, subject: &Subject) -> Answer<Option<StandingConsent>> {
        let key = subject.key();
        self.0
            .read(move |catalog| {
                let sql = format!("SELECT {COLUMNS} FROM standing_consents WHERE subject = ?1");
                let mut statement = catalog.prepare_cached(&sql)?;
                let found = statement.query_row([key], |row| Ok(decode(row, 0))).optional()?;
                found.transpose()
            })
            .await
    }

    /// By key; for lists.
    pub async fn all(&self) -> Answer<Known> {
        self.0
            .read(|catalog| {
                let sql = format!("SELECT subject, {COLUMNS} FROM standing_consents");
                let mut statement = catalog.prepare_cached(&sql)?;
                let mut rows = statement.query([])?;
                let mut known = BTreeMap::new();
                while let Some(row) = rows.next()? {
                    known.insert(row.get(0)?, decode(row, 1)?);
                }
                Ok(Known(known))
            })
            .await
    }

    /// The newest counts.
    pub async fn put(&self, subject: &Subject, consent: StandingConsent) -> Answer<()> {
        let key = subject.key();
        self.0
            .write(move |catalog| {
                catalog.execute(
                    "INSERT INTO standing_consents VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (subject)
                     DO UPDATE SET digest = ?2, agreed_by = ?3, at_ms = ?4, most = ?5",
                    params![
                        key,
                        consent.digest,
                        json(&consent.by)?,
                        consent.at_ms,
                        i64::try_from(consent.most).unwrap_or(i64::MAX)
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// Idempotent.
    pub async fn forget(&self, subject: &Subject) -> Answer<()> {
        let key = subject.key();
        self.0
            .write(move |catalog| {
                catalog.execute("DELETE FROM standing_consents WHERE subject = ?1", [key])?;
                Ok(())
            })
            .await
    }
}

/// Every consent that is on record.
pub struct Known(BTreeMap<String, StandingConsent>);

impl Known {
    pub fn get(&self, subject: &Subject) -> Option<&StandingConsent> {
        self.0.get(&subject.key())
    }
}

fn decode(row: &Row<'_>, first: usize) -> Result<StandingConsent> {
    Ok(StandingConsent {
        digest: row.get(first)?,
        by: serde_json::from_str(&row.get::<_, String>(first + 1)?)?,
        at_ms: row.get(first + 2)?,
        most: row.get::<_, i64>(first + 3)?.max(0) as u64,
    })
}
