//! `holdfastctl cleanup …`

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::clearing::{
    CleanupCandidatesRequest, CleanupCandidatesResponse, CleanupPreview, CleanupRule,
    CleanupRuleListResponse, CleanupRulePlan, CleanupRuleRef, CleanupRuleSetRequest, ClearOutcome, RowChoice,
    TableClearPlan, TableClearPlanRequest,
};
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::ConsentState;
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::json;

use super::{agreed, maintenance};
use crate::cli::{Cleanup, RuleArgs};
use crate::failure::{Result, internal};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Cleanup, host: &Host, output: &Output) -> Result<()> {
    match command {
        Cleanup::Candidates { connection, pattern } => {
            let request = CleanupCandidatesRequest { connection, patterns: pattern };
            let answer: CleanupCandidatesResponse = host.call("cleanup.candidates", &request).await?;
            output.result(&answer, || candidates_text(&answer))
        }
        Cleanup::Table { connection, table, dry_run, confirm } => {
            let request = TableClearPlanRequest { connection, table: maintenance::table(&table) };
            let plan: TableClearPlan = host.call("table.clear.plan", &request).await?;
            if dry_run {
                return output.result(&json!({ "plan": plan }), || plan_text(&plan));
            }
            if confirm.is_none() {
                output.remark(&plan_text(&plan));
            }
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let started: Started =
                host.call_confirmed("table.clear.apply", &apply, agreed(&plan.digest, confirm)).await?;
            followed(started, host, output).await
        }
        Cleanup::Rule { name, rule, dry_run: true, .. } => {
            let preview: CleanupPreview = host.call("cleanup.preview", &request_of(name, rule)).await?;
            output.result(&preview, || preview_text(&preview))
        }
        Cleanup::Rule { name, rule, dry_run: false, confirm } => {
            set(request_of(name, rule), confirm, false, host, output).await
        }
        Cleanup::Agree { rule, dry_run, most, confirm } => {
            let request = again(&rule, most, host).await?;
            set(request, confirm, dry_run, host, output).await
        }
        Cleanup::List => {
            let answer: CleanupRuleListResponse = host.call("cleanup.list", &Empty {}).await?;
            output.result(&answer, || list_text(&answer.rules))
        }
        Cleanup::Run { rule } => {
            let started: Started = host.call("cleanup.run", &CleanupRuleRef { rule }).await?;
            followed(started, host, output).await
        }
        Cleanup::Remove { rule } => {
            let answer: Empty = host.call("cleanup.remove", &CleanupRuleRef { rule }).await?;
            output.result(&answer, || "Forgotten. What it has deleted stays in its archives.".to_owned())
        }
    }
}

/// Shows what is agreed to, and keeps it with that.
async fn set(
    request: CleanupRuleSetRequest,
    confirm: Option<String>,
    dry_run: bool,
    host: &Host,
    output: &Output,
) -> Result<()> {
    let plan: CleanupRulePlan = host.call("cleanup.set.plan", &request).await?;
    if dry_run {
        return output.result(&json!({ "plan": plan }), || agreement_text(&plan));
    }
    if confirm.is_none() {
        output.remark(&agreement_text(&plan));
    }
    let apply = PlanRef { plan_id: plan.plan_id.clone() };
    let kept: CleanupRule =
        host.call_confirmed("cleanup.set.apply", &apply, agreed(&plan.digest, confirm)).await?;
    output.result(&kept, || {
        format!(
            "Kept. It runs with holdfastctl cleanup run {}, or by a schedule of cleanup.run.",
            text::visible(&kept.name)
        )
    })
}

/// The rule as it is, to be agreed to.
async fn again(wanted: &str, most_rows: Option<u64>, host: &Host) -> Result<CleanupRuleSetRequest> {
    let answer: CleanupRuleListResponse = host.call("cleanup.list", &Empty {}).await?;
    let found = answer.rules.into_iter().find(|rule| rule.name == wanted || rule.id.as_str() == wanted);
    let rule = found.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("There is no cleanup rule {wanted:?}."))
            .hint("holdfastctl cleanup list shows them.")
    })?;
    Ok(CleanupRuleSetRequest {
        name: rule.name,
        connection: rule.connection_id.to_string(),
        table: rule.table,
        rows: rule.rows,
        batch_rows: Some(rule.batch_rows),
        archive: Some(rule.archive),
        most_rows,
    })
}

fn agreement_text(plan: &CleanupRulePlan) -> String {
    let mut lines = vec![text::visible(&plan.summary)];
    lines.extend(plan.preview.remarks.iter().map(|remark| format!("note: {}", text::visible(remark))));
    lines.extend(plan.blockers.iter().map(|blocker| format!("stops it: {}", text::visible(blocker))));
    let name = plan.confirm_name.iter();
    lines.extend(name.map(|name| format!("To go on, add: --confirm '{}'", text::visible(name))));
    lines.join("\n")
}

