//! `holdfastctl maintenance …`

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::maintenance::{
    MaintenanceFinding, MaintenanceHistoryRequest, MaintenanceHistoryResponse, MaintenanceKind,
    MaintenanceListRequest, MaintenanceListResponse, MaintenancePlan, MaintenanceReport, MaintenanceRequest,
    MaintenanceRun,
};
use holdfast_contract::snapshot::TableName;
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::json;

use super::agreed;
use crate::cli::{ActionName, Maintenance};
use crate::failure::{Failure, Result, internal};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Maintenance, host: &Host, output: &Output) -> Result<()> {
    match command {
        Maintenance::List { connection } => {
            let request = MaintenanceListRequest { connection };
            let answer: MaintenanceListResponse = host.call("maintenance.list", &request).await?;
            output.result(&answer, || list_text(&answer))
        }
        Maintenance::Run { connection, action, how } => {
            let request = MaintenanceRequest {
                connection,
                action: kind(action),
                tables: how.table.iter().map(|name| table(name)).collect(),
            };
            let plan: MaintenancePlan = host.call("maintenance.plan", &request).await?;
            if how.dry_run {
                return output.result(&plan, || plan_text(&plan));
            }
            if let Some(warning) = plan.action.warning.as_ref().filter(|_| !how.accept_warning) {
                let text = format!("{}: {}", plan.action.title, text::visible(warning));
                return Err(ApiError::new(ErrorCode::ConfirmationMissing, text)
                    .hint("Look at its plan (--dry-run), then run it with --accept-warning.")
                    .into());
            }
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let started: Started =
                host.call_confirmed("maintenance.apply", &apply, agreed(&plan.digest, None)).await?;
            let job = follow::to_the_end(host, output, &started).await.map_err(damage_found)?;
            let report: MaintenanceReport = serde_json::from_value(job.result.clone().unwrap_or_default())
                .map_err(|error| internal(error.to_string()))?;
            let took = job.ended_at_ms.zip(job.started_at_ms).map(|(end, start)| (end - start).max(0) as u64);
            let document =
                json!({ "id": started.id, "job_id": started.job_id, "duration_ms": took, "report": report });
            output.result(&document, || report_text(&report, took))
        }
        Maintenance::History { connection, action, limit } => {
            let request = MaintenanceHistoryRequest { connection, action: action.map(kind), limit };
            let answer: MaintenanceHistoryResponse = host.call("maintenance.history", &request).await?;
            output.result(&answer, || history_text(&answer.runs))
        }
    }
}

/// What a check is for is worth its own exit code.
fn damage_found(failure: Failure) -> Failure {
    if failure.error.code == ErrorCode::DatabaseDamaged { failure.exiting(4) } else { failure }
}

/// `schema.table`; a dot inside a name is written by `holdfastctl call`.
pub fn table(name: &str) -> TableName {
    match name.split_once('.') {
        Some((schema, name)) => TableName { schema: Some(schema.to_owned()), name: name.to_owned() },
        None => TableName { schema: None, name: name.to_owned() },
    }
}

fn kind(name: ActionName) -> MaintenanceKind {
    match name {
        ActionName::Vacuum => MaintenanceKind::Vacuum,
        ActionName::VacuumFull => MaintenanceKind::VacuumFull,
        ActionName::Analyze => MaintenanceKind::Analyze,
        ActionName::Reindex => MaintenanceKind::Reindex,
        ActionName::Optimize => MaintenanceKind::Optimize,
        ActionName::Check => MaintenanceKind::Check,
        ActionName::QuickCheck => MaintenanceKind::QuickCheck,
        ActionName::ForeignKeyCheck => MaintenanceKind::ForeignKeyCheck,
        ActionName::Repair => MaintenanceKind::Repair,
        ActionName::Checkpoint => MaintenanceKind::Checkpoint,
        ActionName::Bloat => MaintenanceKind::Bloat,
    }
}

fn list_text(answer: &MaintenanceListResponse) -> String {
    let mut lines = Vec::new();
    for offered in &answer.actions {
        let action = &offered.action;
        lines.push(format!("{}  ({})", text::word(&action.kind).replace('_', "-"), action.title));
        lines.push(format!("    {}", action.what));
        lines.push(format!("    {}", action.locks));
        lines.extend(action.warning.iter().map(|warning| format!("    warning: {warning}")));
        lines.extend(action.unavailable.iter().map(|why| format!("    not now: {}", text::visible(why))));
        lines.extend(offered.last.iter().map(|last| format!("    last: {}", once(last))));
    }
    lines.join("\n")
}

fn once(run: &MaintenanceRun) -> String {
    let took = run.duration_ms.map(|ms| format!(" in {}", text::duration(ms))).unwrap_or_default();
    format!("{} {}{took}", text::time(run.created_at_ms), text::word(&run.state))
}

fn plan_text(plan: &MaintenancePlan) -> String {
    let action = &plan.action;
    let mut lines = vec![action.title.clone(), action.what.clone(), action.locks.clone()];
    let bytes = plan.extent.bytes.map(|bytes| format!(", {}", text::bytes(bytes))).unwrap_or_default();
    lines.push(format!("Works on {}{bytes}.", text::count(plan.extent.tables, "table")));
    lines.extend(plan.extent.remarks.iter().map(|remark| text::visible(remark)));
    lines.extend(
        action.warning.iter().map(|warning| format!("warning: {warning} Go on with --accept-warning.")),
    );
    lines.push(match (&plan.last, plan.estimated_ms) {
        (_, Some(ms)) => format!("About {}, judged by the last time.", text::duration(ms)),
        (Some(last), None) => format!("Last time: {}.", once(last)),
        (None, None) => "Never done from here, so how long it takes is not known.".to_owned(),
    });
    lines.join("\n")
}

fn report_text(report: &MaintenanceReport, took: Option<u64>) -> String {
    let took = took.map(|ms| format!(" in {}", text::duration(ms))).unwrap_or_default();
    let mut lines = vec![format!("Done: {}{took}.", text::count(report.tables, "table"))];
    if let (Some(before), Some(after)) = (report.bytes_before, report.bytes_after)
        && before != after
    {
        lines.push(format!("{} before, {} now.", text::bytes(before), text::bytes(after)));
    }
    lines.extend(report.findings.iter().map(finding_text));
    lines.join("\n")
}

fn finding_text(finding: &MaintenanceFinding) -> String {
    let table =
        finding.table.as_deref().map(|table| format!("{}: ", text::visible(table))).unwrap_or_default();
    let bytes = finding.bytes.map(|bytes| format!(" ({})", text::bytes(bytes))).unwrap_or_default();
    format!("{}: {table}{}{bytes}", text::word(&finding.level), text::visible(&finding.text))
}

fn history_text(runs: &[MaintenanceRun]) -> String {
    if runs.is_empty() {
        return "No maintenance was done from here yet.".to_owned();
    }
    let rows: Vec<Vec<String>> = runs
        .iter()
        .map(|run| {
            let tables: Vec<String> = run.tables.iter().map(ToString::to_string).collect();
            let said = run.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
            vec![
                text::time(run.created_at_ms),
                text::word(&run.action).replace('_', "-"),
                if tables.is_empty() { "all".to_owned() } else { tables.join(", ") },
                text::word(&run.state),
                run.duration_ms.map(text::duration).unwrap_or_default(),
                said,
            ]
        })
        .collect();
    let head = ["WHEN", "ACTION", "TABLES", "STATE", "TOOK", ""].map(|name| (name, Align::Left));
    text::table(&head, &rows)
}
