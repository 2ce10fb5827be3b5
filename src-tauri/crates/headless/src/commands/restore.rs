//! `holdfastctl restore …`

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::restore::{
    Restore as RestoreInfo, RestoreFollowUpPlan, RestoreListRequest, RestoreListResponse, RestorePlan,
    RestorePlanRequest, RestoreRef, RestoreState,
};
use serde_json::json;

use super::{agreed, vault::absolute};
use crate::cli::{Restore, RestoreCommand};
use crate::failure::{Result, usage};
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Restore, host: &Host, output: &Output) -> Result<()> {
    match command.command {
        Some(RestoreCommand::Undo { id, confirm }) => follow_up("undo", id, confirm, host, output).await,
        Some(RestoreCommand::Release { id, confirm }) => {
            follow_up("release", id, confirm, host, output).await
        }
        Some(RestoreCommand::List { name }) => {
            let list: RestoreListResponse =
                host.call("restore.list", &RestoreListRequest { connection: name }).await?;
            output.result(&list, || list_text(&list))
        }
        Some(RestoreCommand::Show { id }) => {
            let restore: RestoreInfo = host.call("restore.get", &RestoreRef { restore: id }).await?;
            output.result(&restore, || restore_text(&restore))
        }
        None => start(command, host, output).await,
    }
}

async fn start(command: Restore, host: &Host, output: &Output) -> Result<()> {
    let (Some(backup), Some(to)) = (command.id, command.to) else {
        return Err(usage("A backup and a connection are needed.", "holdfastctl restore ID --to NAME"));
    };
    let request = RestorePlanRequest {
        backup,
        to,
        database: command.database.map(path_or_name).transpose()?,
        replace: command.replace,
        tables: command.tables,
        schema: command.schema,
        suffix: command.suffix,
        table_name: command.table_name,
        allow_dangling: command.allow_dangling,
        globals: command.globals,
        map_definers: command.map_definers,
    };
    let plan: RestorePlan = host.call("restore.plan", &request).await?;
    if command.dry_run {
        return output.result(&json!({ "plan": plan }), || plan_text(&plan));
    }
    if plan.confirm_name.is_some() && command.confirm.is_none() {
        output.remark(&plan_text(&plan));
    }
    let confirmation = agreed(&plan.digest, command.confirm);
    let started: Started = host
        .call_confirmed("restore.apply", &PlanRef { plan_id: plan.plan_id.clone() }, confirmation)
        .await?;
    follow::to_the_end(host, output, &started).await?;
    done(started, host, output).await
}

/// Undo and release: both show their plan when they lack the name it asks for.
async fn follow_up(
    what: &str,
    id: String,
    confirm: Option<String>,
    host: &Host,
    output: &Output,
) -> Result<()> {
    let plan: RestoreFollowUpPlan =
        host.call(&format!("restore.{what}.plan"), &RestoreRef { restore: id }).await?;
    if plan.confirm_name.is_some() && confirm.is_none() {
        output.remark(&plan.steps.join("\n"));
    }
    let request = PlanRef { plan_id: plan.plan_id.clone() };
    let started: Started = host
        .call_confirmed(&format!("restore.{what}.apply"), &request, agreed(&plan.digest, confirm))
        .await?;
    follow::to_the_end(host, output, &started).await?;
    done(Started { id: plan.restore.id.to_string(), job_id: started.job_id }, host, output).await
}

pub(super) async fn done(started: Started, host: &Host, output: &Output) -> Result<()> {
    let restore: RestoreInfo = host.call("restore.get", &RestoreRef { restore: started.id.clone() }).await?;
    let document = json!({ "id": started.id, "job_id": started.job_id, "database": restore.database, "restore": restore });
    output.result(&document, || {
        output.remark(&restore_text(&restore));
        started.id.clone()
    })
}

/// A path is made absolute here; a plain name is a database on a server.
pub(super) fn path_or_name(database: String) -> Result<String> {
    let is_path = database.contains(std::path::MAIN_SEPARATOR);
    if is_path { absolute(&database) } else { Ok(database) }
}

