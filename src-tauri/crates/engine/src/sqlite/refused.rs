//! What is a file that SQLite refuses at its first page: encrypted, cut short, or no database at all.
//!
//! SQLite cannot read such a file, so nobody holds a lock on it in this process and it may be opened directly.

use std::io::Read;
use std::path::Path;

use holdfast_contract::{ApiError, ErrorCode};

use super::error;
use crate::{EngineError, Result};

const MAGIC: &[u8] = b"SQLite format 3\0";

/// `corrupt`: what SQLite said if it takes it for a damaged database, else it says that it is none.
pub(super) fn describe(path: &Path, corrupt: Option<&str>) -> Result<ApiError> {
    let reading = |error| EngineError::io(format!("reading {}", path.display()), error);
    let mut file = std::fs::File::open(path).map_err(reading)?;
    let length = file.metadata().map_err(reading)?.len();
    let mut head = Vec::new();
    file.by_ref().take(65_536).read_to_end(&mut head).map_err(reading)?;
    if looks_encrypted(&head[..head.len().min(4096)], length) || encrypted_behind_its_header(&head) {
        return Ok(ApiError::new(
            ErrorCode::DatabaseEncrypted,
            format!("{} looks like an encrypted SQLite database.", path.display()),
        )
        .hint("Holdfast cannot open SQLCipher or SEE files: connect it decrypted, or back up the file by other means."));
    }
    if let Some(said) = corrupt.filter(|said| said.contains("unsupported file format")) {
        return Ok(ApiError::new(
            ErrorCode::VersionUnsupported,
            format!(
                "{} has a file format that SQLite {} does not read.",
                path.display(),
                rusqlite::version()
            ),
        )
        .hint("If no newer SQLite made it, its header is damaged: restore the last proven backup.")
        .native(said));
    }
    if let Some(said) = corrupt {
        return Ok(error::damaged(path, &[cut_short(&head, length).unwrap_or_else(|| said.to_owned())]));
    }
    if head.starts_with(MAGIC) || is_damaged_header(&head, length) {
        return Ok(error::damaged(
            path,
            &["the header on its first page is not one that SQLite can read".into()],
        ));
    }
    Ok(ApiError::new(ErrorCode::NotADatabase, format!("{} is not a SQLite database.", path.display()))
        .hint("Check the path; a SQLite file begins with the words “SQLite format 3”."))
}

fn page_size(head: &[u8]) -> Option<u64> {
    match u16::from_be_bytes([*head.get(16)?, *head.get(17)?]) {
        1 => Some(65_536),
        size if size >= 512 && size.is_power_of_two() => Some(u64::from(size)),
        _ => None,
    }
}

/// The header counts more pages than the file has.
fn cut_short(head: &[u8], length: u64) -> Option<String> {
    let size = page_size(head)?;
    let claimed = u64::from(u32::from_be_bytes(head.get(28..32)?.try_into().ok()?));
    (claimed * size > length).then(|| {
        let (whole, rest) = (length / size, length % size);
        let part = if rest > 0 { format!(" and {rest} bytes of another") } else { String::new() };
        format!("the file is cut short: its header counts {claimed} pages of {size} bytes, but it ends after {whole}{part}")
    })
}

/// Its first words are gone, and the rest of the header is still one.
fn is_damaged_header(head: &[u8], length: u64) -> bool {
    let tail = [64, 32, 32];
    page_size(head).is_some_and(|size| length >= size && length.is_multiple_of(size))
        && head.get(21..24).is_some_and(|bytes| bytes == tail)
        && head.get(100).is_some_and(|kind| [5, 13].contains(kind))
}

/// An encrypted database is whole pages of noise. Compressed files are noise too, but say what they are.
fn looks_encrypted(head: &[u8], length: u64) -> bool {
    const KNOWN: [&[u8]; 10] = [
        MAGIC,
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"\x28\xb5\x2f\xfd",
        b"\xfd7zXZ",
        b"BZh",
        b"7z\xbc\xaf",
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"%PDF",
    ];
    length >= 512
        && length.is_multiple_of(512)
        && !KNOWN.iter().any(|magic| head.starts_with(magic))
        && is_noise(head)
}

/// SQLCipher can leave the first 32 bytes readable (`cipher_plaintext_header_size`), and SEE some of them.
fn encrypted_behind_its_header(head: &[u8]) -> bool {
    let Some(size) = page_size(head) else { return false };
    let end = head.len().min(size as usize);
    // No kind of b-tree page begins at byte 100, and nothing on the page is empty as it would be after damage.
    head.starts_with(MAGIC) && end > 400 && ![2, 5, 10, 13].contains(&head[100]) && is_noise(&head[100..end])
}

/// Random bytes reach 7.5 bits in 512 bytes and 7.95 in 4096; text stays under 5, code under 6.5.
fn is_noise(bytes: &[u8]) -> bool {
    entropy(bytes) > 7.2
}

fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}
