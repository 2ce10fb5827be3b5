//! A restore plan with everything that it was made from: what is needed to show it, to make it again, and to carry it out.

use holdfast_contract::ApiError;
use holdfast_contract::connection::Connection;
use holdfast_contract::restore::{RestorePlan, RestorePlanRequest};
use holdfast_engine::TableOrder;
use holdfast_vault::Vault;

use super::context::Context;
use super::plan::plan;
use crate::backup::source::VaultSource;
use crate::backup::{list, shelf, standing};
use crate::connections::database::Database;
use crate::cx::Cx;
use crate::vaults;

pub(crate) use super::intent::Intent;
pub(crate) use super::plan::{Material, require_unblocked};

pub(crate) struct Planned {
    pub plan: RestorePlan,
    pub material: Material,
    pub intent: Intent,
    pub connection: Connection,
    pub database: Database,
    pub vault: Vault,
    pub source: VaultSource,
    pub order: Option<TableOrder>,
}

pub(crate) enum Wanted<'a> {
    /// For the first time: names are made up.
    Asked(&'a RestorePlanRequest),
    Again(&'a Intent),
}

/// Changes nothing. What could be put right comes as blockers in the plan.
pub(crate) async fn make_plan(cx: &Cx, wanted: Wanted<'_>) -> Result<Planned, ApiError> {
    let (backup, to) = match &wanted {
        Wanted::Asked(request) => (request.backup.as_str(), request.to.as_str()),
        Wanted::Again(intent) => (intent.backup.as_str(), intent.target.connection.as_str()),
    };
    let vault = vaults::open(cx).await?;
    let backup = shelf::find(cx, &vault, backup).await?;
    list::require_good(&backup)?;
    let connection = cx.catalog().connections().find(to).await?;
    let database = Database::of(cx, &connection).await?;
    let source = VaultSource::open(&vault, &backup.id).await?;
    let intent = match wanted {
        Wanted::Again(intent) => intent.clone(),
        Wanted::Asked(request) => Intent::new(&backup, &connection, &database, request)?,
    };
    let source = source.mapping_definers(intent.map_definers);
    let proofs = standing::proofs(&vault, Some(&backup.id)).await?;
    let context = Context {
        connection: &connection,
        database: &database,
        backup: &backup,
        source: &source,
        proofs: &proofs,
        now_ms: cx.now_ms(),
    };
    let (plan, order) = plan(&intent, &context).await?;
    let material = Material::new(&intent, &connection, &plan, order.as_ref());
    Ok(Planned { plan, material, intent, connection, database, vault, source, order })
}
