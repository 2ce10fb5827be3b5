//! Where statements of PostgreSQL end, as `psql` sees it: dollar quotes, nested comments, parentheses, `BEGIN ATOMIC`
//! bodies, rows after `COPY … FROM stdin`, and lines for `psql` itself.

use holdfast_contract::import::SqlDialect;

use super::feed::Feed;
use super::marks::{escaped, line_comment, quoted};
use super::tokens::{Token, tokens};
use super::{Piece, What, broken, never_closed};
use crate::Result;

/// Rows are handed on in pieces of about this size.
const ROWS: usize = 128 << 10;

pub(super) struct Rules {
    state: State,
    /// Off: a backslash in any string escapes, as in very old dumps.
    standard_strings: bool,
}

enum State {
    Statements,
    /// The rest of the line that COPY stands on.
    BeforeRows(u64),
    /// Line of the COPY, and whether the next byte begins a line.
    Rows(u64, bool),
}

impl Default for Rules {
    fn default() -> Self {
        Self { state: State::Statements, standard_strings: true }
    }
}

impl Rules {
    pub fn next(&mut self, feed: &mut Feed) -> Result<Option<Piece>> {
        match self.state {
            State::Statements => self.statement(feed),
            State::BeforeRows(line) => self.before_rows(feed, line),
            State::Rows(line, fresh) => self.rows(feed, line, fresh),
        }
    }

    fn statement(&mut self, feed: &mut Feed) -> Result<Option<Piece>> {
        if space(feed)? {
            return Ok(Some(feed.cut(What::Space, 0)));
        }
        match feed.peek(0)? {
            None => return Ok(None),
            Some(b'\\') => {
                feed.seek(|text| memchr::memchr(b'\n', text).map(|at| at + 1))?;
                return Ok(Some(feed.cut(What::Command, 0)));
            }
            Some(_) => {}
        }
        let end = self.scan(feed)?;
        let piece = feed.cut(What::Statement, end);
        self.learn(&piece);
        Ok(Some(piece))
    }

    /// Goes to the end of the statement; the length of what ends it.
    fn scan(&mut self, feed: &mut Feed) -> Result<usize> {
        let mut nesting = Nesting::default();
        while let Some(byte) = feed.peek(0)? {
            match byte {
                b';' => {
                    feed.bump(1);
                    if nesting.is_flat() {
                        return Ok(1);
                    }
                }
                // A client command in the middle of a statement: the statement stops here, the command comes next.
                b'\\' => return Ok(0),
                b'(' => {
                    nesting.parentheses += 1;
                    feed.bump(1);
                }
                b')' => {
                    nesting.parentheses = nesting.parentheses.saturating_sub(1);
                    feed.bump(1);
                }
                b'\'' => string(feed, !self.standard_strings)?,
                b'"' => quoted(feed, b'"', "the name")?,
                b'$' => dollar(feed)?,
                b'-' if feed.peek(1)? == Some(b'-') => line_comment(feed)?,
                b'/' if feed.peek(1)? == Some(b'*') => nested_comment(feed)?,
                _ if starts_word(byte) => {
                    let word = word(feed)?;
                    if word.eq_ignore_ascii_case(b"e") && feed.peek(0)? == Some(b'\'') {
                        string(feed, true)?;
                    } else {
                        nesting.word(&word);
                    }
                }
                _ => {
                    feed.bump(1);
                }
            }
        }
        Ok(0)
    }

