//! Rows of COPY text into one table, by statements with bound values.
//!
//! Bound values need no escaping, cost the server 40% less than the same rows as SQL text, and make no packet longer
//! than its rows. Statements come in sizes that are powers of two, so that a table needs a dozen of them at most.
//! Sessions are strict: a value that would be changed by being stored is an error. The one exception is the empty
//! value of an ENUM that does not list it (the mark of an old mistake), which only a session that is not strict stores.

use std::borrow::Cow;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::stream::BoxStream;
use holdfast_contract::snapshot::{Column, TableSnapshot};
use holdfast_contract::{ApiError, ErrorCode};
use sqlx::mysql::MySqlArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Executor as _};

use super::connect::Session;
use super::error;
use super::form::{self, Form};
use super::sql::Name;
use crate::{EngineError, Result, Work};

/// Of one statement: the server's work per statement is spread, and a failed one repeats little.
const STATEMENT_BYTES: usize = 256 << 10;
const STATEMENT_ROWS: usize = 1024;
/// The protocol's limit.
const STATEMENT_VALUES: usize = 65_535;
/// Of one transaction: undo logs stay small, and the disk is waited for seldom.
const COMMIT_BYTES: usize = 16 << 20;

pub const STRICT: &str = "SET SESSION sql_mode = \
     'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'";
const LENIENT: &str =
    "SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'";

/// `Data truncated for column`.
const TRUNCATED: u16 = 1265;

pub struct CopyIn<'a> {
    session: &'a mut Session,
    table: &'a TableSnapshot,
    doing: String,
    /// `INSERT INTO … VALUES`, then one row's placeholders.
    head: String,
    row: String,
    bindings: Vec<Binding>,
    enums: Vec<&'a Column>,
    since_commit: usize,
    rows: u64,
}

impl<'a> CopyIn<'a> {
    /// `session` stands in the database with the table, in [`STRICT`] mode, without autocommit.
    pub fn new(session: &'a mut Session, table: &'a TableSnapshot) -> Self {
        let names: Vec<String> = table.columns.iter().map(|column| Name(&column.name).to_string()).collect();
        let places = vec!["?"; names.len()].join(",");
        Self {
            session,
            table,
            doing: format!("Loading {}", table.table),
            head: format!("INSERT INTO {} ({}) VALUES ", Name(&table.table.name), names.join(",")),
            row: format!("({places})"),
            bindings: table.columns.iter().map(binding).collect(),
            enums: table.columns.iter().filter(|column| column.type_name.starts_with("enum(")).collect(),
            since_commit: 0,
            rows: 0,
        }
    }

    /// The whole stream; committed when it returns. Rows that went in.
    pub async fn run(mut self, mut data: BoxStream<'static, Result<Bytes>>, work: &Work) -> Result<u64> {
        let mut pending: Vec<u8> = Vec::new();
        // Where rows end in `pending`, behind their line ends.
        let mut ends: Vec<usize> = Vec::new();
        while let Some(bytes) = data.try_next().await? {
            work.checkpoint()?;
            work.progress.advance(bytes.len() as u64, 0);
            let before = pending.len();
            pending.extend_from_slice(&bytes);
            let found = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
            ends.extend(found.map(|(at, _)| before + at + 1));
            if pending.len() >= STATEMENT_BYTES {
                let used = self.insert(&pending, &ends, work).await?;
                pending.drain(..used);
                ends.clear();
            }
        }
        let used = self.insert(&pending, &ends, work).await?;
        if used != pending.len() {
            return Err(EngineError::incomplete(format!(
                "{}: the rows end in the middle of one.",
                self.doing
            )));
        }
        self.session.execute(&self.doing, "COMMIT").await?;
        Ok(self.rows)
    }

    /// All rows that are complete; how many bytes they were.
    async fn insert(&mut self, pending: &[u8], ends: &[usize], work: &Work) -> Result<usize> {
        let (mut begin, mut left) = (0, ends);
        while !left.is_empty() {
            let count = self.fitting(begin, left);
            let end = left[count - 1];
            let affected = self.statement(&pending[begin..end], count).await?;
            self.rows += affected;
            work.progress.advance(0, affected);
            self.since_commit += end - begin;
            if self.since_commit >= COMMIT_BYTES {
                self.session.execute(&self.doing, "COMMIT").await?;
                self.since_commit = 0;
            }
            (begin, left) = (end, &left[count..]);
        }
        Ok(begin)
    }

