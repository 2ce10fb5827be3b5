//! Rules that let old rows go, whenever they run: what they would do is shown before they are kept, what goes is in a proven
//! and pinned backup first (the very version of each row, and what goes along), and a rule that would take everything is no
//! rule.

use holdfast_contract::clearing::{
    CleanupPreview, CleanupRule, CleanupRulePlan, CleanupRuleSetRequest, ClearOutcome, RowChoice,
};
use holdfast_contract::connection::{Connection, Environment};
use holdfast_contract::policy::ConsentState;
use holdfast_contract::snapshot::{BackupKind, Scope};
use holdfast_contract::{ApiError, CleanupRuleId, ErrorCode, PlanId};
use holdfast_engine::{EngineError, RowCount, Rows};
use serde::{Deserialize, Serialize};

use super::{archive, facet, hanging_on, judge, may_write, remarks};
use crate::catalog::{KnownConsents, Plan, Subject};
use crate::change::safety::SAFETY_STEPS;
use crate::clock::new_id;
use crate::connections::database::Database;
use crate::consent::{self, Consent};
use crate::cx::{Begun, Cx, NewWork};
use crate::jobs::JobContext;
use crate::jobs::stages::Stages;
use crate::{retention, vaults};

/// One run may always take this many, whatever matched when somebody agreed.
const LEAST_MOST: u64 = 10_000;
const BATCH_ROWS: u32 = 10_000;
const MOST_BATCH_ROWS: u32 = 1_000_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A rule as it would be kept, with every choice made. One of the same name is replaced.
pub async fn settle(cx: &Cx, request: CleanupRuleSetRequest) -> Result<SetIntent, ApiError> {
    let asked = request.most_rows;
    let (connection, mut rule) = described(cx, request).await?;
    let preview = look(cx, &connection, &rule).await?;
    rule.table = preview.table;
    if let Some(known) = cx.catalog().cleanup_rules().lookup(&rule.name).await? {
        rule.id = known.id;
    }
    let most = asked.unwrap_or((preview.matching.saturating_mul(2)).max(LEAST_MOST));
    if most == 0 {
        return Err(ApiError::new(ErrorCode::BadRequest, "most_rows: at least one row."));
    }
    Ok(SetIntent { rule, most })
}

/// What is agreed to with a rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetIntent {
    pub rule: CleanupRule,
    pub most: u64,
}

/// Without id and digest.
pub async fn plan(cx: &Cx, intent: &SetIntent) -> Result<(CleanupRulePlan, Connection), ApiError> {
    let SetIntent { rule, most } = intent;
    let connection = cx.catalog().connections().find(rule.connection_id.as_str()).await?;
    let preview = look(cx, &connection, rule).await?;
    let replaces = cx.catalog().cleanup_rules().lookup(rule.id.as_str()).await?;
    let production = connection.environment == Environment::Production;
    let how = if rule.archive {
        "A proven backup of the table is made and pinned before."
    } else {
        "No backup is made before: what it deletes is gone."
    };
    let plan = CleanupRulePlan {
        plan_id: PlanId::from(""),
        digest: String::new(),
        summary: format!(
            "Whenever “{}” runs, it deletes up to {most} rows of {} in {}; {} match now. {how}",
            rule.name, rule.table, connection.name, preview.matching
        ),
        blockers: preview.blockers.clone(),
        confirm_name: (production && !rule.archive).then(|| connection.spec.database_name().to_owned()),
        rule: rule.clone(),
        preview,
        replaces,
        most_rows: *most,
    };
    Ok((plan, connection))
}

/// Of the rule and of what it acts on: the same now as when somebody agreed.
pub fn digest(rule: &CleanupRule, connection: &Connection) -> Result<String, ApiError> {
    let rule = CleanupRule { consent: None, ..rule.clone() };
    Plan::digest_of(&(rule, &connection.spec, connection.environment))
}

/// Keeps the rule and who agreed to it.
pub async fn set(cx: &Cx, intent: SetIntent, consent: &Consent) -> Result<CleanupRule, ApiError> {
    let SetIntent { rule, most } = intent;
    let connection = cx.catalog().connections().find(rule.connection_id.as_str()).await?;
    let stands = consent.stands(digest(&rule, &connection)?, cx.principal(), cx.now_ms(), most);
    cx.catalog().cleanup_rules().put(rule.clone()).await?;
    cx.catalog().consents().put(&Subject::Cleanup(rule.id.clone()), stands).await?;
    let known = cx.catalog().consents().all().await?;
    shown(cx, rule, &known).await
}

