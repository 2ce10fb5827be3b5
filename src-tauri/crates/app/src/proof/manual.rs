//! A backup that a person or a schedule asks for.

use holdfast_contract::ApiError;
use holdfast_contract::backup::{BackupCreateRequest, BackupMade};
use holdfast_contract::event::Topic;
use holdfast_contract::snapshot::Scope;

use super::proven_backup::{Demand, Made, Order, ProvenBackup, Told};
use crate::backup::create::Selection;
use crate::backup::shelf;
use crate::connections::database::Database;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::vaults;

/// A job; its result is the backup, with `not_proven` where the proof that is the connection's habit could not be made.
pub(crate) async fn back_up(cx: &Cx, request: BackupCreateRequest) -> Result<Begun<BackupMade>, ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?;
    let vault = vaults::open(cx).await?;
    let database = Database::of(cx, &connection).await?;
    let demand = match request.prove {
        Some(true) => Demand::Asked,
        None if connection.prove_after_backup => Demand::WherePossible,
        Some(false) | None => Demand::ReadBack,
    };
    let scope = Scope { kind: request.kind, tables: request.tables, exclude: request.exclude };
    let order = Order {
        connection: connection.clone(),
        selection: Selection { scope, strict: request.strict },
        note: request.note,
        otherwise: "Manual backup",
        demand,
    };
    let begun = ProvenBackup::begin(cx, &vault, order).await?;
    let id = begun.id().clone();
    let new = NewWork {
        title: format!("Back up {}", connection.name),
        connection_id: Some(connection.id.clone()),
        cancellable: true,
    };
    let given = cx.clone();
    let begun = cx
        .start_job(new, move |job: JobContext| async move {
            let cx = given;
            let stages = Stages::new(job.progress.clone(), demand.steps());
            let told = Told {
                reading: &format!("Reading {}", connection.name),
                reading_back: "Reading back what was stored",
            };
            let Made { backup, not_proven } = begun.make(&cx, database.dump()?, &job, &stages, told).await?;
            let backup = shelf::find(&cx, &vault, backup.id.as_str()).await?;
            cx.events().changed(Topic::Backups);
            Ok(BackupMade { backup, not_proven })
        })
        .await?;
    Ok(begun.making(id.0))
}
