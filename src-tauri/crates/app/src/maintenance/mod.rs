//! Looking after databases: what there is to do, what it would mean, doing it as a job, and how long it took last time.

use holdfast_contract::connection::Connection;
use holdfast_contract::job::JobState;
use holdfast_contract::maintenance::{
    MaintenanceAction, MaintenanceExtent, MaintenanceHistoryRequest, MaintenanceHistoryResponse,
    MaintenanceListResponse, MaintenancePlan, MaintenanceReport, MaintenanceRequest, OfferedMaintenance,
};
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode, PlanId};
use holdfast_engine::{Engine, EngineError, Maintain};

use crate::catalog::{KeptRun, Plan};
use crate::connections;
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;

/// Runs that are listed when nobody says how many, and at most.
const RUNS: (u32, u32) = (50, 1000);
/// Runs among which the last one of the same kind is looked for.
const MEMORY: u32 = 200;

pub async fn list(cx: &Cx, connection: &str) -> Result<MaintenanceListResponse, ApiError> {
    let connection = cx.catalog().connections().find(connection).await?;
    let engine = connections::engine(cx, &connection).await?;
    let known = cx.catalog().maintenance().list(Some(connection.id.clone()), None, MEMORY).await?;
    let mut actions = Vec::new();
    let mut lease = connections::borrow(cx, &connection).await?;
    let offered = facet(engine.as_ref())?.actions(lease.session()).await?;
    lease.give_back().await;
    for mut action in offered {
        if connection.read_only && action.writes {
            action.unavailable = Some("This connection is marked read-only.".to_owned());
        }
        let last = known.iter().find(|kept| kept.run.action == action.kind).map(|kept| kept.run.clone());
        actions.push(OfferedMaintenance { action, last });
    }
    Ok(MaintenanceListResponse { connection_id: connection.id, actions })
}

/// What looking found and a run goes on with.
pub struct Looked {
    pub connection: Connection,
    engine: Box<dyn Engine>,
    pub action: MaintenanceAction,
    extent: MaintenanceExtent,
}

/// Everything that can be refused is refused here.
pub async fn look(cx: &Cx, request: &MaintenanceRequest) -> Result<Looked, ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?;
    let engine = connections::engine(cx, &connection).await?;
    let (action, extent) = looked_at(cx, engine.as_ref(), &connection, request).await?;
    Ok(Looked { connection, engine, action, extent })
}

/// Without id and digest.
pub async fn plan(
    cx: &Cx,
    request: &MaintenanceRequest,
    looked: &Looked,
) -> Result<MaintenancePlan, ApiError> {
    let of = Some(looked.connection.id.clone());
    let known = cx.catalog().maintenance().list(of, Some(request.action), MEMORY).await?;
    Ok(MaintenancePlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        estimated_ms: estimate(&known, &request.tables, looked.extent.bytes),
        last: known.into_iter().next().map(|kept| kept.run),
        action: looked.action.clone(),
        extent: looked.extent.clone(),
    })
}

/// Of what is done and of what it means for others: the same now as when somebody agreed.
pub fn digest(request: &MaintenanceRequest, looked: &Looked) -> Result<String, ApiError> {
    let Looked { connection, action, .. } = looked;
    let (spec, environment) = (&connection.spec, connection.environment);
    Plan::digest_of(&(&connection.id, spec, environment, request.action, &request.tables, &action.warning))
}

/// A job.
pub async fn run(
    cx: &Cx,
    request: MaintenanceRequest,
    looked: Looked,
    _: &Consent,
) -> Result<Begun<MaintenanceReport>, ApiError> {
    let Looked { connection, engine, action, extent } = looked;
    let new = NewWork {
        title: title(&action, &connection, &request.tables),
        connection_id: Some(connection.id.clone()),
        cancellable: true,
    };
    let parallel = cx.settings().await?.parallel as usize;
    let (kind, tables) = (request.action, request.tables.clone());
    let begun = cx
        .start_job(new, move |job: JobContext| async move {
            let work = job.work(parallel)?;
            facet(engine.as_ref())?.maintain(kind, &tables, &work).await.map_err(stopped)
        })
        .await?;
    cx.catalog()
        .maintenance()
        .note(begun.job_id().clone(), connection.id, request.action, request.tables, extent.bytes)
        .await?;
    Ok(begun)
}

