//! Quotes and comments that all dialects have alike: from the place where one opens to behind its end.

use super::feed::Feed;
use super::never_closed;
use crate::Result;

pub(super) fn line_comment(feed: &mut Feed) -> Result<()> {
    feed.seek(|text| memchr::memchr(b'\n', text)).map(drop)
}

/// `/* … */`, which does not nest.
pub(super) fn comment(feed: &mut Feed) -> Result<()> {
    let line = feed.line_here();
    feed.bump(2);
    if feed.seek_past(b"*/")? { Ok(()) } else { Err(never_closed(line, "the comment")) }
}

/// From quote to quote; a doubled quote is read as two neighbours.
pub(super) fn quoted(feed: &mut Feed, quote: u8, what: &str) -> Result<()> {
    let line = feed.line_here();
    feed.bump(1);
    if !feed.seek(|text| memchr::memchr(quote, text))? {
        return Err(never_closed(line, what));
    }
    feed.bump(1);
    Ok(())
}

/// As [`quoted`], where a backslash takes the next character along.
pub(super) fn escaped(feed: &mut Feed, quote: u8, what: &str) -> Result<()> {
    let line = feed.line_here();
    feed.bump(1);
    loop {
        if !feed.seek(|text| memchr::memchr2(quote, b'\\', text))? {
            return Err(never_closed(line, what));
        }
        if feed.peek(0)? == Some(quote) {
            feed.bump(1);
            return Ok(());
        }
        feed.peek(1)?;
        feed.bump(2);
    }
}
