//! When a schedule is due: pure computation, no clock and no storage.
//!
//! Daylight saving is decided here and nowhere else: patterns are read on the local calendar, and [`zone`] turns a
//! local time into exactly one instant. So a repeated hour counts once and a skipped one counts at the next instant.
//!
//! ```text
//! let table = Timetable::new(&timing, anchor_ms)?;      refuses what can never be due
//! table.after(now_ms)                                   the next due time
//! table.due(seen_ms, now_ms)                            what came due since the last look
//! ```

mod known;
mod pattern;
#[cfg(test)]
mod tests;
mod window;
mod zone;

use chrono_tz::Tz;
use holdfast_contract::schedule::{AtClose, Timing, When};
use holdfast_contract::{ApiError, ErrorCode};

pub use known::Known;
pub use zone::parse as zone;

use pattern::Pattern;
use window::Hours;

/// Shortest interval: schedules are looked at by the minute.
const SHORTEST_SECONDS: u64 = 60;
const LONGEST_SECONDS: u64 = 366 * 24 * 60 * 60;
const MOST_JITTER_SECONDS: u32 = 60 * 60;
/// Due times looked at for one that falls into the window before they are said to never meet: more than a year
/// of one every fifteen minutes.
const PATIENCE: usize = 40_000;
/// Missed due times are counted up to here.
const MOST_COUNTED: u32 = 1000;

/// A timing that has been understood.
#[derive(Clone, Debug)]
pub struct Timetable {
    rule: Rule,
    zone: Tz,
    hours: Option<Hours>,
    at_close: AtClose,
}

#[derive(Clone, Debug)]
enum Rule {
    Pattern(Box<Pattern>),
    Every { anchor_ms: i64, period_ms: i64 },
    Once(i64),
    Start,
}

/// Due times between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The last of them.
    pub at_ms: i64,
    /// How many there were, [`MOST_COUNTED`] at most.
    pub count: u32,
}

impl Timetable {
    /// `anchor_ms`: where an interval starts to count, usually the moment the schedule was made. Refuses a pattern,
    /// zone or window that is wrong or that can never be due, in words for the person who wrote it.
    pub fn new(timing: &Timing, anchor_ms: i64) -> Result<Self, ApiError> {
        let zone = zone::parse(&timing.zone)?;
        if timing.jitter_seconds > MOST_JITTER_SECONDS {
            return Err(refused("A start may be spread over one hour (3600 seconds) at most."));
        }
        let hours = timing.window.as_ref().map(Hours::parse).transpose()?;
        let rule = match &timing.when {
            When::Cron { pattern } => Rule::Pattern(Box::new(Pattern::parse(pattern)?)),
            When::Every { seconds } if !(SHORTEST_SECONDS..=LONGEST_SECONDS).contains(seconds) => {
                return Err(refused("An interval is between one minute and 366 days."));
            }
            When::Every { seconds } => Rule::Every { anchor_ms, period_ms: (*seconds as i64) * 1000 },
            When::Once { at } => Rule::Once(zone::local_text(at, zone)?),
            When::Start => Rule::Start,
        };
        let at_close = timing.window.as_ref().map(|window| window.at_close).unwrap_or_default();
        let table = Self { rule, zone, hours, at_close };
        table.refuse_never(anchor_ms)?;
        Ok(table)
    }

    fn refuse_never(&self, from_ms: i64) -> Result<(), ApiError> {
        match &self.rule {
            Rule::Start => Ok(()),
            // A time that has passed is told by whoever asks for the next run.
            Rule::Once(at) if self.open_at(*at) => Ok(()),
            Rule::Once(_) => Err(refused("This time is outside the window, so it would never run.")),
            Rule::Pattern(pattern) if pattern.next(from_ms, self.zone).is_none() => {
                Err(refused("This pattern names a day that never comes, so it would never run."))
            }
            _ if self.after(from_ms).is_none() => {
                Err(refused("None of its times falls inside the window, so it would never run.")
                    .hint("Widen the window, or choose times inside it."))
            }
            _ => Ok(()),
        }
    }