async fn followed(started: Started, host: &Host, output: &Output) -> Result<()> {
    let job = follow::to_the_end(host, output, &started).await?;
    let outcome: ClearOutcome = serde_json::from_value(job.result.unwrap_or_default())
        .map_err(|error| internal(error.to_string()))?;
    let document = json!({ "id": started.id, "job_id": started.job_id, "outcome": outcome });
    output.result(&document, || {
        let mut lines = vec![format!(
            "Deleted {}; {} left.",
            text::count(outcome.deleted, "row"),
            text::number(outcome.left)
        )];
        lines.extend(outcome.backup_id.iter().map(|id| format!("They are in the backup {id}.")));
        lines.extend(outcome.remarks.iter().cloned());
        lines.join("\n")
    })
}

fn request_of(name: String, rule: RuleArgs) -> CleanupRuleSetRequest {
    let rows = match (rule.column, rule.older_days, rule.condition) {
        (Some(column), Some(days), _) => RowChoice::Older { column, days },
        (.., condition) => RowChoice::Matching { condition: condition.unwrap_or_default() },
    };
    CleanupRuleSetRequest {
        name,
        connection: rule.connection,
        table: maintenance::table(&rule.table),
        rows,
        batch_rows: rule.batch,
        archive: Some(!rule.no_archive),
        most_rows: rule.most,
    }
}

fn candidates_text(answer: &CleanupCandidatesResponse) -> String {
    let rows: Vec<Vec<String>> = answer
        .candidates
        .iter()
        .map(|found| {
            let bytes = found.bytes.map(text::bytes).unwrap_or_default();
            vec![text::word(&found.kind).replace('_', " "), found.name.clone(), bytes, found.why.clone()]
        })
        .collect();
    let mut lines = vec![if rows.is_empty() {
        "Nothing was found that looks unneeded.".to_owned()
    } else {
        text::table(&["WHAT", "NAME", "SIZE", "WHY"].map(|name| (name, Align::Left)), &rows)
    }];
    lines.extend(answer.not_seen.iter().map(|why| format!("not looked at: {}", text::visible(why))));
    lines.join("\n")
}

fn plan_text(plan: &TableClearPlan) -> String {
    let mut lines = vec![text::visible(&plan.summary)];
    lines
        .extend(plan.steps.iter().enumerate().map(|(n, step)| format!("{}. {}", n + 1, text::visible(step))));
    lines.extend(plan.remarks.iter().map(|remark| format!("note: {}", text::visible(remark))));
    lines.extend(plan.blockers.iter().map(|blocker| format!("stops it: {}", text::visible(blocker))));
    lines.push(format!("To go on, add: --confirm '{}'", text::visible(&plan.confirm_name)));
    lines.join("\n")
}

fn preview_text(preview: &CleanupPreview) -> String {
    let mut lines = vec![format!(
        "{} of {} rows of {} would be deleted now.",
        text::number(preview.matching),
        text::number(preview.total),
        text::visible(&preview.table.to_string())
    )];
    let keys = preview.referring.iter().filter(|key| key.rows > 0);
    lines.extend(keys.map(|key| {
        let what = text::word(&key.on_delete);
        format!(
            "{} rows of {} point at the table ({what}).",
            text::number(key.rows),
            text::visible(&key.table.to_string())
        )
    }));
    lines.extend(preview.remarks.iter().map(|remark| format!("note: {}", text::visible(remark))));
    lines.extend(preview.blockers.iter().map(|blocker| format!("stops it: {}", text::visible(blocker))));
    lines.join("\n")
}

fn list_text(rules: &[CleanupRule]) -> String {
    let rows: Vec<Vec<String>> = rules
        .iter()
        .map(|rule| {
            let which = match &rule.rows {
                RowChoice::Older { column, days } => format!("{column} older than {days} days"),
                RowChoice::Matching { condition } => condition.clone(),
            };
            let archive = if rule.archive { "archived first" } else { "not archived" };
            let consent = match &rule.consent {
                Some(ConsentState::Given { most, .. }) => format!("up to {} rows", text::number(*most)),
                Some(ConsentState::Waiting { .. }) | None => "waits for consent".to_owned(),
            };
            vec![rule.name.clone(), rule.table.to_string(), which, archive.to_owned(), consent]
        })
        .collect();
    text::table(&["NAME", "TABLE", "ROWS", "", "A RUN"].map(|name| (name, Align::Left)), &rows)
}
