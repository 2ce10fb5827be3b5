//! A stored value as SQL that puts the same bytes into its column again, whatever the connection's character set.

use std::io::Write as _;

use holdfast_contract::snapshot::Column;

use super::form::{self, Form};

/// What a column's values are written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Writing {
    /// `x'00fa'`
    Hex,
    /// `_utf16 x'0041'`: hex digits of text.
    HexText(String),
    /// `'it''s'`, and `_latin1 x'fc'` for bytes outside ASCII.
    Text(String),
    /// `'42'`: numbers, dates, and text in UTF-8.
    Plain,
}

pub fn writing(column: &Column) -> Writing {
    match (form::form(column), form::charset(column)) {
        (Form::Hex, None) => Writing::Hex,
        (Form::Hex, Some(charset)) => Writing::HexText(charset.to_owned()),
        (Form::Text, None | Some("utf8mb4" | "utf8mb3" | "utf8" | "ascii")) => Writing::Plain,
        (Form::Text, Some(charset)) => Writing::Text(charset.to_owned()),
    }
}

/// `value` as it stands in a line of COPY text.
pub fn write(value: &[u8], writing: &Writing, out: &mut Vec<u8>) {
    let Some(bytes) = form::decode(value) else {
        out.extend_from_slice(b"NULL");
        return;
    };
    let hex_text = |bytes: &[u8], out: &mut Vec<u8>| {
        out.extend_from_slice(b"x'");
        out.extend_from_slice(bytes);
        out.push(b'\'');
    };
    match writing {
        Writing::Hex => hex_text(&bytes, out),
        Writing::HexText(charset) => {
            write!(out, "_{charset} ").expect("writing to memory");
            hex_text(&bytes, out);
        }
        Writing::Text(charset) if !bytes.is_ascii() => {
            let mut digits = Vec::with_capacity(bytes.len() * 2);
            form::hex(&bytes, &mut digits);
            write!(out, "_{charset} ").expect("writing to memory");
            hex_text(&digits, out);
        }
        Writing::Plain if std::str::from_utf8(&bytes).is_err() => {
            // Bytes that the column holds although they are not text: as they are, without conversion.
            let mut digits = Vec::with_capacity(bytes.len() * 2);
            form::hex(&bytes, &mut digits);
            hex_text(&digits, out);
        }
        Writing::Text(_) | Writing::Plain => quoted(&bytes, out),
    }
}

/// Without line ends: no line of a file begins with what a row holds.
fn quoted(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    for byte in bytes {
        match byte {
            b'\'' => out.extend_from_slice(b"''"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0 => out.extend_from_slice(b"\\0"),
            0x1a => out.extend_from_slice(b"\\Z"),
            other => out.push(*other),
        }
    }
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bytes_keep_their_character_set() {
        let cases: [(&str, &[u8], &str); 9] = [
            ("int(11)", b"42", "'42'"),
            ("int(11)", b"\\N", "NULL"),
            ("blob in hex", b"", "x''"),
            ("bit(3) in hex", b"05", "x'05'"),
            ("varchar(3) character set utf8mb4", "ü'\\\\N".as_bytes(), "'ü''\\\\N'"),
            ("varchar(3) character set latin1", b"a\\n", "'a\\n'"),
            ("varchar(3) character set latin1", b"\xfc", "_latin1 x'fc'"),
            ("varchar(3) character set utf16 in hex", b"0041", "_utf16 x'0041'"),
            ("varchar(3) character set utf8mb4", b"\xfc", "x'fc'"),
        ];
        for (type_name, value, wanted) in cases {
            let column = Column { name: "c".into(), type_name: type_name.into() };
            let mut out = Vec::new();
            write(value, &writing(&column), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), wanted, "{type_name}");
        }
    }
}
