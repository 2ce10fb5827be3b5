//! Where statements of MySQL and MariaDB end, as their client sees it: `DELIMITER`, backslash escapes unless the SQL mode
//! says otherwise, versioned comments as code, and lines for the client itself.

use super::feed::Feed;
use super::marks::{comment, escaped, line_comment, quoted};
use super::{Piece, What, never_closed};
use crate::Result;

/// Words of the client program that take a line of their own. `use` is SQL as well and stays a statement.
const COMMANDS: [&str; 22] = [
    "source",
    "system",
    "tee",
    "notee",
    "pager",
    "nopager",
    "edit",
    "connect",
    "prompt",
    "rehash",
    "quit",
    "exit",
    "status",
    "charset",
    "print",
    "go",
    "ego",
    "clear",
    "warnings",
    "nowarning",
    "resetconnection",
    "delimiter",
];

pub(super) struct Rules {
    delimiter: Vec<u8>,
    backslash_escapes: bool,
    /// `"` quotes names, in which a backslash is itself.
    ansi_quotes: bool,
    line_start: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { delimiter: b";".to_vec(), backslash_escapes: true, ansi_quotes: false, line_start: true }
    }
}

impl Rules {
    pub fn next(&mut self, feed: &mut Feed) -> Result<Option<Piece>> {
        if space(feed)? {
            // Comments that begin a line leave a command behind them on the same line out of sight of the client.
            let piece = feed.cut(What::Space, 0);
            let last = piece.text.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            self.line_start = (self.line_start || last.len() < piece.text.len())
                && last.iter().all(u8::is_ascii_whitespace);
            return Ok(Some(piece));
        }
        if feed.peek(0)?.is_none() {
            return Ok(None);
        }
        if let Some(command) = self.command(feed)? {
            return Ok(Some(command));
        }
        self.line_start = false;
        let end = self.scan(feed)?;
        let piece = feed.cut(What::Statement, end);
        self.learn(&piece);
        Ok(Some(piece))
    }

    fn command(&mut self, feed: &mut Feed) -> Result<Option<Piece>> {
        if feed.peek(0)? != Some(b'\\') && !(self.line_start && is_command(feed)?) {
            return Ok(None);
        }
        feed.seek(|text| memchr::memchr(b'\n', text).map(|at| at + 1))?;
        let piece = feed.cut(What::Command, 0);
        self.line_start = true;
        let line = String::from_utf8_lossy(&piece.text);
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        if (first.eq_ignore_ascii_case("delimiter") || first == "\\d")
            && let Some(delimiter) = words.next()
        {
            self.delimiter = delimiter.as_bytes().to_vec();
        }
        Ok(Some(piece))
    }

    fn scan(&mut self, feed: &mut Feed) -> Result<usize> {
        // Line where a versioned comment was opened.
        let mut versioned = None;
        loop {
            let Some(byte) = feed.peek(0)? else {
                return match versioned {
                    Some(line) => Err(never_closed(line, "the comment")),
                    None => Ok(0),
                };
            };
            if versioned.is_none() && feed.starts_with(&self.delimiter)? {
                feed.bump(self.delimiter.len());
                return Ok(self.delimiter.len());
            }
            match byte {
                b'\'' if self.backslash_escapes => escaped(feed, byte, "the quote")?,
                b'"' if self.backslash_escapes && !self.ansi_quotes => escaped(feed, byte, "the quote")?,
                b'\'' | b'"' => quoted(feed, byte, "the quote")?,
                b'`' => quoted(feed, byte, "the name")?,
                b'#' => line_comment(feed)?,
                b'-' if is_dash_comment(feed)? => line_comment(feed)?,
                b'/' if feed.peek(1)? == Some(b'*') => {
                    if is_versioned(feed)? && versioned.is_none() {
                        versioned = Some(feed.line_here());
                        feed.bump(3);
                    } else {
                        comment(feed)?;
                    }
                }
                b'*' if versioned.is_some() && feed.peek(1)? == Some(b'/') => {
                    versioned = None;
                    feed.bump(2);
                }
                // The client takes a backslash outside quotes for itself.
                b'\\' => return Ok(0),
                _ => feed.bump(1),
            }
        }
    }

    /// `SET … sql_mode = …` decides how later strings are read.
    fn learn(&mut self, piece: &Piece) {
        let sql = piece.sql();
        if sql.len() > 4096 {
            return;
        }
        let sql = sql.to_ascii_uppercase();
        let code = sql.trim_start_matches(|letter: char| "/*!M0123456789 ".contains(letter));
        if !code.starts_with("SET") {
            return;
        }
        // `SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='…'`: the assignment to the mode itself, not from it.
        for (at, name) in sql.match_indices("SQL_MODE") {
            let before = sql[..at].trim_end_matches("@@").trim_end_matches("SESSION.").trim_end_matches("@@");
            let after = sql[at + name.len()..].trim_start_matches(['`', ' ', ':']);
            let (own, assigned) = (!before.ends_with(['_', '@']), after.strip_prefix('='));
            if let (true, Some(value)) = (own, assigned) {
                self.backslash_escapes = !value.contains("NO_BACKSLASH_ESCAPES");
                self.ansi_quotes = value.contains("ANSI");
            }
        }
    }
}

fn is_command(feed: &mut Feed) -> Result<bool> {
    let mut word = String::new();
    while let Some(byte) = feed.peek(word.len())? {
        if !byte.is_ascii_alphabetic() || word.len() > 15 {
            // `status=1`, `source(…)` are no commands; a command stands alone or before a blank.
            return Ok((byte.is_ascii_whitespace() || byte == b';') && known(&word));
        }
        word.push(byte.to_ascii_lowercase() as char);
    }
    Ok(known(&word))
}

fn known(word: &str) -> bool {
    COMMANDS.contains(&word)
}

/// `-- ` begins a comment; `--5` does not.
fn is_dash_comment(feed: &mut Feed) -> Result<bool> {
    Ok(feed.peek(1)? == Some(b'-')
        && feed.peek(2)?.is_none_or(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()))
}

/// `/*!50003 …*/` and `/*M! …*/` hold code. Versions from 999999 on are for the client's eyes alone.
fn is_versioned(feed: &mut Feed) -> Result<bool> {
    let digits = if feed.starts_with(b"/*!")? {
        3
    } else if feed.starts_with(b"/*M!")? {
        4
    } else {
        return Ok(false);
    };
    Ok(!feed.starts_with(if digits == 3 { b"/*!999999" } else { b"/*M!999999" })?)
}

fn space(feed: &mut Feed) -> Result<bool> {
    loop {
        match feed.peek(0)? {
            Some(byte) if byte.is_ascii_whitespace() => feed.bump(1),
            Some(b'#') => line_comment(feed)?,
            Some(b'-') if is_dash_comment(feed)? => line_comment(feed)?,
            Some(b'/') if feed.peek(1)? == Some(b'*') && !is_versioned(feed)? => comment(feed)?,
            _ => return Ok(!feed.is_fresh()),
        }
    }
}
