//! Finds the end of one JSON value, given in pieces.

use super::block::{BLOCK, Marks};
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
            if let Some(block) = bytes[self.at..].first_chunk().filter(|_| self.depth > 0 && !self.escaped) {
                let marks = Marks::of(block);
                if marks.escapes == 0 {
                    if self.block(block, marks)? {
                        return Ok(Some(self.at));
                    }
                    continue;
                }
            }
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
                _ => {}
            }
        }
        Ok(None)
    }

    /// Passes over a block without escapes, inside of brackets; true when the value ends in it.
    fn block(&mut self, block: &[u8; BLOCK], marks: Marks) -> Result<bool, SourceError> {
        let Marks { quotes, brackets, .. } = marks;
        let strings = marks.strings(self.in_string);
        if self.in_string && quotes != 0 {
            self.limit(self.length + quotes.trailing_zeros() as usize + 1)?;
        }
        let mut brackets = brackets & !strings;
        while brackets != 0 {
            let index = brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            match block[index] {
                opening @ (b'{' | b'[') => self.enter(opening == b'{')?,
                closing => self.leave(closing == b'}')?,
            }
            if self.depth == 0 {
                self.at += index + 1;
                self.in_string = false;
                return Ok(true);
            }
        }
        self.at += BLOCK;
        self.in_string = strings >> (BLOCK - 1) == 1;
        self.length = if quotes == 0 { self.length + BLOCK } else { quotes.leading_zeros() as usize };
        if self.in_string {
            self.limit(self.length)?;
        }
        Ok(false)
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
            let end = rest[taken..].iter().position(|byte| matches!(byte, b'"' | b'\\'));
            taken += end.unwrap_or(rest.len() - taken);
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
        self.limit(self.length)
    }

    fn limit(&self, length: usize) -> Result<(), SourceError> {
        if length > self.max_string { Err(malformed("a string is too long")) } else { Ok(()) }
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

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
