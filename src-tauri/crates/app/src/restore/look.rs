//! What was asked for settled once, and looked at as often as it takes: the plan, and what carrying it out goes on with.

use holdfast_contract::ApiError;
use holdfast_contract::connection::Connection;
use holdfast_contract::restore::{RestorePlan, RestorePlanRequest};
use holdfast_engine::TableOrder;
use holdfast_vault::Vault;

use super::context::Context;
pub(crate) use super::intent::Intent;
use super::plan::{Material, plan};
use crate::backup::source::VaultSource;
use crate::backup::{list, shelf, standing};
use crate::connections::database::Database;
use crate::cx::Cx;
use crate::vaults;

/// What looking found and the restore goes on with.
pub struct Looked {
    pub connection: Connection,
    pub database: Database,
    pub vault: Vault,
    pub source: VaultSource,
    pub order: Option<TableOrder>,
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

/// Changes nothing. What could be put right comes as blockers in the plan.
pub(crate) async fn look(cx: &Cx, intent: &Intent) -> Result<(RestorePlan, Material, Looked), ApiError> {
    let vault = vaults::open(cx).await?;
    let backup = shelf::find(cx, &vault, intent.backup.as_str()).await?;
    list::require_good(&backup)?;
    let connection = cx.catalog().connections().find(intent.target.connection.as_str()).await?;
    let database = Database::of(cx, &connection).await?;
    let source = VaultSource::open(&vault, &backup.id).await?.mapping_definers(intent.map_definers);
    let proofs = standing::proofs(&vault, Some(&backup.id)).await?;
    let context = Context {
        connection: &connection,
        database: &database,
        backup: &backup,
        source: &source,
        proofs: &proofs,
        now_ms: cx.now_ms(),
    };
    let (plan, order) = plan(intent, &context).await?;
    let material = Material::new(intent, &connection, &plan, order.as_ref());
    Ok((plan, material, Looked { connection, database, vault, source, order }))
}
