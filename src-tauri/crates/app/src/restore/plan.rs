//! What a restore would do, found out without changing anything.
//!
//! Names are made up once, when the plan is first made, and kept in the [`Intent`]; applying plans again from the
//! same intent, so an equal digest means an equal restore.

use holdfast_contract::backup::Backup;
use holdfast_contract::connection::{Connection, ConnectionSpec, Environment};
use holdfast_contract::restore::{GlobalsPlan, RestorePlan};
use holdfast_contract::snapshot::{BackupKind, DumpPlan, SchemaObject, Snapshot};
use holdfast_contract::{ApiError, ErrorCode, PlanId};
use holdfast_engine::{Preflight, SnapshotSource, TableOrder};
use serde::Serialize;

use super::context::Context;
use super::intent::{Intent, fits};
use super::words;
use crate::backup::source::VaultSource;
use crate::connections::database::Database;
use crate::connections::sessions;
use crate::text;

/// The plan without its id and digest. Refuses what can never work; what could be put right comes as blockers.
pub(crate) async fn plan(
    intent: &Intent,
    context: &Context<'_>,
) -> Result<(RestorePlan, Option<TableOrder>), ApiError> {
    if intent.tables.is_some() {
        return super::tables::plan(intent, context).await;
    }
    let Context { connection, database, backup, source, .. } = context;
    fits(connection, database, backup)?;
    let load = database.load()?;
    if !intent.target.replaces() && load.exists(&intent.target.database).await? {
        return Err(ApiError::new(
            ErrorCode::TargetExists,
            format!("{} exists already.", intent.target.database),
        )
        .hint("Choose another name; to restore over the live database ask for replace."));
    }
    let live = look_at_live(intent, database).await?;
    let snapshot = source.snapshot();
    let objects = source.objects().await?;
    let (globals, mut preflight) = look_ahead(intent, database, source, &objects).await?;
    preflight.blockers.extend(blocked_by_contents(intent, snapshot));
    preflight.blockers.extend(no_room(database, intent, live.bytes, snapshot, backup));
    let mut warnings = words::warnings(backup, snapshot);
    warnings.append(&mut preflight.warnings);
    warnings.extend(live.unreadable.clone());

    let mut sessions_to_end = Vec::new();
    let mut loses = None;
    if intent.target.replaces() {
        database.swap()?;
        sessions_to_end = sessions::others(database.engine()).await?;
        loses = Some(words::loses(
            connection,
            database.properties().row_counts,
            snapshot,
            live_tables(database, snapshot).await.as_ref(),
            intent,
            context.now_ms,
        ));
    }
    let plan = RestorePlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        backup: (*backup).clone(),
        connection_id: connection.id.clone(),
        connection_name: connection.name.clone(),
        replace: intent.target.replaces(),
        database: intent.target.database.clone(),
        staging: intent.target.staging.clone(),
        kept_as: intent.target.kept_as.clone(),
        chosen: Vec::new(),
        tables: snapshot.tables.len() as u64,
        rows: snapshot.tables.iter().map(|table| table.rows).sum(),
        size_bytes: backup.size_bytes,
        safety_backup: intent.target.replaces() && live.unreadable.is_none(),
        steps: words::steps(
            intent,
            connection,
            live.unreadable.is_none(),
            &sessions_to_end,
            globals.as_ref(),
        ),
        globals,
        with_globals: intent.globals,
        sessions_to_end,
        blockers: preflight.blockers,
        warnings,
        loses,
        confirm_name: intent.target.replaces().then(|| connection.spec.database_name().to_owned()),
        estimated_ms: context.proofs.iter().rev().find_map(|proof| proof.restore_ms),
    };
    Ok((plan, None))
}

/// Preflight as it would be with the missing roles, when these are asked for.
async fn look_ahead(
    intent: &Intent,
    database: &Database,
    source: &VaultSource,
    objects: &[SchemaObject],
) -> Result<(Option<GlobalsPlan>, Preflight), ApiError> {
    let (load, snapshot) = (database.load()?, source.snapshot());
    let found = match database.engine().globals() {
        Some(globals) => globals.plan(source).await?,
        None => None,
    };
    let (Some(globals), Some(plan), true) = (database.engine().globals(), &found, intent.globals) else {
        let mut preflight = load.preflight(snapshot, objects).await?;
        if intent.globals {
            preflight.blockers.push("This backup holds no roles and tablespaces of the server.".into());
        }
        return Ok((found, preflight));
    };
    let mut preflight = globals.preflight(snapshot, objects, plan).await?;
    preflight.blockers.extend(plan.blockers.clone());
    preflight.warnings.extend(plan.warnings.clone());
    Ok((found, preflight))
}

