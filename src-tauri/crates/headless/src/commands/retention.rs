//! `holdfastctl retention …` and pins

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::meta::Empty;
use holdfast_contract::retention::{
    BackupPinRequest, BackupPinResponse, GroupRetention, GroupRetentionListResponse, GroupRetentionPreview,
    GroupRetentionPreviewRequest, GroupRetentionSetRequest, KeepReason, Retention as Shown, RetentionOutcome,
    RetentionPlan, RetentionPlanRequest, RetentionRef, RetentionRules, RetentionRunRequest,
    RetentionSetRequest,
};
use holdfast_contract::vault::{VaultPrunePlan, VaultPruneResult};
use serde_json::json;

use super::agreed;
use crate::cli::{Retention, Rules};
use crate::failure::Result;
use crate::follow;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Retention, host: &Host, output: &Output) -> Result<()> {
    match command {
        Retention::Show { connection } => {
            let shown: Shown = host.call("retention.get", &RetentionRef { connection }).await?;
            output.result(&shown, || rules_text(&shown))
        }
        Retention::Set { connection, rules, zone, inherit } => {
            let request = RetentionSetRequest { connection, rules: rules_of(&rules), zone, inherit };
            let shown: Shown = host.call("retention.set", &request).await?;
            output.result(&shown, || rules_text(&shown))
        }
        Retention::Plan { connection, rules } => {
            let rules = rules_of(&rules);
            let rules = (rules != RetentionRules::default()).then_some(rules);
            let request = RetentionPlanRequest { connection, rules };
            let plan: RetentionPlan = host.call("retention.plan", &request).await?;
            output.result(&plan, || plan_text(&plan))
        }
        Retention::Group { group: Some(group), rules, zone, dry_run: true, .. } => {
            let rules = rules_of(&rules);
            let rules = (rules != RetentionRules::default()).then_some(rules);
            let request = GroupRetentionPreviewRequest { group, rules, zone };
            let preview: GroupRetentionPreview = host.call("retention.group.preview", &request).await?;
            output.result(&preview, || members_text(&preview))
        }
        Retention::Group { group, rules, zone, forget, .. } => {
            group_rules(group, &rules, zone, forget, host, output).await
        }
        Retention::Run { group } => {
            let request = RetentionRunRequest { connection: None, group: Some(group), collect: None };
            let outcome: RetentionOutcome = host.call("retention.run", &request).await?;
            let freed = freed(&outcome, host, output).await?;
            output.result(&json!({ "outcome": outcome, "freed": freed }), || {
                outcome_text(&outcome, freed.as_ref())
            })
        }
        Retention::Apply { connection, prune } => {
            let request = RetentionPlanRequest { connection, rules: None };
            let plan: RetentionPlan = host.call("retention.plan", &request).await?;
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let outcome: RetentionOutcome =
                host.call_confirmed("retention.apply", &apply, agreed(&plan.digest, None)).await?;
            if !prune {
                return output.result(&outcome, || outcome_text(&outcome, None));
            }
            let plan: VaultPrunePlan = host.call("vault.prune.plan", &Empty {}).await?;
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let started: Started =
                host.call_confirmed("vault.prune.apply", &apply, agreed(&plan.digest, None)).await?;
            let outcome = RetentionOutcome { job_id: Some(started.job_id), ..outcome };
            let freed = freed(&outcome, host, output).await?;
            let document = json!({ "deleted": outcome.deleted, "kept": outcome.kept, "freed": freed });
            output.result(&document, || outcome_text(&outcome, freed.as_ref()))
        }
    }
}

