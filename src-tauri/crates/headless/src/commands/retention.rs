//! `holdfastctl retention …` and pins

use holdfast_contract::backup::PlanRef;
use holdfast_contract::retention::{
    BackupPinRequest, BackupPinResponse, KeepReason, Retention as Shown, RetentionOutcome, RetentionPlan,
    RetentionPlanRequest, RetentionRef, RetentionRules, RetentionSetRequest,
};

use super::agreed;
use crate::cli::{Retention, Rules};
use crate::failure::Result;
use crate::host::Host;
use crate::output::Output;
use crate::text::{self, Align};

pub async fn run(command: Retention, host: &Host, output: &Output) -> Result<()> {
    match command {
        Retention::Show { connection } => {
            let shown: Shown = host.call("retention.get", &RetentionRef { connection }).await?;
            output.result(&shown, || rules_text(&shown))
        }
        Retention::Set { connection, rules, zone } => {
            let request = RetentionSetRequest { connection, rules: rules_of(&rules), zone };
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
        Retention::Apply { connection } => {
            let request = RetentionPlanRequest { connection, rules: None };
            let plan: RetentionPlan = host.call("retention.plan", &request).await?;
            let apply = PlanRef { plan_id: plan.plan_id.clone() };
            let outcome: RetentionOutcome =
                host.call_confirmed("retention.apply", &apply, agreed(&plan.digest, None)).await?;
            output.result(&outcome, || {
                let deleted = text::count(outcome.deleted.len() as u64, "backup");
                format!("Deleted {deleted}; {} kept. holdfastctl vault prune frees the room.", outcome.kept)
            })
        }
    }
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
    let rules = &retention.rules;
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
    format!("Keeps {} ({}).", set.join(", "), text::visible(&retention.zone))
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
