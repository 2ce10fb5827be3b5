//! The backup that is taken before a live database is changed: proven, or nothing is changed.

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::Connection;
use holdfast_contract::snapshot::Scope;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::Dump;
use holdfast_vault::Vault;

use crate::backup::create::Selection;
use crate::cx::Cx;
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::proof::proven_backup::{Demand, Order, ProvenBackup, Told};

/// Stages that [`safety_backup`] tells of.
pub(crate) const SAFETY_STEPS: u32 = Demand::Certain.steps();

/// What a safety backup is taken of and kept in.
pub(crate) struct Safety<'a> {
    pub cx: &'a Cx,
    pub vault: &'a Vault,
    pub connection: &'a Connection,
    /// By which the snapshot is taken: the place's own, or one that remembers its moment.
    pub dump: &'a dyn Dump,
}

/// The live database as it is now, or what the scope names of it, proven: without it nothing is replaced.
pub(crate) async fn safety_backup(
    all: &Safety<'_>,
    scope: Scope,
    name: &'static str,
    job: &JobContext,
    stages: &Stages,
) -> Result<Backup, ApiError> {
    let order = Order {
        connection: all.connection.clone(),
        selection: Selection { scope, strict: false },
        note: None,
        otherwise: name,
        demand: Demand::Certain,
    };
    let told = Told {
        reading: "Backing up the live database first",
        reading_back: "Reading the safety backup back",
    };
    let begun = ProvenBackup::begin(all.cx, all.vault, order).await.map_err(not_safe)?;
    let made = begun.make(all.cx, all.dump, job, stages, told).await.map_err(not_safe)?;
    Ok(made.backup)
}

fn not_safe(mut error: ApiError) -> ApiError {
    if error.code != ErrorCode::Cancelled {
        error.message = format!(
            "No proven safety backup of the live database could be made, so nothing was replaced. {}",
            error.message
        );
    }
    error
}
