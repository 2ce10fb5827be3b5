//! Which backups may go: pure computation over one series (the same database, kind and choice of tables).
//!
//! Only good backups are looked at, and no age is taken from today's clock. So a source that fails for months
//! removes nothing (nothing new comes, nothing ages), and neither does a clock that jumps: backups stand in the
//! order of their sequence numbers, a time that a later backup contradicts counts for nothing, and a silence that
//! is far longer than usual counts as a usual one. The newest good and the newest proven backup always stay.

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, TimeZone, Utc};
use chrono_tz::Tz;
use holdfast_contract::BackupId;
use holdfast_contract::retention::{KeepReason, RetentionRules};

/// One good backup of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: BackupId,
    /// The vault's own count: rises with every backup, whatever the clocks say.
    pub sequence: u64,
    pub created_at_ms: i64,
    /// A test restore has proven it.
    pub proven: bool,
    pub pinned: bool,
    pub damaged: bool,
}

/// What becomes of one backup: it goes when there is no reason for it to stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub id: BackupId,
    pub reasons: Vec<KeepReason>,
}

impl Verdict {
    pub fn goes(&self) -> bool {
        self.reasons.is_empty()
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A silence of more than so many usual ones is not believed to be as long as the clocks say.
const UNUSUAL: i64 = 3;

/// Newest first. `zone`: whose midnight divides days. Judging what is left after the removals removes nothing more.
pub fn judge(rules: &RetentionRules, series: &[Candidate], zone: Tz) -> Vec<Verdict> {
    let mut left: Vec<&Candidate> = series.iter().collect();
    left.sort_by_key(|backup| std::cmp::Reverse(backup.sequence));
    let order: Vec<BackupId> = left.iter().map(|backup| backup.id.clone()).collect();
    let mut verdicts;
    loop {
        verdicts = judge_once(rules, &left, zone);
        let before = left.len();
        left.retain(|backup| !verdicts.iter().any(|verdict| verdict.id == backup.id && verdict.goes()));
        if left.len() == before {
            break;
        }
    }
    let verdict = |id: BackupId| {
        let reasons = verdicts.iter().find(|kept| kept.id == id).map(|kept| kept.reasons.clone());
        Verdict { id, reasons: reasons.unwrap_or_default() }
    };
    order.into_iter().map(verdict).collect()
}

fn judge_once(rules: &RetentionRules, series: &[&Candidate], zone: Tz) -> Vec<Verdict> {
    let contradicted = contradicted(series);
    let sound = |backup: &Candidate| !backup.damaged && !contradicted.contains(&backup.sequence);

    let mut verdicts: Vec<Verdict> =
        series.iter().map(|backup| lasting(backup, rules, &contradicted)).collect();
    let mut keep = |index: usize, reason: KeepReason| verdicts[index].reasons.push(reason);
    if let Some(newest) = series.iter().position(|backup| !backup.damaged) {
        keep(newest, KeepReason::Newest);
    }
    if let Some(proven) = series.iter().position(|backup| backup.proven && !backup.damaged) {
        keep(proven, KeepReason::NewestProven);
    }
    let counted: Vec<usize> = (0..series.len()).filter(|index| sound(series[*index])).collect();
    for (place, index) in counted.iter().take(count(rules.keep_last)).enumerate() {
        keep(*index, KeepReason::Last { place: place as u32 + 1 });
    }
    if let Some(days) = rules.keep_days.filter(|days| *days > 0) {
        // Damaged ones are no backups, but tell of time that passed.
        let timed: Vec<usize> =
            (0..series.len()).filter(|index| !contradicted.contains(&series[*index].sequence)).collect();
        let times: Vec<i64> = timed.iter().map(|index| series[*index].created_at_ms).collect();
        let newest = timed.iter().position(|index| !series[*index].damaged).unwrap_or(0);
        let ages = ages(&times);
        for (index, age) in timed.iter().zip(&ages).filter(|(index, _)| !series[**index].damaged) {
            if age - ages[newest] <= i64::from(days) * DAY_MS {
                keep(*index, KeepReason::Days);
            }
        }
    }
    for (wanted, name, reason) in calendars(rules) {
        let mut seen = BTreeSet::new();
        for index in &counted {
            let period = name(&local(series[*index].created_at_ms, zone));
            if seen.len() < wanted && seen.insert(period.clone()) {
                keep(*index, reason(period));
            }
        }
    }
    verdicts
}

/// Reasons that need no comparison.
fn lasting(backup: &Candidate, rules: &RetentionRules, contradicted: &BTreeSet<u64>) -> Verdict {
    let mut reasons = Vec::new();
    if *rules == RetentionRules::default() || all_zero(rules) {
        reasons.push(KeepReason::NoRules);
    }
    if backup.pinned {
        reasons.push(KeepReason::Pinned);
    }
    if backup.damaged {
        reasons.push(KeepReason::Damaged);
    }
    if contradicted.contains(&backup.sequence) {
        reasons.push(KeepReason::ClockWrong);
    }
    Verdict { id: backup.id.clone(), reasons }
}

/// A rule that wants none is no rule: an empty field must not be able to remove everything.
fn all_zero(rules: &RetentionRules) -> bool {
    let RetentionRules { keep_last, keep_days, daily, weekly, monthly, yearly } = rules;
    [keep_last, keep_days, daily, weekly, monthly, yearly]
        .iter()
        .all(|rule| rule.is_none_or(|number| number == 0))
}

/// Sequence numbers of backups whose time lies after that of a later backup. Newest first in.
fn contradicted(series: &[&Candidate]) -> BTreeSet<u64> {
    let mut earliest = i64::MAX;
    let mut found = BTreeSet::new();
    for backup in series {
        if backup.created_at_ms > earliest {
            found.insert(backup.sequence);
        }
        earliest = earliest.min(backup.created_at_ms);
    }
    found
}

/// Age of each against the first, of times that fall.
fn ages(times: &[i64]) -> Vec<i64> {
    let gaps: Vec<i64> = times.windows(2).map(|pair| pair[0] - pair[1]).collect();
    let mut sorted = gaps.clone();
    sorted.sort_unstable();
    // Of few gaps one that is a jump could set the measure.
    let usual = match sorted.len() {
        0..3 => sorted.first().map_or(0, |gap| (*gap).min(DAY_MS)),
        many => sorted[(many - 1) / 2],
    };
    let believed = |gap: i64| if gap > UNUSUAL * usual.max(DAY_MS / UNUSUAL) { usual.min(gap) } else { gap };
    let mut age = 0;
    let older = gaps.into_iter().map(|gap| {
        age += believed(gap);
        age
    });
    std::iter::once(0).chain(older).take(times.len()).collect()
}

type Named = (usize, fn(&DateTime<Tz>) -> String, fn(String) -> KeepReason);

fn calendars(rules: &RetentionRules) -> [Named; 4] {
    [
        (count(rules.daily), |at| at.format("%Y-%m-%d").to_string(), |day| KeepReason::Daily { day }),
        (
            count(rules.weekly),
            |at| format!("{}-W{:02}", at.iso_week().year(), at.iso_week().week()),
            |week| KeepReason::Weekly { week },
        ),
        (count(rules.monthly), |at| at.format("%Y-%m").to_string(), |month| KeepReason::Monthly { month }),
        (count(rules.yearly), |at| at.format("%Y").to_string(), |year| KeepReason::Yearly { year }),
    ]
}

fn count(rule: Option<u32>) -> usize {
    rule.unwrap_or(0) as usize
}

/// A time that no calendar has is the beginning of time.
fn local(at_ms: i64, zone: Tz) -> DateTime<Tz> {
    Utc.timestamp_millis_opt(at_ms).single().unwrap_or_default().with_timezone(&zone)
}
