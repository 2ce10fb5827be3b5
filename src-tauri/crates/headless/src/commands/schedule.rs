//! `holdfastctl schedule …`

use holdfast_contract::backup::PlanRef;
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::ConsentState;
use holdfast_contract::schedule::{
    RunListRequest, RunListResponse, Schedule as Shown, ScheduleAddRequest, ScheduleAgreePlan,
    ScheduleListResponse, SchedulePreview, SchedulePreviewRequest, ScheduleRef, ScheduledRun,
};
use holdfast_contract::{ApiError, ErrorCode};
use serde_json::{Value, json};

use super::agreed;
use super::timing::timing;
use crate::cli::{Schedule, ScheduledWork};
use crate::failure::Result;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Schedule, host: &Host, output: &Output) -> Result<()> {
    match command {
        Schedule::Add { name, work, times, off } => {
            let (operation, request) = call(work)?;
            let timing = timing(times, local_zone)?;
            let request = ScheduleAddRequest { name, operation, request, timing, enabled: !off };
            let added: Shown = host.call("schedule.add", &request).await?;
            if let Some(ConsentState::Waiting { .. }) = &added.consent {
                output.remark(&format!(
                    "It waits until somebody agrees: holdfastctl schedule agree {}",
                    text::visible(&added.name)
                ));
            }
            output.result(&added, || format!("{}\n{}", added.id, next_text(&added)))
        }
        Schedule::List => {
            let list: ScheduleListResponse = host.call("schedule.list", &Empty {}).await?;
            if !list.runner_present && list.schedules.iter().any(|schedule| schedule.enabled) {
                output.remark("Nothing runs schedules now: open the window, or start holdfastctl worker.");
            }
            output.result(&list, || list_text(&list))
        }
        Schedule::Show { schedule } => one(host, output, "schedule.get", schedule).await,
        Schedule::Run { schedule } => one(host, output, "schedule.run_now", schedule).await,
        Schedule::On { schedule } => turn(host, output, schedule, true).await,
        Schedule::Off { schedule } => turn(host, output, schedule, false).await,
        Schedule::Agree { schedule, dry_run } => {
            let plan: ScheduleAgreePlan = host.call("schedule.agree.plan", &ScheduleRef { schedule }).await?;
            let words = || format!("{}\n{}", text::visible(&plan.summary), text::visible(&plan.warning));
            if dry_run {
                return output.result(&json!({ "plan": plan }), words);
            }
            output.remark(&words());
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let found: Shown =
                host.call_confirmed("schedule.agree.apply", &apply, agreed(&plan.digest, None)).await?;
            output.result(&found, || one_text(&found))
        }
        Schedule::Preview { times } => {
            let request = SchedulePreviewRequest { timing: timing(times, local_zone)? };
            let preview: SchedulePreview = host.call("schedule.preview", &request).await?;
            output.result(&preview, || {
                let mut lines = vec![preview.words.clone()];
                lines.extend(preview.next.iter().map(|next| format!("  {}", next.local)));
                lines.join("\n")
            })
        }
        Schedule::Remove { schedule } => {
            let answer: Value = host.call("schedule.remove", &ScheduleRef { schedule }).await?;
            output.result(&answer, || "Removed. Its history stays.".to_owned())
        }
        Schedule::Runs { schedule, limit } => {
            let request = RunListRequest { schedule, before_ms: None, limit };
            let list: RunListResponse = host.call("run.list", &request).await?;
            output.result(&list, || runs_text(&list.runs))
        }
    }
}

async fn one(host: &Host, output: &Output, operation: &str, schedule: String) -> Result<()> {
    let found: Shown = host.call(operation, &ScheduleRef { schedule }).await?;
    output.result(&found, || one_text(&found))
}

async fn turn(host: &Host, output: &Output, schedule: String, enabled: bool) -> Result<()> {
    let request = json!({ "schedule": schedule, "enabled": enabled });
    let turned: Shown = host.call("schedule.update", &request).await?;
    output.result(&turned, || next_text(&turned))
}

