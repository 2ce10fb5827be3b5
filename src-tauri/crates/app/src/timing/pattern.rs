//! Cron patterns, followed on the local calendar.

use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use holdfast_contract::ApiError;

use super::{refused, zone};

#[derive(Clone, Debug)]
pub struct Pattern(Cron);

/// Local times that a pattern may name within the hours that come twice, or jump over at once: a pattern of every
/// minute and a whole day.
const FOLD: usize = 24 * 60 + 1;

impl Pattern {
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        parser.parse(text).map(Self).map_err(|error| {
            refused(format!("“{}” is not a cron pattern: {error}.", text.escape_debug()))
                .hint("Write five fields, minute hour day month weekday: `0 2 * * *` is every day at 02:00.")
        })
    }

    /// The pattern in English, without a full stop.
    pub fn words(&self) -> String {
        self.0.describe().trim_end_matches('.').to_owned()
    }

    /// The first instant after `after_ms` that the pattern names; `None` when it names no day at all.
    pub fn next(&self, after_ms: i64, zone: Tz) -> Option<i64> {
        let mut local = zone::local(after_ms, zone)?;
        for _ in 0..FOLD {
            local = self.0.find_next_occurrence(&local, false).ok()?;
            let at = zone::first_instant(local, zone)?;
            // In the second pass of a repeated hour the calendar has been there before.
            if at > after_ms {
                return Some(at);
            }
        }
        None
    }
}
