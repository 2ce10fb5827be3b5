//! A restore of chosen tables: its plan in words, and everything up to the transaction that puts them in place.

use std::time::Instant;

use holdfast_contract::backup::Backup;
use holdfast_contract::restore::{RestorePlan, RestoreState, RestoreTable};
use holdfast_contract::snapshot::{Snapshot, TableSnapshot};
use holdfast_contract::{ApiError, ErrorCode, PlanId};
use holdfast_engine::{Arranged, Properties, SnapshotSource, TableOrder, TablePlacing, TableStaging, Way};

use super::context::Context;
use super::intent::{Intent, fits};
use super::words;
use crate::backup::source::VaultSource;
use crate::change::apply::Execution;
use crate::change::journal::Journal;
use crate::change::words::{kept_label, label};
use crate::proof::compare;
use crate::text;

/// The plan without its id and digest, and what exactly would be done.
pub(crate) async fn plan(
    intent: &Intent,
    context: &Context<'_>,
) -> Result<(RestorePlan, Option<TableOrder>), ApiError> {
    let Context { connection, database, backup, source, .. } = context;
    fits(connection, database, backup)?;
    let Some(wish) = &intent.tables else { return Err(no_tables()) };
    let snapshot = source.snapshot();
    let arranged = database.tables()?.arrange(wish, *source).await?;
    let Arranged { order, notes, blockers, mut warnings } = arranged;
    warnings.splice(0..0, words::damage(backup));
    warnings.extend(unfaithful(snapshot, &order));
    let chosen: Vec<RestoreTable> = order
        .tables
        .iter()
        .zip(notes)
        .map(|(step, notes)| {
            let stored = stored(snapshot, &step.from);
            RestoreTable {
                from: step.from.clone(),
                to: step.to.clone(),
                kept_as: step.kept.clone(),
                rows: stored.map_or(0, |table| table.rows),
                bytes: stored.map_or(0, |table| table.bytes),
                notes,
            }
        })
        .collect();
    let plan = RestorePlan {
        globals: None,
        with_globals: false,
        plan_id: PlanId::from(""),
        digest: String::new(),
        backup: (*backup).clone(),
        connection_id: connection.id.clone(),
        connection_name: connection.name.clone(),
        replace: intent.target.replaces(),
        database: intent.target.database.clone(),
        staging: label(order.tables.iter().map(|step| &step.staging)).unwrap_or_default(),
        kept_as: kept_label(&order),
        tables: chosen.len() as u64,
        rows: chosen.iter().map(|table| table.rows).sum(),
        size_bytes: chosen.iter().map(|table| table.bytes).sum(),
        safety_backup: false,
        sessions_to_end: Vec::new(),
        blockers,
        warnings,
        steps: steps(&order, &database.properties()),
        loses: loses(intent, &order, backup, snapshot, context.now_ms),
        confirm_name: intent.target.replaces().then(|| connection.spec.database_name().to_owned()),
        estimated_ms: None,
        chosen,
    };
    Ok((plan, Some(order)))
}

fn no_tables() -> ApiError {
    ApiError::new(ErrorCode::Internal, "A restore of tables has no tables.")
}

fn stored<'a>(
    snapshot: &'a Snapshot,
    name: &holdfast_contract::snapshot::TableName,
) -> Option<&'a TableSnapshot> {
    snapshot.tables.iter().find(|table| table.table == *name)
}