/// Every rule, with where its consent stands.
pub async fn list(cx: &Cx) -> Result<Vec<CleanupRule>, ApiError> {
    let known = cx.catalog().consents().all().await?;
    let mut rules = Vec::new();
    for rule in cx.catalog().cleanup_rules().list().await? {
        rules.push(shown(cx, rule, &known).await?);
    }
    Ok(rules)
}

async fn shown(cx: &Cx, mut rule: CleanupRule, known: &KnownConsents) -> Result<CleanupRule, ApiError> {
    let given = known.get(&Subject::Cleanup(rule.id.clone()));
    rule.consent = Some(match cx.catalog().connections().lookup(rule.connection_id.as_str()).await? {
        Some(connection) => consent::state(&digest(&rule, &connection)?, given),
        None => ConsentState::Waiting { why: "Its connection is gone.".to_owned() },
    });
    Ok(rule)
}

/// A rule that is gone has no consent either.
pub async fn remove(cx: &Cx, wanted: &str) -> Result<(), ApiError> {
    let rule = cx.catalog().cleanup_rules().find(wanted).await?;
    cx.catalog().cleanup_rules().remove(rule.id.as_str()).await?;
    cx.catalog().consents().forget(&Subject::Cleanup(rule.id)).await
}

/// Of a rule that need not be kept.
pub async fn preview(cx: &Cx, request: CleanupRuleSetRequest) -> Result<CleanupPreview, ApiError> {
    let (connection, rule) = described(cx, request).await?;
    look(cx, &connection, &rule).await
}

async fn described(cx: &Cx, request: CleanupRuleSetRequest) -> Result<(Connection, CleanupRule), ApiError> {
    let bad = |text: &str| Err(ApiError::new(ErrorCode::BadRequest, text));
    let connection = cx.catalog().connections().find(&request.connection).await?;
    let name = request.name.trim().to_owned();
    if name.is_empty() || name.chars().any(char::is_control) || name.chars().count() > 120 {
        return bad("name: a name of one to 120 characters is needed.");
    }
    let batch_rows = request.batch_rows.unwrap_or(BATCH_ROWS);
    if !(1..=MOST_BATCH_ROWS).contains(&batch_rows) {
        return bad("batch_rows: between 1 and 1,000,000.");
    }
    if matches!(request.rows, RowChoice::Older { days: 0, .. }) {
        return bad("rows.days: at least one day.");
    }
    let rule = CleanupRule {
        id: CleanupRuleId(new_id()),
        name,
        connection_id: connection.id.clone(),
        table: request.table,
        rows: request.rows,
        batch_rows,
        archive: request.archive.unwrap_or(true),
        consent: None,
    };
    Ok((connection, rule))
}

async fn look(cx: &Cx, connection: &Connection, rule: &CleanupRule) -> Result<CleanupPreview, ApiError> {
    let database = Database::of(cx, connection).await?;
    let clear = facet(&database)?;
    let count = clear.count(&rule.table, &chosen(&rule.rows, cx.now_ms())).await?;
    let referring = hanging_on(clear, &count.table).await?;
    let mut blockers: Vec<String> = everything(&count).into_iter().collect();
    if connection.read_only {
        blockers.push("The connection is marked read-only.".to_owned());
    }
    let mut remarks = remarks(clear, &count.table, &referring).await?;
    if rule.archive {
        judge(clear, &count.table, &mut blockers, &mut remarks).await?;
    }
    Ok(CleanupPreview {
        table: count.table,
        total: count.total,
        matching: count.matching,
        referring,
        blockers,
        remarks,
    })
}

/// A slip in a condition shows in this.
fn everything(count: &RowCount) -> Option<String> {
    (count.matching > 0 && count.matching == count.total).then(|| {
        format!(
            "All {} rows of {} would be deleted; a rule must leave some. To empty a table, clear it.",
            count.total, count.table
        )
    })
}

