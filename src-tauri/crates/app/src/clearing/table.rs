//! Clearing a whole table: shown with counts, agreed to by its typed name, after a proven backup of the whole database.

use holdfast_contract::clearing::{ClearOutcome, OnDelete, Referring, TableClearPlan, TableClearPlanRequest};
use holdfast_contract::connection::Connection;
use holdfast_contract::snapshot::{Scope, TableName};
use holdfast_contract::{ApiError, PlanId};
use holdfast_engine::Rows;
use serde::Serialize;

use super::{archive, facet, hanging_on, in_words, judge, may_write, remarks};
use crate::change::safety::SAFETY_STEPS;
use crate::connections::database::Database;
use crate::consent::Consent;
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::vaults;

/// What a person agrees to.
#[derive(Serialize)]
pub struct Material {
    table: TableName,
    rows: u64,
    referring: Vec<Referring>,
}

impl Material {
    pub fn new(plan: &TableClearPlan) -> Self {
        Self { table: plan.table.clone(), rows: plan.rows, referring: plan.referring.clone() }
    }
}

/// Without id and digest.
pub async fn plan(
    cx: &Cx,
    request: &TableClearPlanRequest,
) -> Result<(Connection, TableClearPlan), ApiError> {
    let connection = cx.catalog().connections().find(&request.connection).await?;
    may_write(&connection)?;
    let database = Database::of(cx, &connection).await?;
    let clear = facet(&database)?;
    let count = clear.count(&request.table, &Rows::All).await?;
    let referring = hanging_on(clear, &count.table).await?;
    let in_the_way = |key: &&Referring| key.on_delete == OnDelete::Refuse && key.rows > 0;
    let mut blockers = referring.iter().filter(in_the_way).map(in_words).collect();
    let mut remarks = remarks(clear, &count.table, &referring).await?;
    judge(clear, &count.table, &mut blockers, &mut remarks).await?;
    let mut steps = vec![
        format!(
            "The whole database {} is backed up, and the backup is proven.",
            connection.spec.database_name()
        ),
        format!(
            "If {} still holds the very rows that were backed up, and no row that goes with them came or changed since, all of them are deleted in one transaction; else nothing.",
            count.table
        ),
    ];
    let others = referring.iter().filter(|key| key.on_delete != OnDelete::Refuse && key.rows > 0);
    steps.extend(others.map(in_words));
    steps.push("The table itself stays, empty. What is gone can be restored from the backup.".to_owned());
    let plan = TableClearPlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        confirm_name: count.table.name.clone(),
        summary: format!("{} rows of {} in {} are deleted.", count.total, count.table, connection.name),
        table: count.table,
        rows: count.total,
        referring,
        blockers,
        remarks,
        steps,
    };
    Ok((connection, plan))
}

/// A job.
pub async fn apply(
    cx: &Cx,
    connection: Connection,
    plan: TableClearPlan,
    consent: Consent,
) -> Result<Begun<ClearOutcome>, ApiError> {
    let vault = vaults::open(cx).await?;
    let database = Database::of(cx, &connection).await?;
    let new = NewWork {
        title: format!("Clear {} in {}", plan.table, connection.name),
        connection_id: Some(connection.id.clone()),
        cancellable: true,
    };
    let given = cx.clone();
    cx.start_job(new, move |job: JobContext| async move {
        let cx = given;
        let stages = Stages::new(job.progress.clone(), 1 + SAFETY_STEPS);
        let clear = facet(&database)?;
        let mut deletion = clear.begin(&plan.table).await?;
        let name = "Safety backup before clearing";
        let with = (&cx, &vault, &connection);
        let backup_id = archive(with, deletion.as_mut(), Scope::default(), name, &job, &stages).await?;
        stages.next("Deleting the rows");
        consent.covers(plan.rows, "rows")?;
        let deleted = deletion.all(&job.work(1)?).await?;
        let left = clear.count(&plan.table, &Rows::All).await?.total;
        let remarks = match left {
            0 => Vec::new(),
            left => vec![format!("{left} rows were written by others since.")],
        };
        Ok(ClearOutcome { deleted, left, backup_id: Some(backup_id), remarks })
    })
    .await
}