    /// What a statement means for those after it.
    fn learn(&mut self, piece: &Piece) {
        let head = &piece.sql()[..piece.sql().floor_char_boundary(4096)];
        let mut words = tokens(head, SqlDialect::Postgres);
        match words.next() {
            Some(Token::Word(word))
                if word.eq_ignore_ascii_case("copy") && is_copy_from_stdin(piece.sql()) =>
            {
                self.state = State::BeforeRows(piece.line);
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("set") => {
                let rest: Vec<Token> = words.take(4).collect();
                let rest = match rest.as_slice() {
                    [Token::Word(scope), rest @ ..]
                        if scope.eq_ignore_ascii_case("session") || scope.eq_ignore_ascii_case("local") =>
                    {
                        rest
                    }
                    rest => rest,
                };
                if let [Token::Word(name), _, value, ..] = rest
                    && name.eq_ignore_ascii_case("standard_conforming_strings")
                {
                    self.standard_strings = !value.text().is_some_and(|value| {
                        ["off", "false", "no", "0"].iter().any(|off| value.eq_ignore_ascii_case(off))
                    });
                }
            }
            _ => {}
        }
    }

    fn before_rows(&mut self, feed: &mut Feed, line: u64) -> Result<Option<Piece>> {
        let found = feed.seek(|text| memchr::memchr(b'\n', text).map(|at| at + 1))?;
        if !found || !feed.taken().trim_ascii().is_empty() {
            return Err(broken(
                Some(line),
                "after COPY … FROM stdin the rows must begin on the next line.",
                "The file may be cut short, or be edited by hand.",
            ));
        }
        self.state = State::Rows(line, true);
        Ok(Some(feed.cut(What::Space, 0)))
    }

    fn rows(&mut self, feed: &mut Feed, line: u64, mut fresh: bool) -> Result<Option<Piece>> {
        loop {
            if fresh && let Some(length) = end_of_rows(feed)? {
                if !feed.is_fresh() {
                    self.state = State::Rows(line, true);
                    return Ok(Some(feed.cut(What::Rows, 0)));
                }
                feed.bump(length);
                self.state = State::Statements;
                return Ok(Some(feed.cut(What::RowsEnd, 0)));
            }
            let here = feed.taken().len();
            let text = feed.in_sight()?;
            if text.is_empty() {
                return Err(broken(
                    Some(line),
                    "the rows of this COPY have no end (a line with \\. alone).",
                    "The file is cut short: copy it again, or make the dump again.",
                ));
            }
            let room = ROWS.saturating_sub(here).clamp(1, text.len());
            // Only a line that begins with a backslash can be the end.
            let step = match memchr::memmem::find(&text[..room], b"\n\\") {
                Some(found) => found + 1,
                None => room,
            };
            fresh = text[step - 1] == b'\n';
            feed.bump(step);
            if feed.taken().len() >= ROWS {
                self.state = State::Rows(line, fresh);
                return Ok(Some(feed.cut(What::Rows, 0)));
            }
        }
    }
}

/// Length of the end mark with its line break, when it is what comes.
fn end_of_rows(feed: &mut Feed) -> Result<Option<usize>> {
    if !feed.starts_with(b"\\.")? {
        return Ok(None);
    }
    Ok(match (feed.peek(2)?, feed.peek(3)?) {
        (None, _) => Some(2),
        (Some(b'\n'), _) => Some(3),
        (Some(b'\r'), Some(b'\n')) => Some(4),
        _ => None,
    })
}

/// Depth of what may hold a `;` without ending the statement.
#[derive(Default)]
struct Nesting {
    parentheses: usize,
    /// `BEGIN ATOMIC … CASE … END … END`
    blocks: usize,
    words: Vec<Vec<u8>>,
}

impl Nesting {
    fn is_flat(&self) -> bool {
        self.parentheses == 0 && self.blocks == 0
    }

    fn word(&mut self, word: &[u8]) {
        let word = word.to_ascii_lowercase();
        if self.parentheses == 0 && self.makes_routine() {
            match word.as_slice() {
                b"begin" => self.blocks += 1,
                b"case" if self.blocks > 0 => self.blocks += 1,
                b"end" => self.blocks = self.blocks.saturating_sub(1),
                _ => {}
            }
        }
        if self.words.len() < 4 {
            self.words.push(word);
        }
    }