pub async fn history(
    cx: &Cx,
    request: MaintenanceHistoryRequest,
) -> Result<MaintenanceHistoryResponse, ApiError> {
    let connection = match &request.connection {
        Some(wanted) => Some(cx.catalog().connections().find(wanted).await?.id),
        None => None,
    };
    let limit = request.limit.unwrap_or(RUNS.0).clamp(1, RUNS.1);
    let found = cx.catalog().maintenance().list(connection, request.action, limit).await?;
    Ok(MaintenanceHistoryResponse { runs: found.into_iter().map(|kept| kept.run).collect() })
}

async fn looked_at(
    cx: &Cx,
    engine: &dyn Engine,
    connection: &Connection,
    request: &MaintenanceRequest,
) -> Result<(MaintenanceAction, MaintenanceExtent), ApiError> {
    let facet = facet(engine)?;
    let mut lease = connections::borrow(cx, connection).await?;
    let offered = facet.actions(lease.session()).await?;
    lease.give_back().await;
    // An unknown action, and tables where it takes none, are refused with the engine's own words.
    let extent = facet.extent(request.action, &request.tables).await?;
    let action = offered.into_iter().find(|action| action.kind == request.action).ok_or_else(|| {
        ApiError::new(ErrorCode::Unsupported, "This kind of database has no such maintenance action.")
    })?;
    if connection.read_only && action.writes {
        return Err(ApiError::new(
            ErrorCode::ReadOnly,
            format!("{} writes, and the connection {:?} is marked read-only.", action.title, connection.name),
        )
        .hint("Use a connection that may write, or turn off “read-only” for this one."));
    }
    if let Some(why) = &action.unavailable {
        return Err(ApiError::new(ErrorCode::Unsupported, format!("{} cannot be run: {why}", action.title)));
    }
    Ok((action, extent))
}

fn facet(engine: &dyn Engine) -> Result<&dyn Maintain, ApiError> {
    engine.maintain().ok_or_else(|| {
        ApiError::new(
            ErrorCode::Unsupported,
            format!("Holdfast has no maintenance for {} yet.", engine.kind().product()),
        )
    })
}

/// Maintenance that was stopped is not undone, and need not be.
fn stopped(error: EngineError) -> ApiError {
    match error {
        EngineError::Cancelled => ApiError::new(
            ErrorCode::Cancelled,
            "Cancelled on the server; what was done to earlier tables stays done, and no row was changed.",
        ),
        other => other.into_api(),
    }
}

fn title(action: &MaintenanceAction, connection: &Connection, tables: &[TableName]) -> String {
    match tables {
        [] => format!("{} of {}", action.title, connection.name),
        [one] => format!("{} of {one} in {}", action.title, connection.name),
        more => format!("{} of {} tables in {}", action.title, more.len(), connection.name),
    }
}

/// From the last one that succeeded on the same tables; scaled by size where both are known.
fn estimate(known: &[KeptRun], tables: &[TableName], bytes: Option<u64>) -> Option<u64> {
    let last = known
        .iter()
        .find(|kept| kept.run.state == JobState::Succeeded && kept.run.tables.as_slice() == tables)?;
    let took = last.run.duration_ms?;
    match (bytes, last.bytes) {
        (Some(now), Some(then)) if then > 0 => {
            Some((u128::from(took) * u128::from(now) / u128::from(then)).min(u128::from(u64::MAX)) as u64)
        }
        _ => Some(took),
    }
}
