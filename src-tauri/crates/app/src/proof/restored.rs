//! Level *restored*: loaded into a scratch database, every table compared, the scratch dropped again.

use std::time::Instant;

use holdfast_contract::snapshot::ServerInfo;
use holdfast_contract::{ApiError, ErrorCode};
use holdfast_engine::{EngineError, SnapshotSource, Work};

use super::compare::{self, Comparison};
use super::decoded::is_damage;
use super::definitions;
use crate::backup::source::VaultSource;
use crate::connections::database::Database;
use crate::jobs::stages::Stages;

#[derive(Default)]
pub(super) struct Drill {
    pub comparison: Comparison,
    pub server: Option<ServerInfo>,
    pub restore_ms: Option<u64>,
    /// The backup itself could not be read.
    pub damaged: bool,
    /// The scratch database that could not be dropped, and why.
    pub left_behind: Option<ApiError>,
}

/// Errors say that the drill could not be made; what it found about the backup is in the result.
pub(super) async fn drill(
    database: &Database,
    scratch: &str,
    source: &VaultSource,
    stages: &Stages,
    work: &Work,
) -> Result<Drill, ApiError> {
    let found = load_and_compare(database, scratch, source, stages, work).await;
    // Also after a cancel or an error, and without the cancelled token: nothing may stay behind.
    let dropped = database.load()?.drop_database(scratch).await;
    let mut drill = found?;
    drill.left_behind = dropped.err().map(|error| {
        let mut error = error.into_api();
        error.message = format!("The scratch database {scratch} could not be dropped: {}", error.message);
        error.hint("Drop it by hand; nothing else was changed.")
    });
    Ok(drill)
}

async fn load_and_compare(
    database: &Database,
    scratch: &str,
    source: &VaultSource,
    stages: &Stages,
    work: &Work,
) -> Result<Drill, ApiError> {
    let objects = match source.objects().await {
        Ok(objects) => objects,
        Err(error) => return verdict(error),
    };
    if definitions::needed(source.snapshot(), &objects) {
        let borrowed = definitions::borrow(source, objects, database, work).await?;
        let drill = load_whole(database, scratch, &borrowed, stages, work).await?;
        // A definition that was tightened since the backup refuses rows that are good.
        return match drill.comparison.tables.is_empty() {
            true if !drill.comparison.problems.is_empty() && !drill.damaged => {
                Err(definitions::does_not_fit(&format!(
                    "that did not take the rows: {}",
                    drill.comparison.problems.join(" ").trim_end_matches('.')
                )))
            }
            _ => Ok(drill),
        };
    }
    load_whole(database, scratch, source, stages, work).await
}

async fn load_whole(
    database: &Database,
    scratch: &str,
    source: &dyn SnapshotSource,
    stages: &Stages,
    work: &Work,
) -> Result<Drill, ApiError> {
    let load = database.load()?;
    work.progress.phase("Asking whether the scratch server can take it");
    let objects = match source.objects().await {
        Ok(objects) => objects,
        Err(error) => return verdict(error),
    };
    let preflight = load.preflight(source.snapshot(), &objects).await?;
    if !preflight.blockers.is_empty() {
        return Err(ApiError::new(
            ErrorCode::Unsupported,
            format!("The backup cannot be loaded there: {}", preflight.blockers.join(" ")),
        )
        .hint("Give a scratch connection whose server has what is missing."));
    }
    stages.next("Loading into a scratch database");
    let begun = Instant::now();
    let report = match load.load(scratch, source, work).await {
        Ok(report) => report,
        Err(error) => return verdict(error),
    };
    let restore_ms = begun.elapsed().as_millis() as u64;
    stages.next("Comparing every table");
    let copy = database.copy(scratch)?;
    let compared =
        compare::compare(database.engine(), copy.as_ref(), scratch, source.snapshot(), &report.remarks, work)
            .await;
    let comparison = compared?;
    Ok(Drill { comparison, server: report.server, restore_ms: Some(restore_ms), ..Drill::default() })
}

/// Is a failed load the backup's fault or the surroundings'? [`EngineError::blames_contents`] says what is the former.
fn verdict(error: EngineError) -> Result<Drill, ApiError> {
    let backups_fault = is_damage(error.code()) || error.blames_contents();
    let error = error.into_api();
    if !backups_fault {
        return Err(error);
    }
    let damaged = is_damage(error.code);
    let comparison = Comparison { tables: Vec::new(), problems: vec![error.message] };
    Ok(Drill { comparison, damaged, ..Drill::default() })
}
