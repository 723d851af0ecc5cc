//! Looks at 64 bytes of JSON at once: where its quotes, backslashes and brackets are, as bits.

use wide::u8x16;

/// How many bytes are looked at.
pub(super) const BLOCK: usize = 64;

/// A bit for each byte, the first byte's the lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// `"`
    pub(super) quotes: u64,
    /// `\`
    pub(super) escapes: u64,
    /// `{`, `[`, `}` and `]`
    pub(super) brackets: u64,
}

impl Marks {
    /// Reads a block.
    pub(super) fn of(block: &[u8; BLOCK]) -> Self {
        let mut marks = Self::default();
        let (pieces, _) = block.as_chunks::<16>();
        for (index, piece) in pieces.iter().enumerate() {
            let [quotes, escapes, brackets] = sixteen(*piece).map(|bits| u64::from(bits) << (index * 16));
            marks.quotes |= quotes;
            marks.escapes |= escapes;
            marks.brackets |= brackets;
        }
        marks
    }

    /// The bytes that belong to strings: from each opening quote on, up to before the closing one. A block without escapes only.
    pub(super) fn strings(&self, begins_in_one: bool) -> u64 {
        // Each bit is the parity of the quotes up to its place.
        let mut parity = self.quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            parity ^= parity << shift;
        }
        if begins_in_one { !parity } else { parity }
    }
}

/// The places of quotes, backslashes and brackets in 16 bytes, which processors compare in one step.
fn sixteen(bytes: [u8; 16]) -> [u32; 3] {
    let bytes = u8x16::new(bytes);
    let same = |bytes: u8x16, byte| bytes.simd_eq(u8x16::splat(byte));
    // One bit tells square brackets from curly ones.
    let folded = bytes | u8x16::splat(0x20);
    let brackets = same(folded, b'{') | same(folded, b'}');
    [same(bytes, b'"'), same(bytes, b'\\'), brackets].map(u8x16::to_bitmask)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One byte after the other.
    fn plainly(bytes: [u8; 16]) -> [u32; 3] {
        let places = |wanted: fn(u8) -> bool| {
            bytes.iter().enumerate().fold(0, |bits, (index, byte)| bits | u32::from(wanted(*byte)) << index)
        };
        let is_bracket = |byte: u8| matches!(byte, b'{' | b'}' | b'[' | b']');
        [places(|byte| byte == b'"'), places(|byte| byte == b'\\'), places(is_bracket)]
    }

    proptest! {
        #[test]
        fn marks_are_those_of_each_byte(
            block in prop::array::uniform16(prop_oneof![any::<u8>(), prop::sample::select(b"\"\\{}[]".to_vec())])
        ) {
            prop_assert_eq!(sixteen(block), plainly(block));
        }

        #[test]
        fn strings_are_what_stands_between_quotes(text in "[ab\" ]{64}", inside in any::<bool>()) {
            let block = text.as_bytes().first_chunk().unwrap();
            let strings = Marks::of(block).strings(inside);
            let mut within = inside;
            for (index, byte) in block.iter().enumerate() {
                within ^= *byte == b'"';
                prop_assert_eq!(strings >> index & 1 == 1, within, "{} at {}", text, index);
            }
        }
    }
}
