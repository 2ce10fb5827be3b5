//! Row counts and the order-free content hash that proofs compare.
//!
//! The hash of a table is the sum modulo 2^256 of the BLAKE3 digests of its rows' COPY text (without the
//! line end). Order does not matter, duplicates do, and two streams of the same table add up.

/// Takes COPY text in any fragmentation.
#[derive(Clone, Default)]
pub struct ContentHasher {
    sum: [u64; 4],
    rows: u64,
    bytes: u64,
    longest: u64,
    /// The beginning of a row whose end has not arrived.
    partial: Vec<u8>,
}

impl ContentHasher {
    pub fn new() -> Self {
        Self::default()
    }

    /// Feeds bytes; rows end at `\n`.
    pub fn write(&mut self, mut data: &[u8]) {
        self.bytes += data.len() as u64;
        while let Some(end) = memchr::memchr(b'\n', data) {
            if self.partial.is_empty() {
                self.longest = self.longest.max(end as u64);
                self.add(blake3::hash(&data[..end]));
            } else {
                self.partial.extend_from_slice(&data[..end]);
                self.longest = self.longest.max(self.partial.len() as u64);
                let digest = blake3::hash(&self.partial);
                self.partial.clear();
                self.add(digest);
            }
            data = &data[end + 1..];
        }
        self.partial.extend_from_slice(data);
    }

    fn add(&mut self, digest: blake3::Hash) {
        self.rows += 1;
        let mut lanes = [0u64; 4];
        for (lane, bytes) in lanes.iter_mut().zip(digest.as_bytes().chunks_exact(8)) {
            *lane = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        }
        self.add_lanes(lanes);
    }

    fn add_lanes(&mut self, lanes: [u64; 4]) {
        let mut carry = false;
        for (sum, lane) in self.sum.iter_mut().zip(lanes) {
            let (value, first) = sum.overflowing_add(lane);
            let (value, second) = value.overflowing_add(u64::from(carry));
            *sum = value;
            carry = first || second;
        }
    }

    /// Adds what another hasher has seen of the same table.
    pub fn merge(&mut self, other: &ContentHasher) {
        self.add_lanes(other.sum);
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.longest = self.longest.max(other.longest);
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }
    /// Bytes fed, line ends included.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    /// Bytes of the longest row, without its line end.
    pub fn longest_row(&self) -> u64 {
        self.longest
    }
    /// True when the last row had its line end: anything else is a cut stream.
    pub fn is_whole(&self) -> bool {
        self.partial.is_empty()
    }
    /// 64 hex digits, least significant byte first.
    pub fn hex(&self) -> String {
        use std::fmt::Write;
        let mut text = String::with_capacity(64);
        for byte in self.sum.iter().flat_map(|lane| lane.to_le_bytes()) {
            write!(text, "{byte:02x}").expect("writing to a string");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(parts: &[&[u8]]) -> ContentHasher {
        let mut hasher = ContentHasher::new();
        parts.iter().for_each(|part| hasher.write(part));
        hasher
    }

    #[test]
    fn order_and_fragmentation_do_not_matter_but_rows_do() {
        let whole = hash(&[b"a\t1\nb\t2\nb\t2\n"]);
        assert_eq!(whole.rows(), 3);
        assert_eq!(whole.hex(), hash(&[b"b\t2\na", b"\t1\nb\t", b"2\n"]).hex());
        assert_ne!(whole.hex(), hash(&[b"a\t1\nb\t2\n"]).hex(), "duplicates count");
        assert_ne!(whole.hex(), hash(&[b"a\t1\nb\t2\nb\t3\n"]).hex());
        let mut merged = hash(&[b"a\t1\n"]);
        merged.merge(&hash(&[b"b\t2\nb\t2\n"]));
        assert_eq!((merged.hex(), merged.rows()), (whole.hex(), 3));
        assert_eq!(hash(&[b"a\nb", b"bb\nc\n"]).longest_row(), 3);
        assert!(!hash(&[b"a\t1"]).is_whole());
    }
}
