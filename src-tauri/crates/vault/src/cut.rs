//! Where a stream is cut into chunks. A cut depends only on what is near it, so a change stays local.

use bytes::{Buf, Bytes, BytesMut};

use crate::Unit;

const LINE_MIN: usize = 64 << 10;
/// Mean distance of cuts behind the minimum; with it the mean chunk has about 256 KiB.
const LINE_SPREAD: u64 = 192 << 10;
const LINE_MAX: usize = 1 << 20;
/// Pages change in place, so a bundle starts at a multiple of its size: see `docs/FORMAT.md`, "Cutting".
const PAGES: usize = 32 << 10;

/// Feed it bytes, take chunks.
pub(crate) struct Cutter {
    rule: Rule,
    buffer: BytesMut,
    units: u64,
    /// A unit that has begun and not ended.
    open: bool,
}

enum Rule {
    Line {
        key: [u64; 2],
        /// Row ends before this offset in the buffer have been judged.
        judged: usize,
        /// The last row end that was judged and is not at 0.
        last_end: usize,
    },
    Fixed {
        page: u64,
        bundle: usize,
        bytes: u64,
    },
}

impl Cutter {
    pub fn new(unit: Unit, key: &[u8; 32]) -> Self {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&key[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let rule = match unit {
            Unit::Line => Rule::Line { key: [word(0), word(8) | 1], judged: 0, last_end: 0 },
            Unit::Fixed(page) => {
                let page = page.max(1) as usize;
                // Whole pages, but never more than a chunk may hold.
                let bundle = ((PAGES / page).max(1) * page).min(LINE_MAX);
                Rule::Fixed { page: page as u64, bundle, bytes: 0 }
            }
        };
        Self { rule, buffer: BytesMut::new(), units: 0, open: false }
    }

    /// How much may be pushed before `next` must be asked again; keeps memory bounded for a row of any size.
    pub fn room(&self) -> usize {
        (2 * LINE_MAX).saturating_sub(self.buffer.len())
    }

    pub fn push(&mut self, data: &[u8]) {
        match &mut self.rule {
            Rule::Line { .. } => {
                self.units += memchr::memchr_iter(b'\n', data).count() as u64;
                if let Some(last) = data.last() {
                    self.open = *last != b'\n';
                }
            }
            Rule::Fixed { bytes, .. } => *bytes += data.len() as u64,
        }
        self.buffer.extend_from_slice(data);
    }

    /// The next chunk that is certain, whatever follows.
    pub fn next(&mut self) -> Option<Bytes> {
        let cut = match &mut self.rule {
            Rule::Fixed { bundle, .. } => (self.buffer.len() >= *bundle).then_some(*bundle)?,
            Rule::Line { key, judged, last_end } => {
                let cut = line_cut(&self.buffer, *key, judged, last_end)?;
                (*judged, *last_end) = (0, 0);
                cut
            }
        };
        Some(self.take(cut))
    }

    /// What is left at the end of the stream.
    pub fn rest(&mut self) -> Option<Bytes> {
        (!self.buffer.is_empty()).then(|| self.take(self.buffer.len()))
    }

    pub fn units(&self) -> u64 {
        match &self.rule {
            Rule::Line { .. } => self.units + u64::from(self.open),
            Rule::Fixed { page, bytes, .. } => bytes.div_ceil(*page),
        }
    }

    fn take(&mut self, length: usize) -> Bytes {
        // Copied, so that a chunk in work does not keep the whole buffer alive.
        let chunk = Bytes::copy_from_slice(&self.buffer[..length]);
        self.buffer.advance(length);
        chunk
    }
}

fn line_cut(buffer: &[u8], key: [u64; 2], judged: &mut usize, last_end: &mut usize) -> Option<usize> {
    let end = buffer.len().min(LINE_MAX);
    let mut row = *last_end;
    let mut from = *judged;
    if from < LINE_MIN {
        // Rows that end before the minimum are passed over without a look, apart from where the last one ends.
        let skip = LINE_MIN - 1;
        if end <= skip {
            return None;
        }
        from = skip;
        row = memchr::memrchr(b'\n', &buffer[..skip]).map_or(0, |at| at + 1);
    }
    for at in memchr::memchr_iter(b'\n', &buffer[from..end]) {
        let stop = from + at + 1;
        if is_cut(&buffer[row..stop], key) {
            return Some(stop);
        }
        row = stop;
    }
    (*judged, *last_end) = (end, row);
    if end < LINE_MAX {
        return None;
    }
    // No row was chosen: the last row end, or the maximum in the midst of a row that is longer.
    Some(if row > 0 { row } else { LINE_MAX })
}

/// The chance to cut behind a row is proportional to its length, so chunks are about equal for short and long rows.
fn is_cut(row: &[u8], key: [u64; 2]) -> bool {
    const EDGE: usize = 32;
    let length = row.len() as u64;
    if length >= LINE_SPREAD {
        return true;
    }
    let mut hash = mix(key[0] ^ length, key[1]);
    if row.len() <= 2 * EDGE {
        hash = absorb(hash, row, key[1]);
    } else {
        hash = absorb(hash, &row[..EDGE], key[1]);
        hash = absorb(hash, &row[row.len() - EDGE..], key[1]);
    }
    hash < length * (u64::MAX / LINE_SPREAD)
}

fn absorb(mut hash: u64, bytes: &[u8], key: u64) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word), key);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(hash ^ u64::from_le_bytes(last), key.rotate_left(29))
}