fn chosen(rows: &RowChoice, now_ms: i64) -> Rows {
    match rows {
        RowChoice::Older { column, days } => {
            Rows::Before { column: column.clone(), at_ms: now_ms - i64::from(*days) * DAY_MS }
        }
        RowChoice::Matching { condition } => Rows::Matching(condition.clone()),
    }
}

/// A rule and the connection it acts through.
pub type Found = (CleanupRule, Connection);

pub async fn find(cx: &Cx, rule: &str) -> Result<Found, ApiError> {
    let rule = cx.catalog().cleanup_rules().find(rule).await?;
    let connection = cx.catalog().connections().find(rule.connection_id.as_str()).await?;
    Ok((rule, connection))
}

/// A job.
pub async fn run(
    cx: &Cx,
    (rule, connection): Found,
    consent: Consent,
) -> Result<Begun<ClearOutcome>, ApiError> {
    may_write(&connection)?;
    let database = Database::of(cx, &connection).await?;
    facet(&database)?;
    let new = NewWork {
        title: format!("Clean up {} in {} ({})", rule.table, connection.name, rule.name),
        connection_id: Some(connection.id.clone()),
        cancellable: true,
    };
    let given = cx.clone();
    cx.start_job(new, move |job: JobContext| async move {
        clean(&given, (&connection, &database, &rule), &consent, &job).await
    })
    .await
}

async fn clean(
    cx: &Cx,
    (connection, database, rule): (&Connection, &Database, &CleanupRule),
    consent: &Consent,
    job: &JobContext,
) -> Result<ClearOutcome, ApiError> {
    let clear = facet(database)?;
    let stages = Stages::new(job.progress.clone(), if rule.archive { 2 + SAFETY_STEPS } else { 2 });
    stages.next("Counting the rows");
    // One moment for the count, the archive and the deletion.
    let rows = chosen(&rule.rows, cx.now_ms());
    let before = clear.count(&rule.table, &rows).await?;
    if let Some(refused) = everything(&before) {
        return Err(
            ApiError::new(ErrorCode::NotAllowed, refused).hint("Change the rule; nothing was deleted.")
        );
    }
    if before.matching == 0 {
        return Ok(ClearOutcome { deleted: 0, left: before.total, backup_id: None, remarks: Vec::new() });
    }
    consent.covers(before.matching, &format!("rows of {} in {}", before.table, connection.name))?;
    let (batch, most) = (u64::from(rule.batch_rows), before.matching);
    let (deleted, backup_id) = if rule.archive {
        let mut deletion = clear.begin(&before.table).await?;
        let vault = vaults::open(cx).await?;
        let scope = Scope {
            kind: BackupKind::Full,
            tables: deletion.losing().iter().map(ToString::to_string).collect(),
            exclude: Vec::new(),
        };
        let name = "Archive before cleaning up";
        let backup = archive((cx, &vault, connection), deletion.as_mut(), scope, name, job, &stages).await?;
        // Retention must not take what exists nowhere else.
        retention::pin(cx, backup.as_str(), true).await?;
        stages.next("Deleting the rows");
        let deleted = deletion.matching(&rows, batch, most, &job.work(1)?).await.map_err(stopped)?;
        (deleted, Some(backup))
    } else {
        stages.next("Deleting the rows");
        let work = job.work(1)?;
        (clear.delete_rows(&before.table, &rows, batch, most, &work).await.map_err(stopped)?, None)
    };
    let after = clear.count(&before.table, &rows).await?;
    let mut remarks = Vec::new();
    if deleted != before.matching {
        remarks.push(format!(
            "{} rows were counted before and {deleted} deleted: others wrote to them meanwhile.",
            before.matching
        ));
    }
    if after.matching > 0 {
        let why = if rule.archive {
            "they, or rows that go with them, came or changed since the archive began"
        } else {
            "they came to match meanwhile"
        };
        remarks.push(format!("{} matching rows stay: {why}. The next run takes them.", after.matching));
    }
    Ok(ClearOutcome { deleted, left: after.total, backup_id, remarks })
}

/// Batches that were committed are not undone.
fn stopped(error: EngineError) -> ApiError {
    match error {
        EngineError::Cancelled => ApiError::new(
            ErrorCode::Cancelled,
            "Cancelled between two batches: the rows that were deleted until then are gone, and in the archive if the rule keeps one.",
        )
        .hint("The next run goes on with the rest."),
        other => other.into_api(),
    }
}