async fn group_rules(
    group: Option<String>,
    rules: &Rules,
    zone: Option<String>,
    forget: bool,
    host: &Host,
    output: &Output,
) -> Result<()> {
    let rules = rules_of(rules);
    let answer: GroupRetentionListResponse = match group {
        Some(group) if forget || rules != RetentionRules::default() => {
            let request = GroupRetentionSetRequest { group, rules: (!forget).then_some(rules), zone };
            host.call("retention.group.set", &request).await?
        }
        _ => host.call("retention.group.list", &Empty {}).await?,
    };
    output.result(&answer, || {
        let line = |set: &GroupRetention| {
            format!("{}: {}", text::visible(&set.group), kept_text(&set.rules, &set.zone))
        };
        answer.groups.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

fn members_text(preview: &GroupRetentionPreview) -> String {
    let rows: Vec<Vec<String>> = preview
        .members
        .iter()
        .map(|member| {
            vec![
                member.connection.clone(),
                text::number(member.going.len() as u64),
                text::number(member.staying),
                text::bytes(member.frees_bytes),
                if member.own { "its own" } else { "the group's" }.to_owned(),
            ]
        })
        .collect();
    let head = [
        ("CONNECTION", Align::Left),
        ("GO", Align::Right),
        ("STAY", Align::Right),
        ("HAD ADDED", Align::Right),
        ("RULES", Align::Left),
    ];
    text::table(&head, &rows)
}

/// What the collection freed, once it has ended.
async fn freed(outcome: &RetentionOutcome, host: &Host, output: &Output) -> Result<Option<VaultPruneResult>> {
    let Some(job_id) = outcome.job_id.clone() else { return Ok(None) };
    let job = follow::quietly(host, output, &Started { id: job_id.0.clone(), job_id }).await?;
    Ok(job.result.and_then(|result| serde_json::from_value(result).ok()))
}

fn outcome_text(outcome: &RetentionOutcome, freed: Option<&VaultPruneResult>) -> String {
    let deleted = text::count(outcome.deleted.len() as u64, "backup");
    let room = match freed {
        Some(freed) => format!(
            "{} freed; what is still in its grace period goes with a later one.",
            text::bytes(freed.freed_bytes)
        ),
        None => "holdfastctl vault prune frees the room.".to_owned(),
    };
    format!("Deleted {deleted}; {} kept. {room}", outcome.kept)
}

pub async fn pin(id: String, pinned: bool, host: &Host, output: &Output) -> Result<()> {
    let answer: BackupPinResponse = host.call("backup.pin", &BackupPinRequest { backup: id, pinned }).await?;
    output.result(&answer, || {
        if pinned { "Pinned: retention never removes it." } else { "No longer pinned." }.to_owned()
    })
}

fn rules_of(rules: &Rules) -> RetentionRules {
    RetentionRules {
        keep_last: rules.last,
        keep_days: rules.days,
        daily: rules.daily,
        weekly: rules.weekly,
        monthly: rules.monthly,
        yearly: rules.yearly,
    }
}

fn rules_text(retention: &Shown) -> String {
    let of =
        retention.of_group.as_deref().map(|group| format!(" Rules of the group {}.", text::visible(group)));
    format!("{}{}", kept_text(&retention.rules, &retention.zone), of.unwrap_or_default())
}

fn kept_text(rules: &RetentionRules, zone: &str) -> String {
    let named = [
        (rules.keep_last, "the last"),
        (rules.keep_days, "days:"),
        (rules.daily, "daily:"),
        (rules.weekly, "weekly:"),
        (rules.monthly, "monthly:"),
        (rules.yearly, "yearly:"),
    ];
    let set: Vec<String> = named
        .iter()
        .filter_map(|(rule, name)| rule.filter(|n| *n > 0).map(|n| format!("{name} {n}")))
        .collect();
    if set.is_empty() {
        return "No rules: every backup stays.".to_owned();
    }
    format!("Keeps {} ({}).", set.join(", "), text::visible(zone))
}

fn plan_text(plan: &RetentionPlan) -> String {
    let row = |what: &str, backup: &holdfast_contract::backup::Backup, why: String| {
        let id = backup.id.as_str().get(..8).unwrap_or_default().to_owned();
        vec![what.to_owned(), id, text::time(backup.created_at_ms), backup.name.clone(), why]
    };
    let going = plan.going.iter().map(|backup| (backup.created_at_ms, row("goes", backup, String::new())));
    let staying = plan.staying.iter().map(|stays| {
        let why: Vec<String> = stays.reasons.iter().map(reason).collect();
        (stays.backup.created_at_ms, row("stays", &stays.backup, why.join(", ")))
    });
    let mut rows: Vec<_> = going.chain(staying).collect();
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(_, row)| row).collect();
    let head = ["", "ID", "MADE", "NAME", "WHY"].map(|name| (name, Align::Left));
    format!("{}\n{}", text::table(&head, &rows), plan.summary)
}

fn reason(reason: &KeepReason) -> String {
    match reason {
        KeepReason::NoRules => "no rules".into(),
        KeepReason::Pinned => "pinned".into(),
        KeepReason::NewestProven => "newest proven".into(),
        KeepReason::Newest => "newest".into(),
        KeepReason::Last { place } => format!("last {place}"),
        KeepReason::Days => "within the days".into(),
        KeepReason::Daily { day } => format!("day {day}"),
        KeepReason::Weekly { week } => format!("week {week}"),
        KeepReason::Monthly { month } => format!("month {month}"),
        KeepReason::Yearly { year } => format!("year {year}"),
        KeepReason::ClockWrong => "its clock was wrong".into(),
        KeepReason::Damaged => "damaged: delete it by hand".into(),
    }
}
