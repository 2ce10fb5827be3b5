//! Against a plain model, and over histories with failures and clocks that jump.
#![allow(clippy::unwrap_used)]

use holdfast_contract::retention::{KeepReason, RetentionRules};
use proptest::prelude::*;

use super::*;

const HOUR_MS: i64 = 60 * 60 * 1000;

fn rules() -> impl Strategy<Value = RetentionRules> {
    let rule = || proptest::option::weighted(0.4, 0u32..6);
    (rule(), rule(), rule(), rule(), rule(), rule()).prop_map(
        |(keep_last, keep_days, daily, weekly, monthly, yearly)| RetentionRules {
            keep_last,
            keep_days,
            daily,
            weekly,
            monthly,
            yearly,
        },
    )
}

/// Backups by a clock that goes forward, in gaps that stay near the usual one.
fn steady() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (1i64..=3, any::<bool>(), proptest::bool::weighted(0.1), proptest::bool::weighted(0.1));
    (proptest::collection::vec(one, 8..60), 1i64..40).prop_map(|(backups, step)| {
        let mut at = 1_750_000_000_000;
        let numbered = backups.into_iter().enumerate();
        numbered
            .map(|(number, (gap, proven, pinned, damaged))| {
                at += gap * step * HOUR_MS / 2;
                let id = BackupId(format!("{number:04}"));
                Candidate { id, sequence: number as u64, created_at_ms: at, proven, pinned, damaged }
            })
            .collect()
    })
}

/// Written the other way round: for each backup, is anything for it?
fn stays(rules: &RetentionRules, series: &[Candidate], backup: &Candidate) -> bool {
    let numbers = [rules.keep_last, rules.keep_days, rules.daily, rules.weekly, rules.monthly, rules.yearly];
    let good: Vec<&Candidate> = series.iter().filter(|other| !other.damaged).collect();
    let newer: Vec<&&Candidate> = good.iter().filter(|other| other.sequence > backup.sequence).collect();
    if backup.pinned
        || backup.damaged
        || newer.is_empty()
        || numbers.iter().all(|number| number.unwrap_or(0) == 0)
    {
        return true;
    }
    if backup.proven && !newer.iter().any(|other| other.proven) {
        return true;
    }
    let newest = good.iter().map(|other| other.created_at_ms).max().unwrap();
    let within = |days: u32| days > 0 && newest - backup.created_at_ms <= i64::from(days) * DAY_MS;
    if newer.len() < rules.keep_last.unwrap_or(0) as usize || rules.keep_days.is_some_and(within) {
        return true;
    }
    let utc = |other: &Candidate| Utc.timestamp_millis_opt(other.created_at_ms).unwrap();
    let monday = |other: &Candidate| {
        let day = utc(other).date_naive();
        (day - chrono::TimeDelta::days(i64::from(day.weekday().num_days_from_monday()))).to_string()
    };
    let day = |other: &Candidate| utc(other).date_naive().to_string();
    let month = |other: &Candidate| utc(other).format("%Y-%m").to_string();
    let year = |other: &Candidate| utc(other).year().to_string();
    type Named<'a> = (&'a Option<u32>, &'a dyn Fn(&Candidate) -> String);
    let named: [Named<'_>; 4] =
        [(&rules.daily, &day), (&rules.weekly, &monday), (&rules.monthly, &month), (&rules.yearly, &year)];
    named.iter().any(|(wanted, name)| {
        let mine = name(backup);
        let later: BTreeSet<String> = newer.iter().map(|other| name(other)).collect();
        !later.contains(&mine) && later.len() < wanted.unwrap_or(0) as usize
    })
}

proptest! {
    #[test]
    fn what_stays_is_what_a_plain_model_keeps(rules in rules(), series in steady()) {
        for verdict in judge(&rules, &series, Tz::UTC) {
            let backup = series.iter().find(|backup| backup.id == verdict.id).unwrap();
            prop_assert_eq!(!verdict.goes(), stays(&rules, &series, backup), "{:?} {:?}", backup, verdict);
        }
    }

    /// A life of a database: each step a backup succeeds or fails at whatever the clock says, and retention runs.
    #[test]
    fn no_history_of_failures_and_jumps_removes_the_newest_proven_backup(
        rules in rules(),
        steps in proptest::collection::vec(
            (prop_oneof![8 => 1i64..48, 1 => Just(87_600i64), 1 => Just(-87_600i64), 1 => -72i64..0],
             proptest::bool::weighted(0.6), any::<bool>()),
            1..80,
        ),
    ) {
        let mut at = 1_750_000_000_000i64;
        let mut there: Vec<Candidate> = Vec::new();
        for (number, (hours, succeeds, proven)) in steps.into_iter().enumerate() {
            at += hours * HOUR_MS;
            if succeeds {
                let id = BackupId(format!("{number:04}"));
                let (pinned, damaged) = (false, false);
                there.push(Candidate { id, sequence: number as u64, created_at_ms: at, proven, pinned, damaged });
            }
            let verdicts = judge(&rules, &there, Tz::Europe__Berlin);
            if !succeeds {
                prop_assert!(verdicts.iter().all(|verdict| !verdict.goes()), "a failure removed something");
            }
            let gone = |backup: &Candidate| verdicts.iter().any(|verdict| verdict.id == backup.id && verdict.goes());
            if let Some(newest) = there.iter().rfind(|backup| backup.proven) {
                prop_assert!(!gone(newest));
            }
            prop_assert!(there.last().is_none_or(|newest| !gone(newest)));
            there.retain(|backup| !gone(backup));
        }
    }
}

fn daily(hours: &[i64]) -> Vec<Candidate> {
    let backup = |(number, at): (usize, &i64)| Candidate {
        id: BackupId(format!("{number:04}")),
        sequence: number as u64,
        created_at_ms: 1_750_000_000_000 + at * HOUR_MS,
        proven: false,
        pinned: false,
        damaged: false,
    };
    hours.iter().enumerate().map(backup).collect()
}

fn going(rules: &RetentionRules, series: &[Candidate]) -> Vec<usize> {
    let verdicts = judge(rules, series, Tz::UTC);
    let mut ids: Vec<usize> = verdicts
        .iter()
        .filter(|verdict| verdict.goes())
        .map(|verdict| verdict.id.as_str().parse().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn a_clock_ten_years_ahead_ages_nothing() {
    let week = RetentionRules { keep_days: Some(7), ..RetentionRules::default() };
    let days: Vec<i64> = (0..8).map(|day| day * 24).collect();
    assert_eq!(going(&week, &daily(&days)), Vec::<usize>::new());
    // The next one comes with a wrong year: it counts as one day later, and so only the oldest has left the week.
    let mut ahead = days.clone();
    ahead.push(8 * 24 + 87_600);
    assert_eq!(going(&week, &daily(&ahead)), [0]);
    // The clock is put right: the wrong time is contradicted now, and takes nobody's place.
    ahead.push(8 * 24);
    assert_eq!(going(&week, &daily(&ahead)), [0]);
    let verdicts = judge(&week, &daily(&ahead), Tz::UTC);
    assert_eq!(verdicts[1].reasons, [KeepReason::ClockWrong]);
}

#[test]
fn a_rule_of_none_removes_nothing() {
    let none = RetentionRules { keep_last: Some(0), daily: Some(0), ..RetentionRules::default() };
    assert_eq!(going(&none, &daily(&[0, 24, 48])), Vec::<usize>::new());
}