    /// A power of two of rows for one statement.
    fn fitting(&self, begin: usize, ends: &[usize]) -> usize {
        let most = (STATEMENT_VALUES / self.table.columns.len().max(1)).clamp(1, STATEMENT_ROWS);
        let mut count = 1 << ends.len().min(most).ilog2();
        while count > 1 && ends[count - 1] - begin > STATEMENT_BYTES {
            count /= 2;
        }
        count
    }

    async fn statement(&mut self, rows: &[u8], count: usize) -> Result<u64> {
        let sql = format!("{}{}", self.head, vec![self.row.as_str(); count].join(","));
        let failed = match self.send(&sql, rows).await? {
            Ok(affected) => return Ok(affected),
            Err(failed) => failed,
        };
        if self.enums.is_empty() || error::number(&failed) != Some(TRUNCATED) {
            return Err(error::during(&self.doing, failed));
        }
        self.session.execute(&self.doing, LENIENT).await?;
        let affected = self.send(&sql, rows).await?.map_err(|source| error::during(&self.doing, source))?;
        self.only_empty_enums().await?;
        self.session.execute(&self.doing, STRICT).await?;
        Ok(affected)
    }

    /// The inner error is the server's own, not yet in words.
    async fn send(&mut self, sql: &str, rows: &[u8]) -> Result<Result<u64, sqlx::Error>> {
        let mut values = MySqlArguments::default();
        values.reserve(self.bindings.len(), rows.len());
        for line in rows.split_inclusive(|byte| *byte == b'\n') {
            let mut fields = line[..line.len() - 1].split(|byte| *byte == b'\t');
            for binding in &self.bindings {
                let field = fields.next().ok_or_else(|| self.malformed())?;
                bind(&mut values, field, *binding).map_err(|()| self.malformed())?;
            }
            if fields.next().is_some() {
                return Err(self.malformed());
            }
        }
        let query = sqlx::query_with(AssertSqlSafe(sql), values);
        Ok(self.session.raw().execute(query).await.map(|done| done.rows_affected()))
    }

    /// Everything the server complained about must be an empty ENUM.
    async fn only_empty_enums(&mut self) -> Result<()> {
        let warnings = self.session.rows(&self.doing, "SHOW WARNINGS").await?;
        for warning in warnings {
            let [_, code, Some(message)] = warning.as_slice() else { continue };
            let of_an_enum = self.enums.iter().any(|column| message.contains(&format!("'{}'", column.name)));
            if code.as_deref() != Some("1265") || !of_an_enum {
                return Err(EngineError::incomplete(format!(
                    "{}: the server would store a value changed: {message}.",
                    self.doing
                )));
            }
        }
        Ok(())
    }

    fn malformed(&self) -> EngineError {
        ApiError::new(
            ErrorCode::DatabaseDamaged,
            format!("{}: a stored row does not have the columns of its table.", self.doing),
        )
        .into()
    }
}

/// How a value travels to the server.
#[derive(Clone, Copy)]
enum Binding {
    /// Numbers, dates, JSON: text that the server understands.
    Text,
    /// The stored bytes, which no character set may touch.
    Bytes,
    /// The same, stored as hex digits.
    Hex,
}

fn binding(column: &Column) -> Binding {
    match (form::form(column), form::charset(column)) {
        (Form::Hex, _) => Binding::Hex,
        (Form::Text, Some(_)) => Binding::Bytes,
        (Form::Text, None) => Binding::Text,
    }
}

fn bind(values: &mut MySqlArguments, field: &[u8], binding: Binding) -> Result<(), ()> {
    let plain: Cow<'_, [u8]> = if field.contains(&b'\\') {
        match form::decode(field) {
            Some(value) => Cow::Owned(value),
            None => return values.add(Option::<&str>::None).map_err(|_| ()),
        }
    } else {
        Cow::Borrowed(field)
    };
    let added = match binding {
        Binding::Text => values.add(std::str::from_utf8(&plain).map_err(|_| ())?),
        Binding::Bytes => values.add(plain.as_ref()),
        Binding::Hex => values.add(unhex(&plain)?),
    };
    added.map_err(|_| ())
}

fn unhex(digits: &[u8]) -> Result<Vec<u8>, ()> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8).ok_or(());
    match digits.as_chunks::<2>() {
        (pairs, []) => pairs.iter().map(|[high, low]| Ok(digit(*high)? << 4 | digit(*low)?)).collect(),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_digits_are_pairs() {
        assert_eq!(unhex(b"00faFF"), Ok(vec![0, 0xfa, 0xff]));
        assert!(unhex(b"0").is_err() && unhex(b"0g").is_err());
    }
}
