//! How sizes, spans of time and moments are said in sentences.

use chrono::{DateTime, Utc};

/// To the minute, in UTC.
pub(crate) fn moment(at_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(at_ms)
        .map_or_else(|| "an unknown time".into(), |time| time.format("%Y-%m-%d %H:%M UTC").to_string())
}

/// In the largest unit that tells enough.
pub(crate) fn span(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let counted = |number: i64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match minutes {
        0 => "less than a minute".into(),
        1..120 => counted(minutes, "minute"),
        120..2880 => counted(minutes / 60, "hour"),
        _ => counted(minutes / 1440, "day"),
    }
}

/// IEC units, as everywhere in the product.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
        assert_eq!(span(30_000), "less than a minute");
        assert_eq!(span(60_000), "1 minute");
        assert_eq!(span(3 * 3_600_000), "3 hours");
        assert_eq!(moment(0), "1970-01-01 00:00 UTC");
    }
}
