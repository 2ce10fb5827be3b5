//! Times as they are typed: `6h`, `mon-fri 22:00-06:00`.

use holdfast_contract::schedule::{AtClose, Day, Missed, Timing, When, Window};
use holdfast_contract::{ApiError, ErrorCode};

use crate::cli::Times;
use crate::failure::Result;

const DAYS: [(&str, Day); 7] = [
    ("mon", Day::Mon),
    ("tue", Day::Tue),
    ("wed", Day::Wed),
    ("thu", Day::Thu),
    ("fri", Day::Fri),
    ("sat", Day::Sat),
    ("sun", Day::Sun),
];

/// `local_zone` is asked when none was given.
pub fn timing(times: Times, local_zone: impl Fn() -> Option<String>) -> Result<Timing> {
    let when = match (times.when.cron, times.when.every, times.when.at) {
        (Some(pattern), ..) => When::Cron { pattern },
        (_, Some(text), _) => When::Every { seconds: span(&text)? },
        (.., Some(at)) => When::Once { at },
        _ => When::Start,
    };
    let zone = times.zone.or_else(local_zone).unwrap_or_else(|| "UTC".to_owned());
    let at_close = if times.stop_at_close { AtClose::Stop } else { AtClose::Finish };
    let window = times.window.as_deref().map(|text| window(text, at_close)).transpose()?;
    let missed = if times.skip_missed { Missed::Skip } else { Missed::CatchUp };
    let jitter = times.jitter.as_deref().map(span).transpose()?.unwrap_or(0);
    Ok(Timing { when, zone, window, missed, jitter_seconds: u32::try_from(jitter).unwrap_or(u32::MAX) })
}

/// `90s`, `15m`, `6h`, `1d` in seconds.
fn span(text: &str) -> Result<u64> {
    let size = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => 0,
    };
    let number = text.get(..text.len().saturating_sub(1)).and_then(|digits| digits.parse::<u64>().ok());
    match number.and_then(|number| number.checked_mul(size)).filter(|_| size > 0) {
        Some(seconds) => Ok(seconds),
        None => Err(usage(format!("“{text}” is not a length of time."), "Write it like 15m, 6h or 1d.")),
    }
}

/// A length of time in milliseconds.
pub fn length_ms(text: &str) -> Result<u64> {
    span(text).map(|seconds| seconds.saturating_mul(1000))
}

/// `mon-fri 22:00-06:00`; without days, every day.
fn window(text: &str, at_close: AtClose) -> Result<Window> {
    let (days, hours) = text.trim().rsplit_once(' ').unwrap_or(("mon-sun", text.trim()));
    let parsed = hours.split_once('-').zip(days_of(days));
    let ((from, until), days) = parsed.ok_or_else(|| {
        usage(format!("“{text}” is not a window."), "Write it like 22:00-06:00 or mon-fri 22:00-06:00.")
    })?;
    Ok(Window { days, from: from.to_owned(), until: until.to_owned(), at_close })
}

/// `mon-fri`, `sat,sun`, `fri-mon`.
fn days_of(text: &str) -> Option<Vec<Day>> {
    let place = |name: &str| DAYS.iter().position(|(known, _)| name.trim().eq_ignore_ascii_case(known));
    let mut chosen = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (place(first)?, place(last)?);
        let length = (last + 7 - first) % 7;
        (0..=length).for_each(|step| chosen[(first + step) % 7] = true);
    }
    Some(DAYS.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|((_, day), _)| *day).collect())
}

fn usage(message: String, hint: &str) -> crate::failure::Failure {
    ApiError::new(ErrorCode::BadRequest, message).hint(hint).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_may_go_round_the_week() {
        use Day::{Fri, Mon, Sat, Sun, Wed};
        assert_eq!(days_of("fri-mon").unwrap(), [Mon, Fri, Sat, Sun]);
        assert_eq!(days_of("Sat,sun, wed").unwrap(), [Wed, Sat, Sun]);
        assert!(days_of("weekdays").is_none());
    }

    #[test]
    fn windows_and_spans_are_read_or_refused() {
        let nightly = window("mon-fri 22:00-06:00", AtClose::Finish).ok().unwrap();
        assert_eq!(
            (nightly.days.len(), nightly.from.as_str(), nightly.until.as_str()),
            (5, "22:00", "06:00")
        );
        assert_eq!(window("22:00-06:00", AtClose::Stop).ok().unwrap().days.len(), 7);
        assert!(window("at night", AtClose::Finish).is_err());
        assert_eq!(span("6h").ok(), Some(21_600));
        assert!(span("6").is_err() && span("").is_err() && span("h").is_err() && span("é").is_err());
    }
}
