//! Finds the end of one JSON value, given in pieces.

use super::{malformed, truncated};
use crate::domain::error::SourceError;

/// Values nested deeper than this make the document hostile.
pub(super) const MAX_DEPTH: usize = 64;

/// The way through one value, which may be cut anywhere between two reads.
pub(super) struct Walk {
    /// Where to go on in the bytes that are given next.
    pub(super) at: usize,
    /// Open brackets, `true` for an object.
    open: Vec<bool>,
    in_string: bool,
    escaped: bool,
    /// Bytes of the string or word so far.
    length: usize,
    in_word: bool,
    max_string: usize,
}

impl Walk {
    pub(super) fn new(max_string: usize) -> Self {
        Self { at: 0, open: Vec::new(), in_string: false, escaped: false, length: 0, in_word: false, max_string }
    }

    /// Goes on through `bytes`; the value's length in them once its end is found.
    pub(super) fn step(&mut self, bytes: &[u8]) -> Result<Option<usize>, SourceError> {
        while self.at < bytes.len() {
            if self.in_string {
                self.string(bytes)?;
                if !self.in_string && self.open.is_empty() {
                    return Ok(Some(self.at));
                }
                continue;
            }
            let byte = bytes[self.at];
            if self.in_word && self.open.is_empty() && !is_word(byte) {
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
                    if self.open.pop() != Some(byte == b'}') {
                        return Err(malformed("brackets don't match"));
                    }
                    if self.open.is_empty() {
                        return Ok(Some(self.at));
                    }
                }
                _ if self.open.is_empty() => self.word(byte)?,
                _ => {}
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
            let Some(plain) = rest[taken..].iter().position(|&byte| byte == b'"' || byte == b'\\') else {
                taken = rest.len();
                break;
            };
            taken += plain + 1;
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
        if self.open.len() >= MAX_DEPTH {
            return Err(malformed("values are nested too deeply"));
        }
        self.open.push(object);
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
        if self.in_word && self.open.is_empty() { Ok(self.at) } else { Err(truncated()) }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}
