//! From what was asked for to a running restore: choices settled once, looked at as often as it takes, begun with consent.

use holdfast_contract::connection::Connection;
use holdfast_contract::restore::{Restore, RestorePlan, RestorePlanRequest, RestoreState};
use holdfast_contract::{ApiError, RestoreId};
use holdfast_engine::TableOrder;
use holdfast_vault::Vault;

use super::intent::Intent;
use super::job::{self, Restoring};
use super::journal::{Facts, Journal};
use super::plan::{self, Ground, Material};
use crate::backup::source::VaultSource;
use crate::backup::{list, shelf, standing};
use crate::catalog::RestoreRow;
use crate::clock::new_id;
use crate::connections::database::Database;
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::vaults;

/// What looking found and the restore goes on with.
pub(crate) struct Looked {
    pub connection: Connection,
    database: Database,
    vault: Vault,
    source: VaultSource,
    order: Option<TableOrder>,
}

/// Names are made up here, once.
pub(crate) async fn settle(cx: &Cx, request: &RestorePlanRequest) -> Result<Intent, ApiError> {
    let vault = vaults::open(cx).await?;
    let backup = shelf::find(cx, &vault, &request.backup).await?;
    list::require_good(&backup)?;
    let connection = cx.catalog().connections().find(&request.to).await?;
    let database = Database::of(cx, &connection).await?;
    Intent::new(&backup, &connection, &database, request)
}

/// Changes nothing.
pub(crate) async fn look(cx: &Cx, intent: &Intent) -> Result<(RestorePlan, Material, Looked), ApiError> {
    let vault = vaults::open(cx).await?;
    let backup = shelf::find(cx, &vault, intent.backup.as_str()).await?;
    list::require_good(&backup)?;
    let connection = cx.catalog().connections().find(intent.connection.as_str()).await?;
    let database = Database::of(cx, &connection).await?;
    let source = VaultSource::open(&vault, &backup.id).await?.mapping_definers(intent.map_definers);
    let proofs = standing::proofs(&vault, Some(&backup.id)).await?;
    let ground = Ground {
        connection: &connection,
        database: &database,
        backup: &backup,
        source: &source,
        proofs: &proofs,
        now_ms: cx.now_ms(),
    };
    let (plan, order) = plan::plan(intent, &ground).await?;
    let material = Material::new(intent, &connection, &plan, order.as_ref());
    Ok((plan, material, Looked { connection, database, vault, source, order }))
}

/// A job; cancellable until its last step. What was begun is in the journal before this returns.
pub(crate) async fn start(
    cx: &Cx,
    intent: Intent,
    plan: RestorePlan,
    looked: Looked,
    consent: Consent,
) -> Result<Begun<Restore>, ApiError> {
    let Looked { connection, database, vault, source, order } = looked;
    let id = RestoreId(new_id());
    let row = RestoreRow {
        id: id.clone(),
        state: RestoreState::Planned,
        connection_id: connection.id.clone(),
        job_id: None,
        started_at_ms: cx.now_ms(),
        ended_at_ms: None,
        facts: serde_json::Value::Null,
        instance: cx.home().instance().to_owned(),
    };
    let mut facts = Facts::new(intent, plan.backup.name.clone(), connection.name.clone());
    (facts.order, facts.chosen) = (order, plan.chosen.clone());
    let journal = Journal::begin(cx.catalog(), row, facts).await?;
    let new = NewWork {
        title: title(&connection, &plan),
        connection_id: Some(connection.id.clone()),
        cancellable: true,
    };
    let all = Restoring {
        cx: cx.clone(),
        vault,
        connection,
        database,
        source,
        journal,
        safety_backup: plan.safety_backup,
        consent,
    };
    Ok(cx.start_job(new, move |context| job::restore(all, context)).await?.making(id.0))
}

fn title(connection: &Connection, plan: &RestorePlan) -> String {
    let (name, backup) = (&connection.name, &plan.backup.name);
    match plan.chosen.as_slice() {
        [] => format!("Restore {name} from “{backup}”"),
        [table] => format!("Restore {} of {name} from “{backup}”", table.from),
        more => format!("Restore {} tables of {name} from “{backup}”", more.len()),
    }
}
