//! The last step of a restore and its reverse, whatever was restored: a database that changes its name, or tables that take
//! their places. Everything around it (journal, proof, undo, recovery) is the same for both.

use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{SnapshotSource, SwapState, TableOrder, Work};

use super::journal::{Facts, Journal};
use crate::connections::database::Database;

/// The step as the journal describes it, on its server.
pub(crate) struct Step<'a> {
    database: &'a Database,
    facts: &'a Facts,
}

impl<'a> Step<'a> {
    pub(crate) fn of(journal: &'a Journal, database: &'a Database) -> Self {
        Self { database, facts: &journal.facts }
    }

    /// Answers with remarks.
    pub(crate) async fn put(
        &self,
        source: Option<&dyn SnapshotSource>,
        work: &Work,
    ) -> Result<Vec<String>, ApiError> {
        let intent = &self.facts.intent;
        let done = match (&self.facts.order, &intent.kept_as) {
            (Some(order), _) => {
                let source = source.ok_or_else(|| {
                    ApiError::new(ErrorCode::Internal, "Tables are put in place without their backup.")
                })?;
                self.database.tables()?.put(order, source, work).await
            }
            (None, Some(kept)) => {
                self.database.swap()?.swap(&intent.staging, kept, work).await.map(|()| Vec::new())
            }
            (None, None) => {
                self.database.load()?.rename(&intent.staging, &intent.database).await.map(|()| Vec::new())
            }
        };
        done.map_err(ApiError::from)
    }

    pub(crate) async fn whereabouts(&self) -> Result<SwapState, ApiError> {
        let intent = &self.facts.intent;
        match (&self.facts.order, &intent.kept_as) {
            (Some(order), _) => self.database.tables()?.state(order).await,
            (None, Some(kept)) => self.database.swap()?.swap_state(&intent.staging, kept).await,
            (None, None) => {
                let load = self.database.load()?;
                // Where it takes several steps, it is brought to an end first.
                load.settle(&intent.staging).await?;
                let staged = load.exists(&intent.staging).await?;
                let named = load.exists(&intent.database).await?;
                Ok(match (staged, named) {
                    (true, _) => SwapState::NotSwapped,
                    (false, true) => SwapState::Swapped,
                    (false, false) => SwapState::Unclear,
                })
            }
        }
        .map_err(ApiError::from)
    }

    /// What the replaced one is kept as; a live database that was gone leaves nothing to keep.
    pub(crate) async fn kept(&self) -> Result<Option<String>, ApiError> {
        let Some(kept) = &self.facts.intent.kept_as else { return Ok(None) };
        if let Some(order) = &self.facts.order {
            return Ok(order.tables.iter().any(|step| step.kept.is_some()).then(|| kept.clone()));
        }
        let there = self.database.load()?.exists(kept).await?;
        Ok(there.then(|| kept.clone()))
    }

    /// Nothing that was loaded beside stays.
    pub(crate) async fn drop_staging(&self) -> Result<(), ApiError> {
        match &self.facts.order {
            Some(order) => self.database.tables()?.drop_staged(order).await,
            None => self.database.load()?.drop_database(&self.facts.intent.staging).await,
        }
        .map_err(ApiError::from)
    }

    /// Puts what is kept back, and keeps what was restored as `restored`. Answers with remarks.
    pub(crate) async fn undo(
        &self,
        kept: &str,
        restored: &str,
        work: &Work,
    ) -> Result<Vec<String>, ApiError> {
        match &self.facts.order {
            Some(order) => self.database.tables()?.put_back(order, work).await,
            None => self.database.swap()?.swap(kept, restored, work).await.map(|()| Vec::new()),
        }
        .map_err(ApiError::from)
    }

    pub(crate) async fn undo_state(&self, kept: &str, restored: &str) -> Result<SwapState, ApiError> {
        match &self.facts.order {
            Some(order) => self.database.tables()?.back_state(order).await,
            None => self.database.swap()?.swap_state(kept, restored).await,
        }
        .map_err(ApiError::from)
    }

    /// Is what an undo or a release works on still there?
    pub(crate) async fn is_kept(&self, kept: &str) -> Result<bool, ApiError> {
        let Some(order) = &self.facts.order else {
            return self.database.load()?.exists(kept).await.map_err(ApiError::from);
        };
        let (tables, wanted) = (self.database.tables()?, SwapState::Swapped);
        let state =
            if self.facts.undone { tables.back_state(order).await } else { tables.state(order).await };
        Ok(state? == wanted)
    }

    pub(crate) async fn release(&self, kept: &str) -> Result<(), ApiError> {
        match &self.facts.order {
            Some(order) if self.facts.undone => self.database.tables()?.drop_staged(order).await,
            Some(order) => self.database.tables()?.drop_kept(order).await,
            None => self.database.load()?.drop_database(kept).await,
        }
        .map_err(ApiError::from)
    }
}

/// How tables are spoken of where a database has its name.
pub(crate) fn label<'a>(mut tables: impl Iterator<Item = &'a TableName>) -> Option<String> {
    let first = tables.next()?.to_string();
    Some(match tables.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    })
}

/// What the replaced tables are kept as; None when none is replaced.
pub(crate) fn kept_label(order: &TableOrder) -> Option<String> {
    label(order.tables.iter().filter_map(|step| step.kept.as_ref()))
}
