//! The hours in which runs may start, as intervals between instants.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;
use holdfast_contract::ApiError;
use holdfast_contract::schedule::{Day, Window};

use super::{refused, zone};

#[derive(Clone, Debug)]
pub struct Hours {
    opens_on: Vec<Weekday>,
    from: NaiveTime,
    /// From midnight of the day it opens.
    until: TimeDelta,
}

impl Hours {
    pub fn parse(window: &Window) -> Result<Self, ApiError> {
        if window.days.is_empty() {
            return Err(refused("The window has no days, so it would never open."));
        }
        let from = minutes(&window.from)?;
        let until = minutes(&window.until)?;
        if from == until || from == DAY {
            return Err(refused("The window opens and closes at the same time, so it would never be open.")
                .hint("For the whole day write 00:00 to 24:00."));
        }
        let opens = NaiveTime::MIN + TimeDelta::minutes(from);
        let until = TimeDelta::minutes(if until < from { until + DAY } else { until });
        Ok(Self { opens_on: window.days.iter().map(|day| weekday(*day)).collect(), from: opens, until })
    }

    /// When the interval that holds `at_ms` ends; `None` outside.
    pub fn closes_after(&self, at_ms: i64, zone: Tz) -> Option<i64> {
        let today = zone::local(at_ms, zone)?.date();
        // It may have opened yesterday; the day before, where the calendar skipped one.
        (-2..=1)
            .filter_map(|days| self.interval(today.checked_add_signed(TimeDelta::days(days))?, zone))
            .filter(|(opens, closes)| (*opens..*closes).contains(&at_ms))
            .map(|(_, closes)| closes)
            .max()
    }

    /// The next opening after `at_ms`.
    pub fn opens_after(&self, at_ms: i64, zone: Tz) -> Option<i64> {
        let today = zone::local(at_ms, zone)?.date();
        (-1..=8)
            .filter_map(|days| self.interval(today.checked_add_signed(TimeDelta::days(days))?, zone))
            .map(|(opens, _)| opens)
            .find(|opens| *opens > at_ms)
    }

    fn interval(&self, day: NaiveDate, zone: Tz) -> Option<(i64, i64)> {
        if !self.opens_on.contains(&day.weekday()) {
            return None;
        }
        let opens = zone::first_instant(day.and_time(self.from), zone)?;
        let closes = NaiveDateTime::from(day).checked_add_signed(self.until)?;
        Some((opens, zone::last_instant(closes, zone)?))
    }
}

const DAY: i64 = 24 * 60;

/// `HH:MM` up to `24:00`, in minutes.
fn minutes(text: &str) -> Result<i64, ApiError> {
    let parts = text.split_once(':').filter(|(hours, minutes)| hours.len() <= 2 && minutes.len() == 2);
    let number = |digits: &str| {
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    parts
        .and_then(|(hours, minutes)| Some((number(hours)?, number(minutes)?)))
        .filter(|(_, minutes)| *minutes < 60)
        .map(|(hours, minutes)| hours * 60 + minutes)
        .filter(|minutes| *minutes <= DAY)
        .ok_or_else(|| {
            refused(format!("“{}” is not a time of day.", text.escape_debug())).hint("Write it like 22:00.")
        })
}

fn weekday(day: Day) -> Weekday {
    match day {
        Day::Mon => Weekday::Mon,
        Day::Tue => Weekday::Tue,
        Day::Wed => Weekday::Wed,
        Day::Thu => Weekday::Thu,
        Day::Fri => Weekday::Fri,
        Day::Sat => Weekday::Sat,
        Day::Sun => Weekday::Sun,
    }
}
