//! Before the command: the questions hold, a backup is proven, and the way back is open.

use holdfast_contract::connection::Connection;
use holdfast_contract::event::Topic;
use holdfast_contract::guard::{Guard, GuardBeginRequest};
use holdfast_contract::restore::RestorePlanRequest;
use holdfast_contract::snapshot::Scope;
use holdfast_contract::{ApiError, BackupId, ErrorCode};
use holdfast_vault::Vault;

use super::questions::problems;
use super::record::Record;
use crate::backup::create::Selection;
use crate::connections::database::Database;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::proof::proven_backup::{Demand, Order, ProvenBackup, Told};
use crate::restore::look;
use crate::vaults;

/// A job; its result is the guard, ready. When it fails, nothing may be run.
pub(crate) async fn begin(cx: &Cx, request: GuardBeginRequest) -> Result<Begun<Guard>, ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?;
    let vault = vaults::open(cx).await?;
    let database = Database::of(cx, &connection).await?;
    let record = Record::begin(cx, &connection, request.checks).await?;
    let id = record.guard().id.to_string();
    let new = NewWork {
        title: format!("Guard {}", connection.name),
        connection_id: Some(connection.id.clone()),
        cancellable: true,
    };
    let all = Preparing { cx: cx.clone(), vault, connection, database, record };
    Ok(cx.start_job(new, move |job| prepare(all, job)).await?.making(id))
}

struct Preparing {
    cx: Cx,
    vault: Vault,
    connection: Connection,
    database: Database,
    record: Record,
}

async fn prepare(mut all: Preparing, job: JobContext) -> Result<Guard, ApiError> {
    all.record.started(job.id.clone()).await?;
    match carry_out(&all, &job).await {
        Ok(backup) => {
            all.record.ready(backup).await?;
            Ok(all.record.guard().clone())
        }
        Err(error) => {
            all.record.refused(error.clone(), all.cx.now_ms()).await?;
            Err(error)
        }
    }
}

async fn carry_out(all: &Preparing, job: &JobContext) -> Result<BackupId, ApiError> {
    let Preparing { cx, vault, connection, database, record } = all;
    let demand = Demand::Certain;
    let stages = Stages::new(job.progress.clone(), 2 + demand.steps());
    stages.next("Looking at the database");
    let before = problems(cx, connection.id.as_str(), &record.guard().checks).await?;
    if let Some(problem) = before.first() {
        return Err(ApiError::new(ErrorCode::NotAllowed, format!("Already before: {problem}"))
            .hint("Mend it first; nothing was run."));
    }
    let order = Order {
        connection: connection.clone(),
        // A backup that leaves something out is no way back.
        selection: Selection { scope: Scope::default(), strict: true },
        note: Some("Before a guarded command".to_owned()),
        otherwise: "Before a guarded command",
        demand,
    };
    let told = Told {
        reading: &format!("Reading {}", connection.name),
        reading_back: "Reading back what was stored",
    };
    let begun = ProvenBackup::begin(cx, vault, order).await?;
    let backup = begun.make(cx, database.dump()?, job, &stages, told).await?.backup;
    cx.events().changed(Topic::Backups);
    stages.next("Looking at the way back");
    require_way_back(cx, &backup.id, connection).await?;
    Ok(backup.id)
}

async fn require_way_back(cx: &Cx, backup: &BackupId, connection: &Connection) -> Result<(), ApiError> {
    let request = RestorePlanRequest {
        backup: backup.to_string(),
        to: connection.id.to_string(),
        database: None,
        replace: true,
        globals: false,
        tables: Vec::new(),
        schema: None,
        suffix: None,
        table_name: None,
        allow_dangling: false,
        map_definers: false,
    };
    let intent = look::settle(cx, &request).await?;
    let (way_back, ..) = look::look(cx, &intent).await?;
    match way_back.blockers.first() {
        None => Ok(()),
        Some(blocker) => Err(ApiError::new(
            ErrorCode::NotAllowed,
            format!("The backup could not be restored in place, so the command was not run: {blocker}"),
        )),
    }
}
