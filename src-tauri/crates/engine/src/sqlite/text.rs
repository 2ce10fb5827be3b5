//! One row as one line: the form that is hashed and, for chosen tables, stored.
//!
//! COPY text (tab between values, `\n` after the row, `\N` for NULL, `\\ \t \n \r` escaped) in which the first
//! byte of a value tells its storage class, so that two different values never have the same text:
//!
//! | storage class | form | examples |
//! |---|---|---|
//! | NULL | `\N` | |
//! | INTEGER | digits | `42`, `-1` |
//! | REAL | the shortest digits that read back exactly, with `.`, `e` or `inf` | `42.0`, `1e300`, `-inf` |
//! | TEXT | `'` and the text as UTF-8 (bytes that are not UTF-8 as they are) | `'42`, `'` |
//! | TEXT, broken UTF-16 | `w` and the hex digits of its bytes | `w00d8` |
//! | BLOB | `x` and hex digits | `x00ff`, `x` |

use std::io::Write;

use rusqlite::types::{Value, ValueRef};

/// A value as read back from its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Plain(Value),
    /// Text whose bytes are not UTF-8, in the database's own encoding.
    RawText(Vec<u8>),
    /// Text bytes in UTF-16 that is not well-formed.
    RawWide(Vec<u8>),
}

pub(super) fn encode(value: ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::Null => out.extend_from_slice(b"\\N"),
        ValueRef::Integer(number) => write!(out, "{number}").expect("writing to memory"),
        ValueRef::Real(number) => write!(out, "{number:?}").expect("writing to memory"),
        ValueRef::Text(bytes) => {
            out.push(b'\'');
            escape(bytes, out);
        }
        ValueRef::Blob(bytes) => {
            out.push(b'x');
            hex(bytes, out);
        }
    }
}

/// Text of a UTF-16 database, as its own bytes.
pub(super) fn encode_wide(bytes: &[u8], big_endian: bool, out: &mut Vec<u8>) {
    match decode_wide(bytes, big_endian) {
        Some(text) => {
            out.push(b'\'');
            escape(text.as_bytes(), out);
        }
        None => {
            out.push(b'w');
            hex(bytes, out);
        }
    }
}

pub(super) fn decode_wide(bytes: &[u8], big_endian: bool) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let read = if big_endian { u16::from_be_bytes } else { u16::from_le_bytes };
    char::decode_utf16(units.iter().map(|unit| read(*unit))).collect::<Result<String, _>>().ok()
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len());
    for byte in bytes {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(*other),
        }
    }
}

pub(super) fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// One line without its end. `None`: it is not in this form.
pub(super) fn decode_row(line: &[u8]) -> Option<Vec<Cell>> {
    line.split(|byte| *byte == b'\t').map(decode).collect()
}

fn decode(text: &[u8]) -> Option<Cell> {
    if text == b"\\N" {
        return Some(Cell::Plain(Value::Null));
    }
    let (first, rest) = text.split_first()?;
    Some(match first {
        b'\'' => {
            let bytes = unescape(rest)?;
            match String::from_utf8(bytes) {
                Ok(text) => Cell::Plain(Value::Text(text)),
                Err(error) => Cell::RawText(error.into_bytes()),
            }
        }
        b'x' => Cell::Plain(Value::Blob(unhex(rest)?)),
        b'w' => Cell::RawWide(unhex(rest)?),
        _ => {
            let digits = std::str::from_utf8(text).ok()?;
            let real = digits.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'f'));
            Cell::Plain(if real {
                Value::Real(digits.parse().ok()?)
            } else {
                Value::Integer(digits.parse().ok()?)
            })
        }
    })
}

fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            other => *other,
        });
    }
    Some(out)
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn line(value: ValueRef<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        encode(value, &mut out);
        out
    }

    #[test]
    fn different_values_have_different_text_and_come_back() {
        let values = [
            Value::Null,
            Value::Integer(5),
            Value::Integer(i64::MIN),
            Value::Real(5.0),
            Value::Real(1e300),
            Value::Real(5e-324),
            Value::Real(f64::INFINITY),
            Value::Real(f64::NEG_INFINITY),
            Value::Real(0.1 + 0.2),
            Value::Text("5".into()),
            Value::Text("5.0".into()),
            Value::Text(String::new()),
            Value::Text("\\N".into()),
            Value::Text("x00".into()),
            Value::Text("a\tb\nc\rd\\e\0f 🦊".into()),
            Value::Blob(vec![]),
            Value::Blob(b"5".to_vec()),
            Value::Blob(vec![0, 255, 9, 10]),
        ];
        let lines: Vec<_> = values.iter().map(|value| line(value.into())).collect();
        for (index, text) in lines.iter().enumerate() {
            assert!(!text.contains(&b'\n') && !text.contains(&b'\t'));
            assert_eq!(lines.iter().filter(|other| *other == text).count(), 1, "{:?}", values[index]);
            assert_eq!(decode_row(text).unwrap(), [Cell::Plain(values[index].clone())]);
        }
        assert_eq!(decode(&line(ValueRef::Text(b"a\xff"))).unwrap(), Cell::RawText(b"a\xff".to_vec()));
        let mut wide = Vec::new();
        encode_wide(&[0x00, 0xd8], false, &mut wide);
        assert_eq!(decode(&wide).unwrap(), Cell::RawWide(vec![0x00, 0xd8]));
        for bad in [&b""[..], b"'\\q", b"x0", b"hello", b"1.2.3"] {
            assert_eq!(decode(bad), None, "{bad:?}");
        }
    }
}