    /// The first due time after `after_ms` that the window lets through.
    pub fn after(&self, after_ms: i64) -> Option<i64> {
        let mut at = after_ms;
        for _ in 0..PATIENCE {
            at = self.next(at)?;
            if self.open_at(at) {
                return Some(at);
            }
            // Nothing is let through before it opens again.
            at = at.max(self.hours.as_ref()?.opens_after(at, self.zone)?.saturating_sub(1));
        }
        None
    }

    /// The next `count` due times.
    pub fn coming(&self, after_ms: i64, count: usize) -> Vec<i64> {
        std::iter::successors(self.after(after_ms), |at| self.after(*at)).take(count).collect()
    }

    /// What came due in `(seen_ms, now_ms]`.
    pub fn due(&self, seen_ms: i64, now_ms: i64) -> Option<Due> {
        let mut first = self.after(seen_ms).filter(|at| *at <= now_ms)?;
        let mut count = 1;
        while count < MOST_COUNTED {
            match self.after(first) {
                Some(next) if next <= now_ms => (first, count) = (next, count + 1),
                _ => return Some(Due { at_ms: first, count }),
            }
        }
        let last = self.last(first, now_ms);
        Some(Due { at_ms: last.unwrap_or(first), count })
    }

    /// Whether a run may start now.
    pub fn open_at(&self, at_ms: i64) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours.closes_after(at_ms, self.zone).is_some())
    }

    /// When a run may start again; `None` without a window.
    pub fn opens_after(&self, at_ms: i64) -> Option<i64> {
        self.hours.as_ref()?.opens_after(at_ms, self.zone)
    }

    /// When a run that goes on at `at_ms` must have stopped; `None` when it may finish.
    pub fn must_stop_at(&self, at_ms: i64) -> Option<i64> {
        match self.at_close {
            AtClose::Finish => None,
            AtClose::Stop => self.hours.as_ref()?.closes_after(at_ms, self.zone),
        }
    }

    /// The instant on the clocks of the schedule's zone: `2026-11-22 02:00 CET`.
    pub fn local(&self, at_ms: i64) -> String {
        zone::shown(at_ms, self.zone)
    }

    /// In words: "At 02:00." and the like, with the zone.
    pub fn words(&self) -> String {
        match &self.rule {
            Rule::Pattern(pattern) => format!("{} ({})", pattern.words(), self.zone),
            Rule::Every { period_ms, .. } => format!("Every {}", span(*period_ms / 1000)),
            Rule::Once(at) => format!("Once, on {}", self.local(*at)),
            Rule::Start => "Each time Holdfast starts".into(),
        }
    }

    pub fn runs_at_start(&self) -> bool {
        matches!(self.rule, Rule::Start)
    }

    fn next(&self, after_ms: i64) -> Option<i64> {
        match &self.rule {
            Rule::Pattern(pattern) => pattern.next(after_ms, self.zone),
            Rule::Every { anchor_ms, period_ms } => {
                let passed = (after_ms - anchor_ms).div_euclid(*period_ms).max(0);
                anchor_ms.checked_add(period_ms.checked_mul(passed + 1)?)
            }
            Rule::Once(at) => (*at > after_ms).then_some(*at),
            Rule::Start => None,
        }
    }

    /// The last due time in `(from_ms, until_ms]`, found backwards in steps that grow: a clock that jumped years
    /// ahead would make counting forwards long.
    fn last(&self, from_ms: i64, until_ms: i64) -> Option<i64> {
        let mut reach = 60 * 60 * 1000;
        loop {
            let start = until_ms.saturating_sub(reach).max(from_ms);
            let mut found = self.after(start).filter(|at| *at <= until_ms);
            if found.is_some() {
                while let Some(next) = found.and_then(|at| self.after(at)).filter(|at| *at <= until_ms) {
                    found = Some(next);
                }
                return found;
            }
            if start == from_ms {
                return None;
            }
            reach *= 4;
        }
    }
}

/// "6 hours", "90 minutes".
fn span(seconds: i64) -> String {
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds % size == 0).unwrap_or((1, "second"));
    match seconds / size {
        1 => unit.to_owned(),
        many => format!("{many} {unit}s"),
    }
}

fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}
