//! Looking after a database: one design for all engines. What an engine offers is a list, so a screen can show
//! actions it has never heard of.

mod meter;

use async_trait::async_trait;
use holdfast_contract::maintenance::{
    FindingLevel, MaintenanceAction, MaintenanceExtent, MaintenanceFinding, MaintenanceKind,
    MaintenanceReport,
};
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode};

pub(crate) use meter::Meter;

use crate::{EngineError, Result, Session, Work};

#[async_trait]
pub trait Maintain: Send + Sync {
    /// Everything this kind of database knows; what this server or login lacks is said in `unavailable`.
    async fn actions(&self, asking: &mut dyn Session) -> Result<Vec<MaintenanceAction>>;
    /// Which action gives back the room that [`MaintenanceKind::Bloat`] finds.
    fn compacts(&self) -> MaintenanceKind;
    /// What [`Maintain::maintain`] would work on. `NotFound` for a table that is not there. Changes nothing.
    async fn extent(&self, kind: MaintenanceKind, tables: &[TableName]) -> Result<MaintenanceExtent>;
    /// Without tables: the whole database. A cancel is a cancel on the server; what was done to earlier tables stays
    /// done, and all of it may be run again. What the server reports as failed is an `Err`, also where it says so in a row.
    /// Damage that a check finds is `DatabaseDamaged` with the findings in its text.
    async fn maintain(
        &self,
        kind: MaintenanceKind,
        tables: &[TableName],
        work: &Work,
    ) -> Result<MaintenanceReport>;
}

/// An action without warning that takes tables; engines change what differs.
pub(crate) fn action(kind: MaintenanceKind, title: &str, what: &str, locks: &str) -> MaintenanceAction {
    MaintenanceAction {
        kind,
        title: title.to_owned(),
        what: what.to_owned(),
        locks: locks.to_owned(),
        warning: None,
        takes_tables: true,
        writes: true,
        unavailable: None,
    }
}

pub(crate) fn finding(
    table: Option<&TableName>,
    level: FindingLevel,
    text: impl Into<String>,
) -> MaintenanceFinding {
    MaintenanceFinding { table: table.map(ToString::to_string), level, text: text.into(), bytes: None }
}

pub(crate) fn no_such_table(table: &TableName) -> EngineError {
    ApiError::new(ErrorCode::NotFound, format!("There is no table {table}."))
        .hint("Check the spelling, with its schema in front where it has one; names are case-sensitive.")
        .into()
}

pub(crate) fn not_offered(kind: MaintenanceKind, product: &str) -> EngineError {
    let word = serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(str::to_owned));
    ApiError::new(
        ErrorCode::Unsupported,
        format!("{product} has no maintenance action {:?}.", word.unwrap_or_default()),
    )
    .hint("maintenance.list tells which there are.")
    .into()
}

/// `Err` when any finding is damage.
pub(crate) fn verdict(report: MaintenanceReport) -> Result<MaintenanceReport> {
    let damage: Vec<&MaintenanceFinding> =
        report.findings.iter().filter(|finding| finding.level == FindingLevel::Error).collect();
    if damage.is_empty() {
        return Ok(report);
    }
    let told = |finding: &&MaintenanceFinding| match &finding.table {
        Some(table) => format!("{table}: {}", finding.text),
        None => finding.text.clone(),
    };
    let first: Vec<String> = damage.iter().take(3).map(told).collect();
    let more = match damage.len().saturating_sub(3) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let all: Vec<String> = damage.iter().map(told).collect();
    Err(ApiError::new(ErrorCode::DatabaseDamaged, format!("Damage was found: {}{more}.", first.join("; ")))
        .hint("Do not rely on this database: restore the last proven backup beside it and compare, and check the disk.")
        .native(all.join("\n"))
        .into())
}
