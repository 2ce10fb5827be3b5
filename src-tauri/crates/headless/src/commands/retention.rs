//! `holdfastctl retention …` and pins

use holdfast_contract::backup::{PlanRef, Started};
use holdfast_contract::meta::Empty;
use holdfast_contract::policy::ConsentState;
use holdfast_contract::retention::{
    BackupPinRequest, BackupPinResponse, GroupRetention, GroupRetentionListResponse, GroupRetentionPreview,
    GroupRetentionPreviewRequest, GroupRetentionSetPlan, GroupRetentionSetRequest, KeepReason,
    Retention as Shown, RetentionOutcome, RetentionPlan, RetentionPlanRequest, RetentionRef, RetentionRules,
    RetentionRunRequest, RetentionSetPlan, RetentionSetRequest,
};
use holdfast_contract::vault::{VaultPrunePlan, VaultPruneResult};
use serde_json::json;

use super::agreed;
use crate::cli::{Retention, Rules};
use crate::failure::{Result, internal};
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
        Retention::Set { connection, rules, zone, inherit, most, dry_run } => {
            let rules = rules_of(&rules);
            let request = RetentionSetRequest { connection, rules, zone, inherit, most_backups: most };
            let plan: RetentionSetPlan = host.call("retention.set.plan", &request).await?;
            if dry_run {
                return output.result(&json!({ "plan": plan }), || text::visible(&plan.summary));
            }
            output.remark(&text::visible(&plan.summary));
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let shown: Shown =
                host.call_confirmed("retention.set.apply", &apply, agreed(&plan.digest, None)).await?;
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
        Retention::Group { group, rules, zone, forget, most, .. } => {
            let rules = rules_of(&rules);
            match group {
                Some(group) if forget || rules != RetentionRules::default() => {
                    let rules = (!forget).then_some(rules);
                    let request = GroupRetentionSetRequest { group, rules, zone, most_backups: most };
                    set_group(&request, host, output).await
                }
                _ => {
                    let answer: GroupRetentionListResponse =
                        host.call("retention.group.list", &Empty {}).await?;
                    output.result(&answer, || groups_text(&answer))
                }
            }
        }
        Retention::Run { group } => {
            let request = RetentionRunRequest { connection: None, group: Some(group), collect: None };
            let started: Started = host.call("retention.run", &request).await?;
            let job = follow::to_the_end(host, output, &started).await?;
            let outcome: RetentionOutcome = serde_json::from_value(job.result.unwrap_or_default())
                .map_err(|error| internal(error.to_string()))?;
            let document = json!({ "id": started.id, "job_id": started.job_id, "outcome": outcome, "freed": outcome.freed });
            output.result(&document, || outcome_text(&outcome))
        }
        Retention::Apply { connection, prune } => {
            let request = RetentionPlanRequest { connection, rules: None };
            let plan: RetentionPlan = host.call("retention.plan", &request).await?;
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let outcome: RetentionOutcome =
                host.call_confirmed("retention.apply", &apply, agreed(&plan.digest, None)).await?;
            if !prune {
                return output.result(&outcome, || outcome_text(&outcome));
            }
            let outcome = RetentionOutcome { freed: pruned(host, output).await?, ..outcome };
            output.result(&outcome, || outcome_text(&outcome))
        }
    }
}

async fn set_group(request: &GroupRetentionSetRequest, host: &Host, output: &Output) -> Result<()> {
    let plan: GroupRetentionSetPlan = host.call("retention.group.set.plan", request).await?;
    output.remark(&text::visible(&plan.summary));
    let apply = PlanRef { plan_id: plan.plan_id.clone() };
    let answer: GroupRetentionListResponse =
        host.call_confirmed("retention.group.set.apply", &apply, agreed(&plan.digest, None)).await?;
    output.result(&answer, || groups_text(&answer))
}

fn groups_text(answer: &GroupRetentionListResponse) -> String {
    let line =
        |set: &GroupRetention| format!("{}: {}", text::visible(&set.group), kept_text(&set.rules, &set.zone));
    answer.groups.iter().map(line).collect::<Vec<_>>().join("\n")
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

/// What a prune freed, once it has ended.
async fn pruned(host: &Host, output: &Output) -> Result<Option<VaultPruneResult>> {
    let plan: VaultPrunePlan = host.call("vault.prune.plan", &Empty {}).await?;
    let apply = PlanRef { plan_id: plan.plan_id.clone() };
    let started: Started =
        host.call_confirmed("vault.prune.apply", &apply, agreed(&plan.digest, None)).await?;
    let job = follow::quietly(host, output, &started).await?;
    Ok(job.result.and_then(|result| serde_json::from_value(result).ok()))
}

fn outcome_text(outcome: &RetentionOutcome) -> String {
    let deleted = text::count(outcome.deleted.len() as u64, "backup");
    let room = match &outcome.freed {
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
    let consent = match &retention.consent {
        Some(ConsentState::Waiting { why }) => {
            format!(" {} Set them again to agree to them.", text::visible(why))
        }
        _ => String::new(),
    };
    format!("{}{}{consent}", kept_text(&retention.rules, &retention.zone), of.unwrap_or_default())
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
