//! A file of SQL as a stream of text: decompressed by what it contains, never by its name, and hashed on the way.
//!
//! Files that are no SQL text (a database file, pg_dump's own formats, UTF-16) are recognised by their first
//! bytes and refused with the way out.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use holdfast_contract::import::Compression;
use holdfast_contract::{ApiError, ErrorCode};

use super::broken;
use crate::{EngineError, Result};

/// Enough to see a tar archive's mark.
const HEAD: usize = 512;

pub(super) struct Input {
    text: Box<dyn Read + Send>,
    raw: Tap,
    pub compression: Compression,
    /// Bytes of the file on disk.
    pub file_bytes: u64,
}

/// What has been read of the file itself, shared with the decoder that reads it.
#[derive(Clone)]
struct Tap {
    read: Arc<AtomicU64>,
    hash: Arc<std::sync::Mutex<blake3::Hasher>>,
    file: Arc<std::sync::Mutex<BufReader<File>>>,
}

impl Read for Tap {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let poisoned = |_| std::io::Error::other("another reader of this file has failed");
        let count = self.file.lock().map_err(poisoned)?.read(into)?;
        self.hash.lock().map_err(|_| std::io::Error::other("hashing has failed"))?.update(&into[..count]);
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Input {
    pub fn open(path: &Path) -> Result<Self> {
        let opening = |source| EngineError::io(format!("opening {}", path.display()), source);
        let facts = std::fs::metadata(path).map_err(opening)?;
        if !facts.is_file() {
            let message = format!("{} is not a regular file.", path.display());
            return Err(ApiError::new(ErrorCode::BadRequest, message)
                .hint("Choose the SQL file itself.")
                .into());
        }
        let file = BufReader::with_capacity(256 << 10, File::open(path).map_err(opening)?);
        let mut raw =
            Tap { read: Arc::default(), hash: Arc::default(), file: Arc::new(std::sync::Mutex::new(file)) };
        let mut head = Vec::new();
        raw.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(opening)?;
        let start = std::io::Cursor::new(head.clone()).chain(raw.clone());
        let (text, compression): (Box<dyn Read + Send>, _) = match head.as_slice() {
            [0x1f, 0x8b, ..] => (Box::new(flate2::read::MultiGzDecoder::new(start)), Compression::Gzip),
            // A frame, or a skippable one before it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let decoder = zstd::stream::read::Decoder::new(start).map_err(opening)?;
                (Box::new(decoder), Compression::Zstd)
            }
            _ => (Box::new(start), Compression::None),
        };
        let mut input = Self { text, raw, compression, file_bytes: facts.len() };
        let mut first = Vec::new();
        while first.len() < HEAD {
            let mut piece = [0; HEAD];
            match input.read(&mut piece[..HEAD - first.len()])? {
                0 => break,
                count => first.extend_from_slice(&piece[..count]),
            }
        }
        refuse_other_kinds(&first)?;
        let mark = if first.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let rest = std::mem::replace(&mut input.text, Box::new(std::io::empty()));
        input.text = Box::new(std::io::Cursor::new(first.split_off(mark)).chain(rest));
        Ok(input)
    }

    /// Text, decompressed. 0 at the end.
    pub fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        loop {
            match self.text.read(into) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.explain(error)),
            }
        }
    }

    /// Bytes of the file that have been used up.
    pub fn consumed(&self) -> u64 {
        self.raw.read.load(Ordering::Relaxed)
    }

    /// The hash of the whole file, also of what follows the compressed part.
    pub fn hash(&mut self) -> Result<String> {
        std::io::copy(&mut self.raw, &mut std::io::sink())
            .map_err(|source| EngineError::io("reading the SQL file", source))?;
        let poisoned = |_| EngineError::internal("Hashing the SQL file has failed.");
        Ok(self.raw.hash.lock().map_err(poisoned)?.finalize().to_hex().to_string())
    }

    fn explain(&self, error: std::io::Error) -> EngineError {
        let name = match self.compression {
            Compression::None => return EngineError::io("reading the SQL file", error),
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        };
        // The system's own errors keep their meaning; the rest is the decoder's verdict.
        if error.raw_os_error().is_some() {
            return EngineError::io("reading the SQL file", error);
        }
        let at = self.consumed();
        let message = if error.kind() == std::io::ErrorKind::UnexpectedEof
            || error.to_string().contains("incomplete")
        {
            format!("The {name} file is cut short: it ends after {at} bytes, in the middle of its data.")
        } else {
            format!("The {name} file is damaged near byte {at}: {error}.")
        };
        ApiError::new(ErrorCode::BadRequest, message)
            .hint("Copy the file again from where it was made.")
            .into()
    }
}

fn refuse_other_kinds(head: &[u8]) -> Result<()> {
    let (what, hint) = match head {
        [] => ("empty", "Choose a file with SQL in it."),
        _ if head.starts_with(b"SQLite format 3\0") => {
            ("a SQLite database, not SQL text", "Add it as a connection instead.")
        }
        _ if head.starts_with(b"PGDMP") => (
            "an archive in pg_dump's custom format, not SQL text",
            "Turn it into text with: pg_restore --file=dump.sql ARCHIVE",
        ),
        _ if head.get(257..262) == Some(b"ustar") => (
            "a tar archive",
            "Unpack it; pg_dump's tar format becomes text with pg_restore --file=dump.sql ARCHIVE",
        ),
        _ if head.starts_with(b"PK\x03\x04") => ("a zip archive", "Unpack it and choose the SQL file in it."),
        _ if head.starts_with(b"\xfd7zXZ\0") => {
            ("compressed with xz", "Unpack it first, or use gzip or zstd.")
        }
        _ if head.starts_with(b"BZh") => ("compressed with bzip2", "Unpack it first, or use gzip or zstd."),
        _ if head.starts_with(b"\x1f\x8b") || head.starts_with(b"\x28\xb5\x2f\xfd") => {
            ("compressed twice", "Unpack it once.")
        }
        _ if is_utf16(head) => (
            "UTF-16 text (PowerShell writes redirected output so)",
            "Convert it to UTF-8, or dump with pg_dump --file or mysqldump --result-file.",
        ),
        _ => return Ok(()),
    };
    Err(broken(None, format!("The file is {what}."), hint))
}

fn is_utf16(head: &[u8]) -> bool {
    let ascii_with_gaps = |high: usize| {
        let pairs: Vec<&[u8]> = head.chunks_exact(2).take(16).collect();
        pairs.len() >= 2 && pairs.iter().all(|pair| pair[high] == 0 && pair[1 - high] != 0)
    };
    head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") || ascii_with_gaps(1) || ascii_with_gaps(0)
}
