//! `holdfastctl import …`

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::import::{ImportInto, ImportPlan, ImportPlanRef, ImportPlanRequest, SqlDialect};
use serde_json::json;

use super::restore::{done, path_or_name};
use super::{agreed, vault::absolute};
use crate::cli::{DialectName, Import};
use crate::failure::Result;
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text;

pub async fn run(command: Import, host: &Host, output: &Output) -> Result<()> {
    let request = ImportPlanRequest {
        file: absolute(&command.file.to_string_lossy())?,
        to: command.to,
        dialect: command.dialect.map(|dialect| match dialect {
            DialectName::Postgres => SqlDialect::Postgres,
            DialectName::Mysql => SqlDialect::Mysql,
            DialectName::Sqlite => SqlDialect::Sqlite,
        }),
        into: match (command.into_live, command.replace) {
            (true, _) => ImportInto::Live,
            (_, true) => ImportInto::Replace,
            _ => ImportInto::New,
        },
        database: command.database.map(path_or_name).transpose()?,
        without_owners: command.without_owners,
    };
    let started: Started = host.call("import.plan", &request).await?;
    let job = follow::quietly(host, output, &started).await?;
    let plan: ImportPlan = host.call("import.plan.get", &ImportPlanRef { job: job.id.to_string() }).await?;
    if command.dry_run {
        return output.result(&json!({ "plan": plan }), || plan_text(&plan));
    }
    if plan.confirm_name.is_some() && command.confirm.is_none() {
        output.remark(&plan_text(&plan));
    }
    let confirmation = agreed(&plan.digest, command.confirm);
    let request = PlanRef { plan_id: plan.plan_id.clone() };
    let started: Started = host.call_confirmed("import.apply", &request, confirmation).await?;
    follow::to_the_end(host, output, &started).await?;
    done(started, host, output).await
}

fn plan_text(plan: &ImportPlan) -> String {
    let report = &plan.report;
    let mut lines = vec![
        format!("Import    {}", text::visible(&plan.file)),
        format!("Dialect   {} ({})", text::word(&report.dialect), text::visible(&report.dialect_because)),
        format!(
            "Holds     {}, {} of text in {}",
            text::count(report.statements, "statement"),
            text::bytes(report.text_bytes),
            text::bytes(report.file_bytes)
        ),
        format!("Into      {} on {}", text::visible(&plan.database), text::visible(&plan.connection_name)),
    ];
    let kinds: Vec<String> =
        report.kinds.iter().take(12).map(|kind| format!("{} {}", kind.count, kind.kind)).collect();
    lines.push(format!("Runs      {}", kinds.join(", ")));
    let (created, dropped) = (
        report.tables.iter().filter(|table| table.created).count(),
        report.tables.iter().filter(|table| table.dropped).count(),
    );
    lines.push(format!(
        "Tables    {} named: {created} created, {dropped} dropped, {} of COPY data",
        report.tables_total,
        text::count(report.rows, "row")
    ));
    let steps = plan.steps.iter().enumerate();
    lines.extend(steps.map(|(number, step)| format!("{}. {}", number + 1, text::visible(step))));
    lines.extend(plan.loses.iter().map(|loses| format!("You lose  {}", text::visible(loses))));
    lines.extend(plan.blockers.iter().map(|blocker| format!("stops it: {}", text::visible(blocker))));
    lines.extend(plan.warnings.iter().map(|warning| format!("warning: {}", text::visible(warning))));
    lines.push(format!("About     {}", text::duration(plan.estimated_ms)));
    lines.extend(
        plan.confirm_name.iter().map(|name| format!("To go on, add: --confirm '{}'", text::visible(name))),
    );
    lines.join("\n")
}
