//! The rows that a rule matched at the archived moment, by key and digest, in a scratch file: memory does not grow with them,
//! and the session that sees the moment is free for other questions.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::path::Path;

use super::super::connect::Session;
use super::super::form::Form;
use super::super::literal::{self, Writing};
use super::super::schema::Table;
use super::super::sql::Name;
use super::lines;
use crate::{EngineError, Result, Work};

/// Keys in one statement: MariaDB rewrites longer lists.
pub(super) const AT_ONCE: usize = 500;

pub(super) struct List {
    file: BufReader<File>,
}

/// What tells a row apart, as SQL, by the digest of all its values.
pub(super) type Wanted = HashMap<blake3::Hash, String>;

impl List {
    /// Of the rows that `select` answers with.
    pub(super) async fn write(
        session: &mut Session,
        doing: &str,
        select: &str,
        keys: &Keys,
        work: &Work,
    ) -> Result<Self> {
        let failed = |error| EngineError::io(format!("writing to {}", work.scratch_dir.display()), error);
        let file = scratch(&work.scratch_dir).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let write = |line: &[u8]| {
            let key = keys.of(line);
            // Lines of a row hold no line end, but a text in quotes may; hex does not.
            writeln!(out, "{} {}", blake3::hash(line).to_hex(), hex(&key)).map_err(failed)
        };
        lines::read(session, doing, select, &keys.forms, write).await?;
        let mut file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.rewind().map_err(failed)?;
        Ok(Self { file: BufReader::new(file) })
    }

    /// The next rows, at most so many; empty at the end.
    pub(super) fn next(&mut self, most: u64) -> Result<Wanted> {
        let failed = |error| EngineError::io("reading the list of rows", error);
        let mut wanted = Wanted::new();
        let mut line = String::new();
        while (wanted.len() as u64) < most {
            line.clear();
            if self.file.read_line(&mut line).map_err(failed)? == 0 {
                break;
            }
            let parts = line.trim_end().split_once(' ');
            let parsed =
                parts.and_then(|(digest, key)| Some((blake3::Hash::from_hex(digest).ok()?, unhex(key)?)));
            let invalid = || failed(std::io::ErrorKind::InvalidData.into());
            let (digest, key) = parsed.ok_or_else(invalid)?;
            wanted.insert(digest, key);
        }
        Ok(wanted)
    }
}

/// How a row's key is written.
pub(super) struct Keys {
    pub forms: Vec<Form>,
    /// (number of the column, its name in SQL, how its values are written)
    columns: Vec<(usize, String, Written)>,
}

enum Written {
    /// Digits, as they are: quoted, long ones would be compared as floating point.
    Number,
    Value(Writing),
}

impl Keys {
    pub(super) fn new(table: &Table, key: &[usize]) -> Self {
        const NUMBERS: [&str; 7] = ["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year"];
        let columns = key.iter().map(|&number| {
            let column = &table.columns[number];
            let written = match NUMBERS.iter().any(|kind| column.type_name.starts_with(kind)) {
                true => Written::Number,
                false => Written::Value(literal::writing(column)),
            };
            (number, Name(&column.name).to_string(), written)
        });
        Self { forms: lines::forms(table), columns: columns.collect() }
    }

    /// `1,'a'`
    fn of(&self, line: &[u8]) -> Vec<u8> {
        let values: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
        let mut out = Vec::new();
        for (number, _, written) in &self.columns {
            if !out.is_empty() {
                out.push(b',');
            }
            match written {
                Written::Number => out.extend_from_slice(values[*number]),
                Written::Value(writing) => literal::write(values[*number], writing, &mut out),
            }
        }
        out
    }

    /// The condition that a row of `alias` has one of these keys.
    pub(super) fn among(&self, alias: &str, keys: &[String]) -> String {
        let names: Vec<String> =
            self.columns.iter().map(|(_, name, _)| format!("{}.{name}", Name(alias))).collect();
        match names.as_slice() {
            [one] => format!("{one} IN ({})", keys.join(", ")),
            // Older servers use no index for a list of tuples, but for alternatives of equal tuples they do.
            several => {
                let tuple = several.join(", ");
                let each: Vec<String> = keys.iter().map(|key| format!("({tuple}) = ({key})")).collect();
                format!("({})", each.join(" OR "))
            }
        }
    }
}

fn scratch(folder: &Path) -> std::io::Result<File> {
    tempfile::tempfile_in(folder)
}

fn hex(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    super::super::form::hex(bytes, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Keys are SQL, and so is their text.
fn unhex(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    String::from_utf8(bytes?).ok()
}