struct Live {
    bytes: Option<u64>,
    /// Why no safety backup can be taken of it.
    unreadable: Option<String>,
}

/// A live database file that is damaged, gone or encrypted by an extortioner is what a restore is for: then there is nothing to back up first, and
/// the file is moved aside as it is.
async fn look_at_live(intent: &Intent, database: &Database) -> Result<Live, ApiError> {
    let error = match database.engine().ping().await.map_err(ApiError::from) {
        Ok(server) => return Ok(Live { bytes: server.size_bytes, unreadable: None }),
        Err(error) => error,
    };
    let gone_or_damaged = matches!(
        error.code,
        ErrorCode::DatabaseDamaged
            | ErrorCode::NotADatabase
            | ErrorCode::DatabaseEncrypted
            | ErrorCode::DatabaseMissing
            | ErrorCode::NotFound
    );
    match gone_or_damaged && database.properties().replaces_unreadable {
        true if intent.target.replaces() => Ok(Live {
            bytes: None,
            unreadable: Some(format!(
                "No safety backup is taken, because the live database cannot be read: {}",
                error.message
            )),
        }),
        // A new file needs no live one.
        true => Ok(Live { bytes: None, unreadable: None }),
        false => Err(error),
    }
}

fn blocked_by_contents(intent: &Intent, snapshot: &Snapshot) -> Option<String> {
    match snapshot.scope.kind {
        BackupKind::Data => Some("This backup holds rows only, and no tables to put them into.".into()),
        BackupKind::Schema if intent.target.replaces() => {
            Some("This backup holds no rows; it cannot take the place of a live database.".into())
        }
        _ => None,
    }
}

/// A restore into files needs its room in one known folder: the copy and, with replace, the kept one.
fn no_room(
    database: &Database,
    intent: &Intent,
    live_bytes: Option<u64>,
    snapshot: &Snapshot,
    backup: &Backup,
) -> Option<String> {
    if !database.is_file() {
        return None;
    }
    let copy = snapshot.server.size_bytes.unwrap_or(0).max(backup.size_bytes);
    let needed = if intent.target.replaces() { copy + live_bytes.unwrap_or(0) } else { copy };
    let folder = std::path::Path::new(&intent.target.database).parent()?;
    let free = holdfast_vault::storage::free_bytes(folder)?;
    (free < needed).then(|| {
        format!(
            "{} has {} free; the restore needs {}.",
            folder.display(),
            text::size(free),
            text::size(needed)
        )
    })
}

/// The live tables as the engine estimates them. Only words depend on it: a live database too damaged to be
/// looked at may be exactly what must be replaced.
async fn live_tables(database: &Database, snapshot: &Snapshot) -> Option<DumpPlan> {
    database.engine().dump()?.plan(&snapshot.scope).await.ok()
}

/// What a person agrees to, as the digest covers it: what would make it another restore. Sessions, sizes and times
/// move by themselves and stay out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Material {
    intent: Intent,
    spec: ConnectionSpec,
    environment: Environment,
    safety_backup: bool,
    blockers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<TableOrder>,
    /// Only when they are created.
    #[serde(skip_serializing_if = "Option::is_none")]
    globals: Option<GlobalsPlan>,
}

impl Material {
    pub(crate) fn new(
        intent: &Intent,
        connection: &Connection,
        plan: &RestorePlan,
        order: Option<&TableOrder>,
    ) -> Self {
        Self {
            order: order.cloned(),
            intent: intent.clone(),
            spec: connection.spec.clone(),
            environment: connection.environment,
            safety_backup: plan.safety_backup,
            blockers: plan.blockers.clone(),
            globals: plan.globals.clone().filter(|_| intent.globals),
        }
    }
}