/// Both halves of the product: every input bit reaches every output bit.
fn mix(value: u64, key: u64) -> u64 {
    let product = u128::from(value ^ 0x9e37_79b9_7f4a_7c15) * u128::from(key | 1);
    (product as u64) ^ ((product >> 64) as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn cut(data: &[u8], unit: Unit, step: usize) -> (Vec<Bytes>, u64) {
        let mut cutter = Cutter::new(unit, &KEY);
        let mut chunks = Vec::new();
        for part in data.chunks(step) {
            for part in part.chunks(cutter.room().max(1)) {
                cutter.push(part);
                while let Some(chunk) = cutter.next() {
                    chunks.push(chunk);
                }
            }
        }
        chunks.extend(cutter.rest());
        (chunks, cutter.units())
    }

    fn rows(count: usize, seed: u64) -> Vec<String> {
        (0..count).map(|n| format!("{n}\t{}\tvalue {}\n", mix(n as u64, seed), n % 17)).collect()
    }

    #[test]
    fn a_changed_row_disturbs_only_its_neighbourhood() {
        let base = rows(200_000, 11);
        let (before, units) = cut(base.concat().as_bytes(), Unit::Line, 8000);
        assert_eq!(units, 200_000);
        assert!((20..80).contains(&before.len()), "{} chunks", before.len());
        let known: HashSet<&Bytes> = before.iter().collect();
        for at in [0, 77_777, 123_456, 199_999] {
            for change in 0..3 {
                let mut changed = base.clone();
                match change {
                    0 => drop(changed.remove(at)),
                    1 => changed.insert(at, "inserted\tby somebody\n".to_owned()),
                    _ => changed[at] = "changed\n".to_owned(),
                }
                let (after, _) = cut(changed.concat().as_bytes(), Unit::Line, 8000);
                let new = after.iter().filter(|chunk| !known.contains(chunk)).count();
                assert!(new <= 4, "{new} new chunks after change {change} at {at}");
            }
        }
    }

    #[test]
    fn the_way_the_bytes_arrive_does_not_matter() {
        let data = rows(60_000, 3).concat();
        let (whole, _) = cut(data.as_bytes(), Unit::Line, data.len());
        for step in [1, 13, 4096, 65_536, 1_000_000] {
            assert_eq!(cut(data.as_bytes(), Unit::Line, step).0, whole, "step {step}");
        }
    }

    #[test]
    fn a_huge_row_is_split_in_bounded_memory_and_rows_around_it_stay_whole() {
        let data = format!("before\n{}\nafter\n", "x".repeat(5 << 20));
        let (chunks, units) = cut(data.as_bytes(), Unit::Line, 100_000);
        assert_eq!(units, 3);
        assert_eq!(&chunks[0][..], b"before\n");
        assert!(chunks.iter().all(|chunk| chunk.len() <= LINE_MAX));
        assert_eq!(chunks.concat(), data.as_bytes());
    }

    #[test]
    fn a_changed_page_disturbs_one_bundle() {
        let mut data: Vec<u8> = (0..4096 * 100u32).map(|n| (mix(u64::from(n), 5) & 255) as u8).collect();
        let (before, units) = cut(&data, Unit::Fixed(4096), 5000);
        assert_eq!(units, 100);
        data[4096 * 50 + 7] ^= 1;
        let (after, _) = cut(&data, Unit::Fixed(4096), 4096);
        assert_eq!(before.len(), after.len());
        assert_eq!(before.iter().zip(&after).filter(|(a, b)| a != b).count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn chunks_add_up_to_the_stream(
            lengths in prop::collection::vec(0usize..20_000, 0..200), step in 1usize..300_000, page in 1u32..70_000,
        ) {
            let mut data = Vec::new();
            for (n, length) in lengths.iter().enumerate() {
                data.extend(std::iter::repeat_n(b'a' + (n % 20) as u8, *length));
                data.push(b'\n');
            }
            for unit in [Unit::Line, Unit::Fixed(page)] {
                let (chunks, units) = cut(&data, unit, step);
                prop_assert_eq!(chunks.concat(), data.clone());
                let expected = if unit == Unit::Line { lengths.len() } else { data.len().div_ceil(page as usize) };
                prop_assert_eq!(units, expected as u64);
            }
        }
    }
}
