//! One row as one line of COPY text: tab between values, `\N` for NULL, `\\ \t \n \r` escaped, `\n` at the end.
//!
//! A column's [`Column::type_name`] is what the server prints as its type, and then, as far as it applies:
//!
//! | part | meaning |
//! |---|---|
//! | ` character set X` | the bytes are text in X, as stored, also where they are not valid in it |
//! | ` in hex` | lower-case hex digits of the stored bytes: binary strings, BIT, spatial values (SRID and WKB), text in UCS-2, UTF-16 and UTF-32 |
//! | ` as row start`, ` as row end` | the period of a system-versioned table's row |
//!
//! Numbers and dates are as the server prints them: TIMESTAMP in UTC, zero dates as `0000-00-00`, FLOAT with the
//! digits of a DOUBLE so that it reads back exactly.

use holdfast_contract::snapshot::Column;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Hex,
}

const HEX: &str = " in hex";
const CHARSET: &str = " character set ";
const ROW_START: &str = " as row start";
const ROW_END: &str = " as row end";

/// What decides how a column's values travel.
pub struct Declared<'a> {
    /// `varchar(20)`, `int(10) unsigned`.
    pub column_type: &'a str,
    /// `varchar`, `int`.
    pub data_type: &'a str,
    pub charset: Option<&'a str>,
    pub period: Option<Period>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Start,
    End,
}

pub fn type_name(declared: &Declared<'_>) -> String {
    let mut name = declared.column_type.to_owned();
    if let Some(charset) = declared.charset {
        name += CHARSET;
        name += charset;
    }
    match declared.period {
        Some(Period::Start) => name += ROW_START,
        Some(Period::End) => name += ROW_END,
        None => {}
    }
    let wide = matches!(declared.charset, Some("ucs2" | "utf16" | "utf16le" | "utf32"));
    if wide || is_binary(declared.data_type) {
        name += HEX;
    }
    name
}

fn is_binary(data_type: &str) -> bool {
    matches!(
        data_type,
        "bit"
            | "binary"
            | "varbinary"
            | "tinyblob"
            | "blob"
            | "mediumblob"
            | "longblob"
            | "vector"
            | "geometry"
            | "point"
            | "linestring"
            | "polygon"
            | "multipoint"
            | "multilinestring"
            | "multipolygon"
            | "geometrycollection"
            | "geomcollection"
    )
}

pub fn form(column: &Column) -> Form {
    if column.type_name.ends_with(HEX) { Form::Hex } else { Form::Text }
}

/// The character set of a text column's bytes; None for what is no text.
pub fn charset(column: &Column) -> Option<&str> {
    let name = column.type_name.strip_suffix(HEX).unwrap_or(&column.type_name);
    // The words may also stand inside an ENUM's value, but only the last ones are ours.
    name.rsplit_once(CHARSET)
        .map(|(_, charset)| charset)
        .filter(|charset| charset.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

pub fn period(column: &Column) -> Option<Period> {
    if column.type_name.ends_with(ROW_START) {
        Some(Period::Start)
    } else if column.type_name.ends_with(ROW_END) {
        Some(Period::End)
    } else {
        None
    }
}

/// Appends one value.
pub fn encode(value: Option<&[u8]>, form: Form, out: &mut Vec<u8>) {
    match (value, form) {
        (None, _) => out.extend_from_slice(b"\\N"),
        (Some(bytes), Form::Hex) => hex(bytes, out),
        (Some(bytes), Form::Text) => escape(bytes, out),
    }
}

pub fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(match rest[at] {
            b'\\' => b"\\\\",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            _ => b"\\r",
        });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

/// The bytes behind one value of a line; None for NULL. Hex digits stay hex digits.
pub fn decode(value: &[u8]) -> Option<Vec<u8>> {
    if value == b"\\N" {
        return None;
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.iter();
    while let Some(byte) = rest.next() {
        match (byte, rest.as_slice().first()) {
            (b'\\', Some(next)) => {
                out.push(match next {
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'r' => b'\r',
                    other => *other,
                });
                rest.next();
            }
            _ => out.push(*byte),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_back_and_null_is_not_a_text() {
        let mut line = Vec::new();
        for (value, wanted) in [
            (None, &b"\\N"[..]),
            (Some(&b"\\N"[..]), b"\\\\N"),
            (Some(b""), b""),
            (Some(b"a\tb\nc\rd\\e\0\xff"), b"a\\tb\\nc\\rd\\\\e\0\xff"),
        ] {
            line.clear();
            encode(value, Form::Text, &mut line);
            assert_eq!(line, wanted);
            assert_eq!(decode(&line).as_deref(), value);
        }
        line.clear();
        encode(Some(b"\x00\xfa"), Form::Hex, &mut line);
        assert_eq!(line, b"00fa");
    }

    #[test]
    fn type_names_say_how_values_travel() {
        let column = |column_type: &str, data_type: &str, charset, period| Column {
            name: "c".into(),
            type_name: type_name(&Declared { column_type, data_type, charset, period }),
        };
        let text = column("enum('a character set x','b in hex')", "enum", Some("latin1"), None);
        assert_eq!((form(&text), charset(&text)), (Form::Text, Some("latin1")));
        let wide = column("char(3)", "char", Some("utf16"), None);
        assert_eq!((form(&wide), charset(&wide)), (Form::Hex, Some("utf16")));
        let bits = column("bit(3)", "bit", None, None);
        assert_eq!((form(&bits), charset(&bits), period(&bits)), (Form::Hex, None, None));
        let start = column("timestamp(6)", "timestamp", None, Some(Period::Start));
        assert_eq!((form(&start), period(&start)), (Form::Text, Some(Period::Start)));
    }
}
