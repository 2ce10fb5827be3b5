//! What an import would do: the target looked at, nothing changed.

use std::path::Path;

use holdfast_contract::connection::{Connection, ConnectionSpec, Environment};
use holdfast_contract::import::{ImportInto, ImportPlan};
use holdfast_contract::{ApiError, PlanId};
use serde::Serialize;

use super::intent::{Intent, must_be_free, runner};
use super::words;
use crate::connections::database::Database;
use crate::connections::sessions;
use crate::text;

/// The plan without its id and digest. What could be put right comes as blockers.
pub(crate) async fn plan(
    intent: &Intent,
    connection: &Connection,
    database: &Database,
) -> Result<ImportPlan, ApiError> {
    let report = &intent.report;
    if intent.into == ImportInto::New {
        must_be_free(database, &intent.target.database).await?;
    } else {
        database.engine().ping().await?;
    }
    let mut blockers = words::blockers(intent);
    let mut warnings = words::warnings(intent);
    if runner(database)?.dialect() == report.dialect {
        let preflight = runner(database)?.preflight(report).await?;
        blockers.extend(preflight.blockers);
        warnings.extend(preflight.warnings);
    } else {
        blockers.push(format!(
            "The file is in {} ({}), and “{}” is another kind of database.",
            words::dialect(report.dialect),
            report.dialect_because,
            connection.name
        ));
    }
    blockers.extend(no_room(database, intent));
    let sessions_to_end = match intent.into {
        ImportInto::Replace => {
            database.swap()?;
            sessions::others(database.engine()).await?
        }
        _ => Vec::new(),
    };
    let touches_live = intent.into != ImportInto::New;
    Ok(ImportPlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        file: intent.file.clone(),
        report: report.clone(),
        connection_id: connection.id.clone(),
        connection_name: connection.name.clone(),
        into: intent.into,
        database: intent.target.database.clone(),
        staging: (intent.into != ImportInto::Live).then(|| intent.target.staging.clone()),
        kept_as: intent.target.kept_as.clone(),
        one_transaction: intent.one_transaction(),
        safety_backup: touches_live,
        steps: words::steps(intent, connection, &sessions_to_end),
        sessions_to_end,
        blockers,
        warnings,
        loses: words::loses(intent, connection),
        confirm_name: touches_live.then(|| connection.spec.database_name().to_owned()),
        estimated_ms: words::estimate(report),
    })
}

/// A new file is about as large as its text.
fn no_room(database: &Database, intent: &Intent) -> Option<String> {
    if !database.is_file() {
        return None;
    }
    let folder = Path::new(&intent.target.staging).parent()?;
    let free = holdfast_vault::storage::free_bytes(folder)?;
    (free < intent.report.text_bytes).then(|| {
        format!(
            "{} has {} free; the text alone is {}.",
            folder.display(),
            text::size(free),
            text::size(intent.report.text_bytes)
        )
    })
}

/// What a person agrees to, as the digest covers it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Material {
    intent: Intent,
    spec: ConnectionSpec,
    environment: Environment,
    blockers: Vec<String>,
}

impl Material {
    pub(crate) fn new(intent: &Intent, connection: &Connection, plan: &ImportPlan) -> Self {
        Self {
            intent: intent.clone(),
            spec: connection.spec.clone(),
            environment: connection.environment,
            blockers: plan.blockers.clone(),
        }
    }
}
