//! Where statements of SQLite end, as `sqlite3_complete` sees it: a trigger ends at `; END ;`. Lines that begin with a
//! dot are for the `sqlite3` program.

use super::feed::Feed;
use super::marks::{comment, line_comment, quoted};
use super::{Piece, What};
use crate::Result;

/// How far `CREATE TRIGGER` has been recognised, and where in its body this is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Explain,
    Create,
    Plain,
    Trigger,
    /// After a `;` in the body.
    Semicolon,
    /// After `; END`.
    End,
}

pub(super) fn next(feed: &mut Feed) -> Result<Option<Piece>> {
    if space(feed)? {
        return Ok(Some(feed.cut(What::Space, 0)));
    }
    match feed.peek(0)? {
        None => return Ok(None),
        Some(b'.') => {
            feed.seek(|text| memchr::memchr(b'\n', text).map(|at| at + 1))?;
            return Ok(Some(feed.cut(What::Command, 0)));
        }
        Some(_) => {}
    }
    let end = scan(feed)?;
    Ok(Some(feed.cut(What::Statement, end)))
}

fn scan(feed: &mut Feed) -> Result<usize> {
    let mut at = At::Start;
    while let Some(byte) = feed.peek(0)? {
        match byte {
            b';' => {
                feed.bump(1);
                match at {
                    At::Trigger | At::Semicolon => at = At::Semicolon,
                    _ => return Ok(1),
                }
                continue;
            }
            b'-' if feed.peek(1)? == Some(b'-') => {
                line_comment(feed)?;
                continue;
            }
            b'/' if feed.peek(1)? == Some(b'*') => {
                comment(feed)?;
                continue;
            }
            _ if byte.is_ascii_whitespace() => {
                feed.bump(1);
                continue;
            }
            b'\'' => quoted(feed, byte, "the quote")?,
            b'"' | b'`' => quoted(feed, byte, "the name")?,
            b'[' => quoted(feed, b']', "the name")?,
            _ if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 => {
                let before = feed.taken().len();
                feed.seek(|text| {
                    text.iter().position(|byte| {
                        !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..))
                    })
                })?;
                at = word(at, &feed.taken()[before..]);
                continue;
            }
            _ => feed.bump(1),
        }
        at = match at {
            At::Trigger | At::Semicolon | At::End => At::Trigger,
            _ => At::Plain,
        };
    }
    Ok(0)
}

fn word(at: At, word: &[u8]) -> At {
    let is = |wanted: &str| word.eq_ignore_ascii_case(wanted.as_bytes());
    match at {
        At::Start if is("explain") => At::Explain,
        At::Explain if is("query") || is("plan") => At::Explain,
        At::Start | At::Explain if is("create") => At::Create,
        At::Create if is("temp") || is("temporary") => At::Create,
        At::Create if is("trigger") => At::Trigger,
        At::Semicolon if is("end") => At::End,
        At::Trigger | At::Semicolon | At::End => At::Trigger,
        _ => At::Plain,
    }
}

fn space(feed: &mut Feed) -> Result<bool> {
    loop {
        match feed.peek(0)? {
            Some(byte) if byte.is_ascii_whitespace() => feed.bump(1),
            Some(b'-') if feed.peek(1)? == Some(b'-') => line_comment(feed)?,
            Some(b'/') if feed.peek(1)? == Some(b'*') => comment(feed)?,
            _ => return Ok(!feed.is_fresh()),
        }
    }
}
