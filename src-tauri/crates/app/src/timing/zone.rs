//! Local time and instants.

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use holdfast_contract::ApiError;

use super::refused;

/// No zone has skipped more than a day at once (Samoa, 2011).
const LONGEST_GAP: TimeDelta = TimeDelta::hours(26);

pub fn parse(name: &str) -> Result<Tz, ApiError> {
    name.parse().map_err(|_| {
        refused(format!("There is no time zone “{}”.", name.escape_debug()))
            .hint("Use a name such as Europe/Berlin, America/New_York or UTC.")
    })
}

/// `2026-11-21T02:00`, seconds allowed.
pub fn local_text(text: &str, zone: Tz) -> Result<i64, ApiError> {
    let parsed = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let local = parsed.ok_or_else(|| {
        refused(format!("“{}” is not a date and time.", text.escape_debug()))
            .hint("Write it like 2026-11-21T02:00.")
    })?;
    first_instant(local, zone).ok_or_else(|| refused(format!("{text} is too far away.")))
}

/// What clocks on the wall show.
pub fn local(at_ms: i64, zone: Tz) -> Option<NaiveDateTime> {
    Some(Utc.timestamp_millis_opt(at_ms).single()?.with_timezone(&zone).naive_local())
}

/// `2026-11-22 02:00 CET`.
pub fn shown(at_ms: i64, zone: Tz) -> String {
    let at = Utc.timestamp_millis_opt(at_ms).single();
    at.map(|at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string()).unwrap_or_default()
}

/// The first instant at which clocks show `local`; where they never do, the instant at which they jump over it.
pub fn first_instant(local: NaiveDateTime, zone: Tz) -> Option<i64> {
    match zone.from_local_datetime(&local).earliest() {
        Some(at) => Some(at.timestamp_millis()),
        None => jump_over(local, zone),
    }
}

/// The last instant at which clocks show `local`, otherwise as [`first_instant`].
pub fn last_instant(local: NaiveDateTime, zone: Tz) -> Option<i64> {
    match zone.from_local_datetime(&local).latest() {
        Some(at) => Some(at.timestamp_millis()),
        None => jump_over(local, zone),
    }
}

fn jump_over(local: NaiveDateTime, zone: Tz) -> Option<i64> {
    let offset = |at: DateTime<Utc>| at.with_timezone(&zone).offset().fix().local_minus_utc();
    // With the offset of before the jump, a skipped local time lies after it.
    let before = local.checked_sub_signed(LONGEST_GAP)?.and_utc();
    let mut after = (local - TimeDelta::seconds(i64::from(offset(before)))).and_utc();
    let mut before = before;
    let new = offset(after);
    while (after - before).num_seconds() > 1 {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if offset(middle) == new {
            after = middle;
        } else {
            before = middle;
        }
    }
    Some(after.timestamp_millis())
}