/// The operation and its request.
fn call(work: ScheduledWork) -> Result<(String, Value)> {
    if let Some(connection) = work.choice.backup {
        let kind = work.kind.map(super::backup::kind).unwrap_or_default();
        return Ok(("backup.create".to_owned(), json!({ "connection": connection, "kind": kind })));
    }
    let request = work.request.as_deref().unwrap_or("{}");
    let request = serde_json::from_str(request).map_err(|error| {
        ApiError::new(ErrorCode::BadRequest, format!("The request is not JSON: {error}."))
            .hint("Give a JSON object, in quotes for the shell: '{\"connection\": \"shop\"}'.")
    })?;
    Ok((work.choice.call.unwrap_or_default(), request))
}

fn local_zone() -> Option<String> {
    iana_time_zone::get_timezone().ok()
}

fn next_text(schedule: &Shown) -> String {
    match (schedule.enabled, schedule.next_run_ms) {
        (false, _) => "Off.".to_owned(),
        (true, Some(at)) => {
            format!("Next run: {} ({}).", text::time(at), text::visible(&schedule.timing.zone))
        }
        (true, None) => "No run to come by the clock.".to_owned(),
    }
}

fn one_text(schedule: &Shown) -> String {
    let mut lines =
        vec![format!("{}: {}", text::visible(&schedule.name), schedule.operation), next_text(schedule)];
    match &schedule.consent {
        Some(ConsentState::Waiting { why }) => {
            lines.push(format!("{} Agree with: holdfastctl schedule agree", text::visible(why)));
        }
        Some(ConsentState::Given { at_ms, .. }) => lines.push(format!("Agreed to: {}", text::time(*at_ms))),
        None => {}
    }
    if let Some(problem) = &schedule.problem {
        lines.push(format!("Problem: {}", text::visible(&problem.message)));
        lines.extend(problem.hint.as_deref().map(text::visible));
    }
    if let Some(run) = &schedule.last_run {
        lines.push(format!("Last run: {}, {}", text::time(run.due_ms), text::word(&run.state)));
    }
    lines.join("\n")
}

fn list_text(list: &ScheduleListResponse) -> String {
    if list.schedules.is_empty() {
        return "No schedules. Add one: holdfastctl schedule add nightly --backup NAME --cron '0 2 * * *'"
            .to_owned();
    }
    let rows: Vec<Vec<String>> = list
        .schedules
        .iter()
        .map(|schedule| {
            let next = match (schedule.enabled, schedule.next_run_ms) {
                (false, _) => "off".to_owned(),
                (true, Some(at)) => text::time(at),
                (true, None) => String::new(),
            };
            let last = schedule.last_run.as_ref().map(|run| text::word(&run.state)).unwrap_or_default();
            let problem =
                schedule.problem.as_ref().map(|problem| problem.message.clone()).unwrap_or_default();
            vec![schedule.name.clone(), schedule.operation.clone(), next, last, problem]
        })
        .collect();
    let head = ["NAME", "WORK", "NEXT RUN", "LAST RUN", "PROBLEM"].map(|name| (name, Align::Left));
    text::table(&head, &rows)
}

fn runs_text(runs: &[ScheduledRun]) -> String {
    if runs.is_empty() {
        return "No runs yet.".to_owned();
    }
    let row = |run: &ScheduledRun| {
        let took = run.started_at_ms.zip(run.ended_at_ms);
        let took = took.map(|(from, to)| text::duration(to.saturating_sub(from).max(0) as u64));
        let attempt = if run.attempt > 1 { format!(" (attempt {})", run.attempt) } else { String::new() };
        let why = run.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
        let state = format!("{}{attempt}", text::word(&run.state));
        vec![text::time(run.due_ms), run.schedule_name.clone(), state, took.unwrap_or_default(), why]
    };
    use Align::{Left, Right};
    let head = [("DUE", Left), ("SCHEDULE", Left), ("STATE", Left), ("TOOK", Right), ("WHY", Left)];
    text::table(&head, &runs.iter().map(row).collect::<Vec<_>>())
}
