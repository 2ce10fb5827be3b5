//! Reading little-endian fields from bytes that may be hostile: nothing here panics or allocates.

pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(part)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|byte| byte[0])
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn left(&self) -> usize {
        self.rest.len()
    }
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_little_endian_and_in_order() {
        let mut reader = Reader::new(&[1, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 1, 9, 8, 7]);
        assert_eq!((reader.u8(), reader.u16(), reader.u32()), (Some(1), Some(2), Some(3)));
        assert_eq!(reader.u64(), Some(4 + (1 << 56)));
        assert_eq!(reader.array(), Some([9, 8]));
        assert_eq!((reader.left(), reader.take(1), reader.take(0)), (1, Some(&[7][..]), Some(&[][..])));
        assert_eq!((reader.left(), reader.u8()), (0, None));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(a: u8, b: u16, c: u32, d: u64, rest in prop::collection::vec(any::<u8>(), 0..20)) {
            let bytes = [&[a][..], &b.to_le_bytes(), &c.to_le_bytes(), &d.to_le_bytes(), &rest].concat();
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!((reader.u8(), reader.u16(), reader.u32(), reader.u64()), (Some(a), Some(b), Some(c), Some(d)));
            prop_assert_eq!(reader.take(rest.len()), Some(&rest[..]));
            prop_assert_eq!(reader.left(), 0);
        }

        #[test]
        fn nothing_is_read_behind_the_end(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            lengths in prop::collection::vec(prop_oneof![0usize..12, Just(usize::MAX)], 0..12),
        ) {
            let mut reader = Reader::new(&bytes);
            let mut at = 0usize;
            for length in lengths {
                let expected = at.checked_add(length).and_then(|end: usize| bytes.get(at..end));
                prop_assert_eq!(reader.take(length), expected);
                // What is refused is not skipped.
                at += expected.map_or(0, <[u8]>::len);
                prop_assert_eq!(reader.left(), bytes.len() - at);
            }
        }
    }
}