/// The backup's roles that the server lacks, where they are not asked for.
fn roles_text(plan: &RestorePlan) -> Option<String> {
    let missing = &plan.globals.as_ref().filter(|_| !plan.with_globals)?.missing_roles;
    let names: Vec<String> = missing.iter().map(|name| text::visible(name).to_string()).collect();
    (!names.is_empty())
        .then(|| format!("Roles     not on the server: {} (--globals creates them)", names.join(", ")))
}

fn plan_text(plan: &RestorePlan) -> String {
    let mut lines = vec![
        format!(
            "Restore \"{}\" of {}",
            text::visible(&plan.backup.name),
            text::time(plan.backup.created_at_ms)
        ),
        format!("Into      {} on {}", text::visible(&plan.database), text::visible(&plan.connection_name)),
        format!(
            "Holds     {} in {}, {}",
            text::count(plan.rows, "row"),
            text::count(plan.tables, "table"),
            text::bytes(plan.size_bytes)
        ),
    ];
    for table in &plan.chosen {
        lines.push(format!(
            "{} -> {}, {}, {}",
            text::visible(&table.from.to_string()),
            text::visible(&table.to.to_string()),
            text::count(table.rows, "row"),
            text::bytes(table.bytes)
        ));
        lines.extend(table.notes.iter().map(|note| format!("    {}", text::visible(note))));
    }
    lines.extend(
        plan.steps
            .iter()
            .enumerate()
            .map(|(number, step)| format!("{}. {}", number + 1, text::visible(step))),
    );
    lines.extend(roles_text(plan));
    lines.extend(plan.loses.iter().map(|loses| format!("You lose  {}", text::visible(loses))));
    lines.extend(plan.blockers.iter().map(|blocker| format!("stops it: {}", text::visible(blocker))));
    lines.extend(plan.warnings.iter().map(|warning| format!("warning: {}", text::visible(warning))));
    lines.extend(
        plan.confirm_name.iter().map(|name| format!("To go on, add: --confirm '{}'", text::visible(name))),
    );
    lines.join("\n")
}

fn restore_text(restore: &RestoreInfo) -> String {
    let equal = restore.proof.iter().filter(|table| table.hash_equal).count();
    let undone = restore.state == RestoreState::Undone;
    // Its database is by then what was set aside.
    let now =
        if undone { "what was replaced is live again".into() } else { text::visible(&restore.database) };
    let mut lines = vec![format!("{}: {now}", text::word(&restore.state))];
    lines
        .extend(restore.chosen.iter().map(|table| format!("table {}", text::visible(&table.to.to_string()))));
    if !restore.proof.is_empty() {
        lines.push(format!(
            "{equal} of {} equal by count and content hash.",
            text::count(restore.proof.len() as u64, "table")
        ));
    }
    lines.extend(restore.remarks.iter().map(|remark| format!("remark: {}", text::visible(remark))));
    if let Some(error) = &restore.error {
        lines.push(format!("error: {}", text::visible(&error.message)));
    }
    if let Some(kept) = &restore.kept_as {
        let what = match restore.chosen.is_empty() {
            _ if undone => "What had been restored is",
            true => "The replaced database is",
            false => "What is not in place now is",
        };
        lines.push(format!("{what} kept as {}.", text::visible(kept)));
    }
    if restore.can_undo {
        lines.push(format!("Put it back with: holdfastctl restore undo {}", restore.id));
    }
    lines.join("\n")
}

fn list_text(list: &RestoreListResponse) -> String {
    if list.restores.is_empty() {
        return "No restores yet.".to_owned();
    }
    let rows: Vec<Vec<String>> = list
        .restores
        .iter()
        .map(|restore| {
            vec![
                restore.id.to_string(),
                restore.connection_name.clone(),
                restore.database.clone(),
                text::time(restore.started_at_ms),
                text::word(&restore.state),
                if restore.can_undo { "undo possible" } else { "" }.to_owned(),
            ]
        })
        .collect();
    let head = ["ID", "CONNECTION", "DATABASE", "STARTED", "STATE", ""].map(|name| (name, Align::Left));
    text::table(&head, &rows)
}
