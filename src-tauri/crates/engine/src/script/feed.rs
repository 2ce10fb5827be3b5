//! The window of text that a splitter looks at: the piece being cut and what was read beyond it.
//!
//! Grows with one piece only, and never beyond [`LONGEST`]. Everything that passes is proven to be UTF-8 without
//! NUL, so that pieces are text.

use super::input::Input;
use super::{Piece, What, broken};
use crate::Result;

/// Bytes of one statement. Rows of COPY data have no limit: they are cut anywhere.
pub(super) const LONGEST: usize = 256 << 20;
const BLOCK: usize = 256 << 10;

pub(super) struct Feed {
    pub input: Input,
    buffer: Vec<u8>,
    start: usize,
    at: usize,
    /// Line of `start`, from 1.
    line: u64,
    /// Bytes of text before `start`.
    offset: u64,
    proven: usize,
    ended: bool,
    longest: usize,
}

impl Feed {
    pub fn new(input: Input) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            at: 0,
            line: 1,
            offset: 0,
            proven: 0,
            ended: false,
            longest: LONGEST,
        }
    }

    #[cfg(test)]
    pub fn with_longest(mut self, longest: usize) -> Self {
        self.longest = longest;
        self
    }

    /// The byte `ahead` of the present one.
    pub fn peek(&mut self, ahead: usize) -> Result<Option<u8>> {
        while self.at + ahead >= self.buffer.len() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.buffer[self.at + ahead]))
    }

    pub fn starts_with(&mut self, text: &[u8]) -> Result<bool> {
        if text.is_empty() {
            return Ok(true);
        }
        self.peek(text.len() - 1)?;
        Ok(self.buffer[self.at..].starts_with(text))
    }

    pub fn bump(&mut self, count: usize) {
        self.at = (self.at + count).min(self.buffer.len());
    }

    /// Bytes of the present piece so far.
    pub fn taken(&self) -> &[u8] {
        &self.buffer[self.start..self.at]
    }

    pub fn is_fresh(&self) -> bool {
        self.at == self.start
    }

    /// Goes on to where `hit` finds something; to the end of the text otherwise, with false.
    pub fn seek(&mut self, hit: impl Fn(&[u8]) -> Option<usize>) -> Result<bool> {
        loop {
            if let Some(count) = hit(&self.buffer[self.at..]) {
                self.at += count;
                return Ok(true);
            }
            self.at = self.buffer.len();
            if !self.fill()? {
                return Ok(false);
            }
        }
    }

    /// Goes on to behind the next `text`.
    pub fn seek_past(&mut self, text: &[u8]) -> Result<bool> {
        loop {
            if let Some(count) = memchr::memmem::find(&self.buffer[self.at..], text) {
                self.at += count + text.len();
                return Ok(true);
            }
            self.at = self.at.max(self.buffer.len().saturating_sub(text.len() - 1));
            if !self.fill()? {
                self.at = self.buffer.len();
                return Ok(false);
            }
        }
    }

    /// What can be seen without reading on.
    pub fn in_sight(&mut self) -> Result<&[u8]> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        Ok(&self.buffer[self.at..])
    }

    /// The present line, from 1. Counts from the start of the piece.
    pub fn line_here(&self) -> u64 {
        self.line + newlines(self.taken())
    }

    /// Cuts the piece off; its last `end` bytes end it and are not part of the statement.
    pub fn cut(&mut self, what: What, end: usize) -> Piece {
        let text = self.taken().to_vec();
        let piece = Piece { line: self.line, offset: self.offset, what, body: text.len() - end, text };
        self.line += newlines(&piece.text);
        self.offset += piece.text.len() as u64;
        self.start = self.at;
        piece
    }

    fn fill(&mut self) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start == self.buffer.len() || self.start > 4 * BLOCK {
            self.buffer.drain(..self.start);
            self.at -= self.start;
            self.proven -= self.start.min(self.proven);
            self.start = 0;
        }
        if self.buffer.len() - self.start > self.longest {
            return Err(broken(
                Some(self.line),
                format!("what begins here is longer than {} MiB and still has no end.", LONGEST >> 20),
                "A quote may be open; or write large values as COPY data.",
            ));
        }
        let old = self.buffer.len();
        self.buffer.resize(old + BLOCK, 0);
        let outcome = self.input.read(&mut self.buffer[old..]);
        self.buffer.truncate(old + *outcome.as_ref().unwrap_or(&0));
        self.ended = outcome? == 0;
        self.prove(old)?;
        Ok(!self.ended)
    }

    fn prove(&mut self, fresh: usize) -> Result<()> {
        let line = |at: usize| Some(self.line + newlines(&self.buffer[self.start..at.max(self.start)]));
        if let Some(found) = memchr::memchr(0, &self.buffer[fresh..]) {
            return Err(broken(
                line(fresh + found),
                "there is a zero byte here; SQL text has none.",
                "The file may be damaged, or be in UTF-16.",
            ));
        }
        match std::str::from_utf8(&self.buffer[self.proven..]) {
            Ok(_) => self.proven = self.buffer.len(),
            // A character may be cut by the end of the block.
            Err(error) if error.error_len().is_none() && !self.ended => self.proven += error.valid_up_to(),
            Err(error) => {
                return Err(broken(
                    line(self.proven + error.valid_up_to()),
                    "this is not UTF-8 text.",
                    "Dump in UTF-8 (pg_dump --encoding=UTF8, mysqldump --default-character-set=utf8mb4), or convert the file. MySQL: --hex-blob keeps binary values readable.",
                ));
            }
        }
        Ok(())
    }
}

pub(super) fn newlines(text: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', text).count() as u64
}
