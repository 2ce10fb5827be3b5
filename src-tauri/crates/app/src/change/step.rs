//! The last step of a change and its reverse, whatever is put in place: a database that changes its name, or tables that take
//! their places. Everything around it (journal, proof, undo, recovery) is the same for both.

use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{SnapshotSource, SwapState, Work};

use super::facts::Facts;
use super::journal::Journal;
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
        let target = &self.facts.target;
        let done = match (self.facts.change.tables(), &target.kept_as) {
            (Some(order), _) => {
                let source = source.ok_or_else(|| {
                    ApiError::new(ErrorCode::Internal, "Tables are put in place without their backup.")
                })?;
                self.database.tables()?.put(order, source, work).await
            }
            (None, Some(kept)) => {
                self.database.swap()?.swap(&target.staging, kept, work).await.map(|()| Vec::new())
            }
            (None, None) => {
                self.database.load()?.rename(&target.staging, &target.database).await.map(|()| Vec::new())
            }
        };
        done.map_err(ApiError::from)
    }

    pub(crate) async fn whereabouts(&self) -> Result<SwapState, ApiError> {
        let target = &self.facts.target;
        match (self.facts.change.tables(), &target.kept_as) {
            (Some(order), _) => self.database.tables()?.state(order).await,
            (None, Some(kept)) => self.database.swap()?.swap_state(&target.staging, kept).await,
            (None, None) => {
                let load = self.database.load()?;
                // Where it takes several steps, it is brought to an end first.
                load.settle(&target.staging).await?;
                let staged = load.exists(&target.staging).await?;
                let named = load.exists(&target.database).await?;
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
        let Some(kept) = &self.facts.target.kept_as else { return Ok(None) };
        if let Some(order) = self.facts.change.tables() {
            return Ok(order.tables.iter().any(|step| step.kept.is_some()).then(|| kept.clone()));
        }
        let there = self.database.load()?.exists(kept).await?;
        Ok(there.then(|| kept.clone()))
    }

    /// Nothing that was loaded beside stays.
    pub(crate) async fn drop_staging(&self) -> Result<(), ApiError> {
        match self.facts.change.tables() {
            Some(order) => self.database.tables()?.drop_staged(order).await,
            None => self.database.load()?.drop_database(&self.facts.target.staging).await,
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
        match self.facts.change.tables() {
            Some(order) => self.database.tables()?.put_back(order, work).await,
            None => self.database.swap()?.swap(kept, restored, work).await.map(|()| Vec::new()),
        }
        .map_err(ApiError::from)
    }

    pub(crate) async fn undo_state(&self, kept: &str, restored: &str) -> Result<SwapState, ApiError> {
        match self.facts.change.tables() {
            Some(order) => self.database.tables()?.back_state(order).await,
            None => self.database.swap()?.swap_state(kept, restored).await,
        }
        .map_err(ApiError::from)
    }

    /// Is what an undo or a release works on still there?
    pub(crate) async fn is_kept(&self, kept: &str) -> Result<bool, ApiError> {
        let Some(order) = self.facts.change.tables() else {
            return self.database.load()?.exists(kept).await.map_err(ApiError::from);
        };
        let (tables, wanted) = (self.database.tables()?, SwapState::Swapped);
        let state =
            if self.facts.undone { tables.back_state(order).await } else { tables.state(order).await };
        Ok(state? == wanted)
    }

    pub(crate) async fn release(&self, kept: &str) -> Result<(), ApiError> {
        match self.facts.change.tables() {
            Some(order) if self.facts.undone => self.database.tables()?.drop_staged(order).await,
            Some(order) => self.database.tables()?.drop_kept(order).await,
            None => self.database.load()?.drop_database(kept).await,
        }
        .map_err(ApiError::from)
    }
}
