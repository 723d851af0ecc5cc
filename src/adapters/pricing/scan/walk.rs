//! Finds the end of one JSON value, given in pieces.

use super::{malformed, truncated};
use crate::domain::error::SourceError;

/// Values nested deeper than this make the document hostile.
pub(super) const MAX_DEPTH: u32 = u64::BITS;

/// The way through one value, which may be cut anywhere between two reads.
pub(super) struct Walk {
    /// Where to go on in the bytes that are given next.
    pub(super) at: usize,
    /// How many brackets are open.
    depth: u32,
    /// The open brackets, the innermost in the lowest bit: 1 for an object.
    kinds: u64,
    in_string: bool,
    escaped: bool,
    /// Bytes of the string or word so far.
    length: usize,
    in_word: bool,
    max_string: usize,
}

impl Walk {
    pub(super) fn new(max_string: usize) -> Self {
        Self { at: 0, depth: 0, kinds: 0, in_string: false, escaped: false, length: 0, in_word: false, max_string }
    }

    /// Goes on through `bytes`; the value's length in them once its end is found.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Option<usize>, SourceError> {
        while self.at < bytes.len() {
            if self.in_string {
                self.string(bytes)?;
                if !self.in_string && self.depth == 0 {
                    return Ok(Some(self.at));
                }
                continue;
            }
            let byte = bytes[self.at];
            if self.in_word && self.depth == 0 && !is_word(byte) {
                return Ok(Some(self.at));
            }
            self.at += 1;
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.length = 0;
                }
                b'{' | b'[' => self.enter(byte == b'{')?,
                b'}' | b']' => {
                    self.leave(byte == b'}')?;
                    if self.depth == 0 {
                        return Ok(Some(self.at));
                    }
                }
                _ if self.depth == 0 => self.word(byte)?,
                _ => self.at += loose(&bytes[self.at..]),
            }
        }
        Ok(None)
    }

    /// Passes to behind the string's closing quote, or to the end of the bytes.
    fn string(&mut self, bytes: &[u8]) -> Result<(), SourceError> {
        let rest = &bytes[self.at..];
        let mut taken = 0;
        while taken < rest.len() {
            if std::mem::take(&mut self.escaped) {
                taken += 1;
                continue;
            }
            taken += plain(&rest[taken..]);
            if taken == rest.len() {
                break;
            }
            taken += 1;
            if rest[taken - 1] == b'"' {
                self.in_string = false;
                break;
            }
            self.escaped = true;
        }
        self.at += taken;
        self.length += taken;
        if self.length > self.max_string { Err(malformed("a string is too long")) } else { Ok(()) }
    }

    fn enter(&mut self, object: bool) -> Result<(), SourceError> {
        if self.depth >= MAX_DEPTH {
            return Err(malformed("values are nested too deeply"));
        }
        self.depth += 1;
        self.kinds = self.kinds << 1 | u64::from(object);
        Ok(())
    }

    fn leave(&mut self, object: bool) -> Result<(), SourceError> {
        if self.depth == 0 || (self.kinds & 1 == 1) != object {
            return Err(malformed("brackets don't match"));
        }
        self.depth -= 1;
        self.kinds >>= 1;
        Ok(())
    }

    /// A number, `true`, `false` or `null` outside of brackets.
    fn word(&mut self, byte: u8) -> Result<(), SourceError> {
        self.in_word = true;
        self.length += 1;
        if is_word(byte) && self.length <= self.max_string { Ok(()) } else { Err(malformed("a value is missing")) }
    }

    /// The source ended: fine behind a number, and too early everywhere else.
    pub(super) fn end_of_document(&self) -> Result<usize, SourceError> {
        if self.in_word && self.depth == 0 { Ok(self.at) } else { Err(truncated()) }
    }
}

/// How many bytes come before the first quote or backslash: what a string may hold as it is.
fn plain(bytes: &[u8]) -> usize {
    before(bytes, |word| marked(word, b'"') | marked(word, b'\\'), |byte| matches!(byte, b'"' | b'\\'))
}

/// How many bytes come before the first quote or bracket: inside of brackets, nothing else says where the value ends.
fn loose(bytes: &[u8]) -> usize {
    // One bit tells square brackets from curly ones.
    let brackets = |word: u64| marked(word | (ONES << 5), b'{') | marked(word | (ONES << 5), b'}');
    before(bytes, |word| marked(word, b'"') | brackets(word), |byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))
}

const ONES: u64 = u64::MAX / 255;

/// Marks where `byte` stands in eight bytes; those above the first one marked may be marked in error.
fn marked(word: u64, byte: u8) -> u64 {
    let zeroed = word ^ (ONES * u64::from(byte));
    zeroed.wrapping_sub(ONES) & !zeroed & (ONES << 7)
}

/// How many bytes come before the first that is looked for. Eight at a time: most of an offer file is strings and white space.
fn before(bytes: &[u8], marks: impl Fn(u64) -> u64, ends: impl Fn(u8) -> bool) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().position(|&byte| ends(byte)).unwrap_or(rest.len())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{loose, plain};

    proptest! {
        #[test]
        fn plain_bytes_are_counted_as_one_by_one(
            bytes in prop::collection::vec(prop::sample::select(vec![b'"', b'\\', b'!', b'#', b'[', b']', 0, 0x80, 0xff, b'a']), 0..40)
        ) {
            let expected = bytes.iter().take_while(|&&byte| byte != b'"' && byte != b'\\').count();
            prop_assert_eq!(plain(&bytes), expected);
        }

        #[test]
        fn loose_bytes_are_counted_as_one_by_one(
            bytes in prop::collection::vec(prop::sample::select(b"\"{}[]\\!#Z^;z|~ \n:,\x00\x80\x9d\xff".to_vec()), 0..40)
        ) {
            let expected = bytes.iter().take_while(|byte| !b"\"{}[]".contains(byte)).count();
            prop_assert_eq!(loose(&bytes), expected);
        }

        #[test]
        fn long_runs_of_plain_bytes_are_counted(run in 0_usize..100, end in prop::sample::select(vec!["\"", "\\", ""])) {
            prop_assert_eq!(plain(format!("{}{end}", "x".repeat(run)).as_bytes()), run);
        }
    }
}