    fn makes_routine(&self) -> bool {
        let words: Vec<&[u8]> = self.words.iter().map(Vec::as_slice).collect();
        let routine = |word: &[u8]| word == b"function" || word == b"procedure";
        match words.as_slice() {
            [b"create", b"or", b"replace", kind, ..] => routine(kind),
            [b"create", kind, ..] => routine(kind),
            _ => false,
        }
    }
}

/// `COPY … FROM stdin`, whose rows follow in the file.
pub(super) fn is_copy_from_stdin(sql: &str) -> bool {
    let mut depth = 0;
    let mut after_from = false;
    for token in tokens(sql, SqlDialect::Postgres) {
        match token {
            Token::Sign(b'(') => depth += 1,
            Token::Sign(b')') => depth -= 1,
            Token::Word(word) if depth == 0 && after_from => return word.eq_ignore_ascii_case("stdin"),
            Token::Word(word) if depth == 0 => after_from = word.eq_ignore_ascii_case("from"),
            _ if after_from => return false,
            _ => {}
        }
    }
    false
}

/// White space and comments; true when there were any.
fn space(feed: &mut Feed) -> Result<bool> {
    loop {
        match feed.peek(0)? {
            Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) => feed.bump(1),
            Some(b'-') if feed.peek(1)? == Some(b'-') => line_comment(feed)?,
            Some(b'/') if feed.peek(1)? == Some(b'*') => nested_comment(feed)?,
            _ => return Ok(!feed.is_fresh()),
        }
    }
}

fn nested_comment(feed: &mut Feed) -> Result<()> {
    let line = feed.line_here();
    feed.bump(2);
    let mut depth = 1;
    while depth > 0 {
        if !feed.seek(|text| memchr::memchr2(b'/', b'*', text))? {
            return Err(never_closed(line, "the comment"));
        }
        match (feed.peek(0)?, feed.peek(1)?) {
            (Some(b'/'), Some(b'*')) => {
                depth += 1;
                feed.bump(2);
            }
            (Some(b'*'), Some(b'/')) => {
                depth -= 1;
                feed.bump(2);
            }
            _ => feed.bump(1),
        }
    }
    Ok(())
}

fn string(feed: &mut Feed, escapes: bool) -> Result<()> {
    if !escapes {
        return quoted(feed, b'\'', "the quote");
    }
    escaped(feed, b'\'', "the quote")?;
    // A string goes on after a line break, and then still escapes.
    while feed.peek(0)? == Some(b'\'') || continues(feed)? {
        escaped(feed, b'\'', "the quote")?;
    }
    Ok(())
}

/// White space with a line break, then another quote: goes there.
fn continues(feed: &mut Feed) -> Result<bool> {
    let (mut ahead, mut broken_line) = (0, false);
    loop {
        match feed.peek(ahead)? {
            Some(b'\n' | b'\r') => {
                broken_line = true;
                ahead += 1;
            }
            Some(b' ' | b'\t' | 0x0b | 0x0c) => ahead += 1,
            Some(b'-') if feed.peek(ahead + 1)? == Some(b'-') => {
                while !matches!(feed.peek(ahead)?, None | Some(b'\n')) {
                    ahead += 1;
                }
            }
            Some(b'\'') if broken_line => {
                feed.bump(ahead);
                return Ok(true);
            }
            _ => return Ok(false),
        }
    }
}

/// `$tag$ … $tag$`, or a dollar that is nothing special.
fn dollar(feed: &mut Feed) -> Result<()> {
    let mut ahead = 1;
    loop {
        match feed.peek(ahead)? {
            Some(b'$') => break,
            Some(byte) if starts_word(byte) || (ahead > 1 && byte.is_ascii_digit()) => ahead += 1,
            _ => {
                feed.bump(1);
                return Ok(());
            }
        }
    }
    let line = feed.line_here();
    let before = feed.taken().len();
    feed.bump(ahead + 1);
    let tag = feed.taken()[before..].to_vec();
    if feed.seek_past(&tag)? { Ok(()) } else { Err(never_closed(line, "the dollar quote")) }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn word(feed: &mut Feed) -> Result<Vec<u8>> {
    let before = feed.taken().len();
    feed.seek(|text| {
        text.iter().position(|byte| !(starts_word(*byte) || byte.is_ascii_digit() || *byte == b'$'))
    })?;
    let word = &feed.taken()[before..];
    Ok(word[..word.len().min(64)].to_vec())
}
