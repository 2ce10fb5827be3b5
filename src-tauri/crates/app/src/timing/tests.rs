//! Against a model that walks through a year minute by minute and looks at the clock on the wall.
#![allow(clippy::unwrap_used)]

use std::str::FromStr;

use chrono::{NaiveDateTime, TimeDelta, TimeZone, Utc};
use croner::Cron;
use holdfast_contract::schedule::{AtClose, Day, Missed, Timing, When, Window};
use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60_000;

fn instant(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

fn cron(pattern: &str, zone: &str) -> Timing {
    let when = When::Cron { pattern: pattern.into() };
    Timing { when, zone: zone.into(), window: None, missed: Missed::CatchUp, jitter_seconds: 0 }
}

fn coming(timing: &Timing, after: &str, count: usize) -> Vec<String> {
    let after = instant(after);
    let table = Timetable::new(timing, after).unwrap();
    let utc = |at: i64| Utc.timestamp_millis_opt(at).unwrap().format("%m-%d %H:%M").to_string();
    table.coming(after, count).into_iter().map(utc).collect()
}

/// Every local minute counts when clocks first show it; those they jump over count together at the jump.
fn model(pattern: &str, zone: chrono_tz::Tz, from: i64, days: i64) -> Vec<i64> {
    let cron = Cron::from_str(pattern).unwrap();
    let shown = |at: i64| Utc.timestamp_millis_opt(at).unwrap().with_timezone(&zone).naive_local();
    let mut seen: NaiveDateTime = shown(from);
    let mut due = Vec::new();
    for minute in 1..=days * 24 * 60 {
        let at = from + minute * MINUTE;
        let now = shown(at);
        let mut matched = false;
        while seen < now {
            seen += TimeDelta::minutes(1);
            matched |= cron.is_time_matching(&seen).unwrap();
        }
        if matched {
            due.push(at);
        }
    }
    due
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_year_of_any_pattern_in_any_zone_is_as_the_clock_on_the_wall_shows_it(
        minute in prop_oneof![Just("0"), Just("30"), Just("*/20"), Just("5,59"), Just("*")],
        hour in prop_oneof![Just("*"), Just("0"), Just("1"), Just("2"), Just("3"), Just("*/5"), Just("23")],
        day in prop_oneof![3 => Just("*"), 1 => Just("L"), 1 => Just("15,30")],
        weekday in prop_oneof![3 => Just("*"), 1 => Just("SUN"), 1 => Just("MON#1")],
        zone in prop_oneof![
            Just("Europe/Berlin"), Just("America/New_York"), Just("Australia/Lord_Howe"), Just("Africa/Casablanca"),
            Just("Pacific/Apia"), Just("America/Santiago"), Just("UTC"),
        ],
        // Apia skipped 2011-12-30.
        year in prop_oneof![Just(2011), Just(2026)],
    ) {
        let pattern = format!("{minute} {hour} {day} * {weekday}");
        let from = Utc.with_ymd_and_hms(year, 1, 5, 0, 0, 0).unwrap().timestamp_millis();
        let table = Timetable::new(&cron(&pattern, zone), from).unwrap();
        let days = 370;
        let until = from + days * 24 * 60 * MINUTE;
        let expected = model(&pattern, zone.parse().unwrap(), from, days);
        let found: Vec<i64> = std::iter::successors(table.after(from), |at| table.after(*at))
            .take_while(|at| *at <= until)
            .collect();
        prop_assert_eq!(&found, &expected);
        let due = table.due(from, until).unwrap();
        prop_assert_eq!(due.at_ms, *expected.last().unwrap());
        prop_assert_eq!(due.count as usize, expected.len().min(1000));
    }
}

#[test]
fn a_repeated_hour_runs_once_and_a_skipped_one_at_the_next_instant() {
    // Berlin: back from 03:00 to 02:00 on 2026-10-25, forward from 02:00 to 03:00 on 2026-03-29.
    let half_past_two = cron("30 2 * * *", "Europe/Berlin");
    assert_eq!(coming(&half_past_two, "2026-10-24T12:00:00Z", 2), ["10-25 00:30", "10-26 01:30"]);
    assert_eq!(coming(&half_past_two, "2026-03-28T12:00:00Z", 2), ["03-29 01:00", "03-30 00:30"]);
    // Asked for in the second pass of the repeated hour.
    assert_eq!(coming(&half_past_two, "2026-10-25T01:10:00Z", 1), ["10-26 01:30"]);
}

#[test]
fn an_interval_does_not_care_for_clocks_on_the_wall() {
    let timing = Timing { when: When::Every { seconds: 6 * 60 * 60 }, ..cron("* * * * *", "Europe/Berlin") };
    assert_eq!(coming(&timing, "2026-10-24T20:00:00Z", 3), ["10-25 02:00", "10-25 08:00", "10-25 14:00"]);
}

#[test]
fn once_is_once() {
    let once =
        Timing { when: When::Once { at: "2026-03-29T02:30".into() }, ..cron("* * * * *", "Europe/Berlin") };
    assert_eq!(coming(&once, "2026-03-01T00:00:00Z", 5), ["03-29 01:00"]);
    assert_eq!(coming(&once, "2026-03-29T01:00:00Z", 5), Vec::<String>::new());
}

fn nights(days: &[Day], from: &str, until: &str) -> Option<Window> {
    Some(Window { days: days.to_vec(), from: from.into(), until: until.into(), at_close: AtClose::Stop })
}

#[test]
fn only_times_inside_the_window_are_runs() {
    let window = nights(&[Day::Fri], "22:00", "06:00");
    let timing = Timing { window, ..cron("0 */4 * * *", "Europe/Berlin") };
    // Saturday's small hours belong to Friday's window.
    let expected = ["11-27 23:00", "11-28 03:00", "12-04 23:00"];
    assert_eq!(coming(&timing, "2026-11-21T12:00:00Z", 3), expected);
    let table = Timetable::new(&timing, 0).unwrap();
    let inside = instant("2026-11-28T03:00:00Z");
    assert_eq!(table.must_stop_at(inside), Some(instant("2026-11-28T05:00:00Z")));
    assert_eq!(table.opens_after(inside), Some(instant("2026-12-04T21:00:00Z")));
    assert!(!table.open_at(instant("2026-11-28T05:00:00Z")));
}

#[test]
fn what_can_never_run_is_refused_with_a_reason() {
    let base = cron("0 12 * * *", "Europe/Berlin");
    let cases = [
        (cron("0 0 30 2 *", "UTC"), "never comes"),
        (cron("61 * * * *", "UTC"), "not a cron pattern"),
        (cron("* * * * * *", "UTC"), "not a cron pattern"),
        (cron("0 2 * * *", "Europe/Atlantis"), "no time zone"),
        (Timing { window: nights(&[Day::Mon], "22:00", "06:00"), ..base.clone() }, "inside the window"),
        (Timing { window: nights(&[], "22:00", "06:00"), ..base.clone() }, "no days"),
        (Timing { window: nights(&[Day::Mon], "08:00", "08:00"), ..base.clone() }, "same time"),
        (Timing { window: nights(&[Day::Mon], "8", "25:00"), ..base.clone() }, "time of day"),
        (Timing { when: When::Every { seconds: 5 }, ..base.clone() }, "one minute"),
        (Timing { when: When::Once { at: "tomorrow".into() }, ..base.clone() }, "date and time"),
        (Timing { jitter_seconds: 4000, ..base }, "one hour"),
    ];
    for (timing, word) in cases {
        let error = Timetable::new(&timing, instant("2026-11-21T00:00:00Z")).unwrap_err();
        assert!(error.message.contains(word), "{timing:?}: {}", error.message);
    }
}

#[test]
fn ten_years_at_once_are_counted_no_longer_than_needed() {
    let from = instant("2026-11-21T00:00:00Z");
    let until = instant("2036-11-21T00:00:30Z");
    let table = Timetable::new(&cron("* * * * *", "Europe/Berlin"), from).unwrap();
    assert_eq!(table.due(from, until), Some(Due { at_ms: instant("2036-11-21T00:00:00Z"), count: 1000 }));
    assert_eq!(table.due(until, until), None);
}