fn steps(order: &TableOrder, properties: &Properties) -> Vec<String> {
    let mut steps = vec![match properties.staging {
        TableStaging::File => "Load the backup into a scratch file.".to_owned(),
        TableStaging::Tables => format!(
            "Load the rows into tables of their own, {}.",
            label(order.tables.iter().map(|step| &step.staging)).unwrap_or_default()
        ),
        TableStaging::Schema => format!(
            "Load the rows into a schema of their own, {}.",
            order.tables.first().and_then(|step| step.staging.schema.clone()).unwrap_or_default()
        ),
    }];
    steps.push(
        "Count and compare every table with the snapshot; on any difference remove the copy and stop.".into(),
    );
    let told = |way: Way| label(order.tables.iter().filter(|step| step.way == way).map(|step| &step.to));
    if order.replaces() {
        steps.push("Count the rows that would point to nothing; if there are any and they are not allowed, remove the copy and stop.".into());
        steps.push(match properties.placing {
            TablePlacing::Rename => {
                "In one RENAME TABLE, which is all or nothing; triggers and foreign keys follow at once:"
                    .into()
            }
            TablePlacing::Transaction => "In one transaction, with the tables locked:".to_owned(),
        });
        if let Some(tables) = told(Way::Contents) {
            steps.push(format!("Replace the rows of {tables}."));
        }
        if let Some(tables) = told(Way::Structure) {
            steps.push(format!("Exchange {tables}, whose columns are different now."));
        }
        if let Some(tables) = told(Way::Missing) {
            steps.push(format!("Make {tables}, which is not there now."));
        }
        if let Some(kept) = kept_label(order) {
            steps.push(format!("Keep what is replaced as {kept} until you release it: undo is one step."));
        }
    } else if let Some(tables) = told(Way::Beside) {
        let at_once = match properties.placing {
            TablePlacing::Rename => "In one RENAME TABLE",
            TablePlacing::Transaction => "In one transaction",
        };
        steps.push(format!("{at_once}, give the proven copies their names: {tables}."));
    }
    steps
}

fn loses(
    intent: &Intent,
    order: &TableOrder,
    backup: &Backup,
    snapshot: &Snapshot,
    now_ms: i64,
) -> Option<String> {
    let kept = kept_label(order).filter(|_| intent.target.replaces())?;
    let tables = label(order.tables.iter().filter(|step| step.kept.is_some()).map(|step| &step.to))?;
    Some(format!(
        "What was written to {tables} after {} ({} ago, backup “{}”) is not in what is restored. All of it stays in {kept}.",
        text::moment(snapshot.taken_at_ms),
        text::span(now_ms.saturating_sub(snapshot.taken_at_ms)),
        backup.name,
    ))
}

/// What the backup itself says is missing of these tables.
fn unfaithful(snapshot: &Snapshot, order: &TableOrder) -> Vec<String> {
    let concerns = |name: &str| {
        order.tables.iter().any(|step| {
            let table = step.from.to_string();
            name == table || name.ends_with(&format!(" on {table}"))
        })
    };
    snapshot.omissions.iter().filter(|omission| concerns(&omission.name)).map(words::omitted).collect()
}

/// Everything that leaves the live tables alone.
pub(crate) async fn prepare(
    journal: &mut Journal,
    order: &TableOrder,
    source: &VaultSource,
    with: &Execution<'_>,
) -> Result<(), ApiError> {
    let Execution { database, work, stages, .. } = with;
    let tables = database.tables()?;
    journal.enter(RestoreState::Loading).await?;
    stages.next("Loading the tables beside");
    let begun = Instant::now();
    let report = tables.stage(order, source, work).await?;
    tracing::debug!(ms = begun.elapsed().as_millis() as u64, "tables staged");
    journal.facts.remarks.extend(report.remarks);

    journal.enter(RestoreState::Proving).await?;
    stages.next("Comparing every table with the snapshot");
    let snapshot = source.snapshot();
    let found = tables.fingerprints(order, snapshot, work).await?;
    let wanted: Vec<&TableSnapshot> =
        order.tables.iter().filter_map(|step| stored(snapshot, &step.from)).collect();
    let comparison = compare::rows(wanted.into_iter(), &found);
    journal.facts.proof.clone_from(&comparison.tables);
    if !comparison.problems.is_empty() {
        return Err(ApiError::new(
            ErrorCode::VerificationFailed,
            format!(
                "What was loaded is not equal to the backup, so it was removed. {}",
                comparison.problems.join(" ")
            ),
        )
        .hint("Nothing was changed. Verify this backup, or restore another one."));
    }
    let dangling = tables.dangling(order, work).await?;
    if !dangling.is_empty() && !order.allows_dangling() {
        return Err(ApiError::new(ErrorCode::VerificationFailed, dangling.join(" "))
            .hint("Nothing was changed. Restore the other table with it, or ask to allow dangling rows."));
    }
    journal.facts.remarks.extend(dangling);
    work.checkpoint().map_err(ApiError::from)
}
