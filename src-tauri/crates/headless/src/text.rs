//! How numbers, times and tables read in a terminal. Pure functions.

use chrono::{Local, TimeZone};
use holdfast_contract::backup::{Backup, BackupState, Level};

/// IEC units, three significant digits: `1.42 GiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    match (unit, value) {
        (0, _) => format!("{count} B"),
        (_, value) if value < 10.0 => format!("{value:.2} {}", UNITS[unit]),
        (_, value) if value < 100.0 => format!("{value:.1} {}", UNITS[unit]),
        _ => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// `12,345,678`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 table`, `1,234 tables`.
pub fn count(value: u64, one: &str) -> String {
    format!("{} {one}{}", number(value), if value == 1 { "" } else { "s" })
}

/// Local time with its offset: `2026-11-21 14:03:09 +01:00`.
pub fn time(at_ms: i64) -> String {
    match Local.timestamp_millis_opt(at_ms).single() {
        Some(time) => time.format("%Y-%m-%d %H:%M:%S %:z").to_string(),
        None => format!("{at_ms} ms"),
    }
}

/// `4 min 10 s`, `1.2 s`, `80 ms`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// The badge of a backup: its level, or why it has none.
pub fn badge(backup: &Backup) -> String {
    let level = match backup.level {
        Some(Level::Stored) => "stored",
        Some(Level::Decoded) => "decoded",
        Some(Level::Restored) => "restored",
        None => "",
    };
    match (backup.state, backup.damaged) {
        (_, true) => "DAMAGED".to_owned(),
        (BackupState::Complete, _) => level.to_owned(),
        (BackupState::Partial, _) => format!("{level}, partial"),
        (state, _) => word(&state),
    }
}

/// The wire's own word for an enum value: `snake_case` with blanks.
pub fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text.replace('_', " "),
        _ => String::new(),
    }
}

#[derive(Clone, Copy, PartialEq)]
pub enum Align {
    Left,
    Right,
}

/// Columns as wide as their widest cell. Control characters in cells (names come from databases) are made visible.
pub fn table(head: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].0.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let mut text = String::new();
        for ((cell, (_, align)), width) in cells.iter().zip(head).zip(&widths) {
            let pad = " ".repeat(width - cell.chars().count());
            text.push_str(&if *align == Align::Right {
                format!("{pad}{cell}  ")
            } else {
                format!("{cell}{pad}  ")
            });
        }
        text.trim_end().to_owned()
    };
    let mut lines = vec![line(head.iter().map(|(name, _)| *name).collect())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

/// A database chooses its names: an escape sequence in one must not reach the terminal.
pub fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_numbers_read_well() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1536), "1.50 KiB");
        assert_eq!(bytes(1 << 40), "1.00 TiB");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(123), "123");
        assert_eq!(duration(250_000), "4 min 10 s");
    }

    #[test]
    fn hostile_names_cannot_drive_the_terminal() {
        let text = table(&[("name", Align::Left)], &[vec!["a\u{1b}[2Jb\nc".to_owned()]]);
        assert!(!text.contains('\u{1b}'));
        assert_eq!(text.lines().count(), 2);
    }
}
