//! Walks a JSON document of any size in one pass and constant memory, handing out small values as bytes.
//!
//! Skipping checks that brackets and strings are closed, no more: most of an offer file is skipped, and this is what makes it quick.
//! What is handed out is parsed by `serde_json`, which checks everything.

use std::io::Read;

use crate::domain::error::SourceError;

/// Values nested deeper than this make the document hostile.
const MAX_DEPTH: usize = 64;
/// The most bytes of one value that is handed out; the largest real product has under 4 KiB.
const MAX_VALUE: usize = 256 << 10;
/// The most bytes of one string that is skipped; AWS's longest, the disclaimer, has under 1 KiB.
const MAX_STRING: usize = 64 << 10;
/// The most bytes of one document: about twenty times the largest region's file.
const MAX_DOCUMENT: u64 = 8 << 30;
/// Reads at the beginning are small, so that a document whose version is known already costs next to nothing.
const FIRST_READ: usize = 8 << 10;
/// Where the beginning ends.
const BEGINNING: u64 = 16 << 10;
/// Later reads.
const READ: usize = 128 << 10;

/// A position in a JSON document.
pub(super) struct Scanner<R> {
    source: R,
    buffer: Vec<u8>,
    position: usize,
    consumed: u64,
    ended: bool,
}

pub(super) fn malformed(reason: impl Into<String>) -> SourceError {
    SourceError::Malformed(reason.into())
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), position: 0, consumed: 0, ended: false }
    }

    /// Bytes of the document that were read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.consumed + self.buffer.len() as u64
    }

    /// Enters an object.
    pub(super) fn object(&mut self, what: &str) -> Result<Members, SourceError> {
        match self.token()? {
            b'{' => {
                self.position += 1;
                Ok(Members { first: true })
            }
            _ => Err(malformed(format!("{what} is no object"))),
        }
    }

    /// The next byte that isn't white space.
    pub(super) fn token(&mut self) -> Result<u8, SourceError> {
        self.peek()?.ok_or_else(truncated)
    }

    /// Makes sure that nothing follows the document.
    pub(super) fn finish(&mut self) -> Result<(), SourceError> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(malformed("something follows the end of the document")),
        }
    }

    /// The next value as bytes.
    pub(super) fn value(&mut self) -> Result<&[u8], SourceError> {
        self.token()?;
        // From here on `position` stays on the value's first byte, so that a refill keeps all of it.
        let mut walk = Walk::new(MAX_VALUE);
        let end = loop {
            if let Some(length) = walk.step(&self.buffer[self.position..])? {
                break self.position + length;
            }
            if self.buffer.len() - self.position > MAX_VALUE {
                return Err(malformed("a value is too large"));
            }
            if !self.refill()? {
                break self.position + walk.end_of_document()?;
            }
        };
        let start = std::mem::replace(&mut self.position, end);
        Ok(&self.buffer[start..end])
    }

    /// Passes over the next value, however large.
    pub(super) fn skip(&mut self) -> Result<(), SourceError> {
        self.token()?;
        let mut walk = Walk::new(MAX_STRING);
        loop {
            if let Some(length) = walk.step(&self.buffer[self.position..])? {
                self.position += length;
                return Ok(());
            }
            self.position = self.buffer.len();
            walk.at = 0;
            if !self.refill()? {
                return walk.end_of_document().map(|_| ());
            }
        }
    }

    /// The next value, when it is a string; other values are passed over.
    pub(super) fn text(&mut self) -> Result<Option<String>, SourceError> {
        if self.token()? != b'"' {
            self.skip()?;
            return Ok(None);
        }
        serde_json::from_slice(self.value()?).map(Some).map_err(|error| unreadable(&error))
    }

    fn peek(&mut self) -> Result<Option<u8>, SourceError> {
        loop {
            while let Some(&byte) = self.buffer.get(self.position) {
                if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                    return Ok(Some(byte));
                }
                self.position += 1;
            }
            if !self.refill()? {
                return Ok(None);
            }
        }
    }

    /// Reads more behind what isn't consumed yet; false at the end of the source.
    fn refill(&mut self) -> Result<bool, SourceError> {
        if self.ended {
            return Ok(false);
        }
        let size = if self.bytes() < BEGINNING { FIRST_READ } else { READ };
        self.consumed += self.position as u64;
        self.buffer.drain(..self.position);
        self.position = 0;
        let kept = self.buffer.len();
        self.buffer.resize(kept + size, 0);
        let read = loop {
            match self.source.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(kept + read.as_ref().map_or(0, |&read| read.min(size)));
        let read = read.map_err(|error| failed(&error))?;
        if self.bytes() > MAX_DOCUMENT {
            return Err(malformed("the document is too large"));
        }
        self.ended = read == 0;
        Ok(read > 0)
    }
}

/// The members of an object that was entered.
pub(super) struct Members {
    first: bool,
}

impl Members {
    /// The next member's key, with the scanner on its value; `None` behind the object's end.
    pub(super) fn next<R: Read>(&mut self, scanner: &mut Scanner<R>) -> Result<Option<String>, SourceError> {
        let mut token = scanner.token()?;
        if token == b'}' {
            scanner.position += 1;
            return Ok(None);
        }
        if !std::mem::replace(&mut self.first, false) {
            if token != b',' {
                return Err(malformed("a comma is missing"));
            }
            scanner.position += 1;
            token = scanner.token()?;
        }
        if token != b'"' {
            return Err(malformed("an object's key is no string"));
        }
        let key = serde_json::from_slice(scanner.value()?).map_err(|error| unreadable(&error))?;
        if scanner.token()? != b':' {
            return Err(malformed("a colon is missing"));
        }
        scanner.position += 1;
        Ok(Some(key))
    }
}

/// The way through one value, which may be cut anywhere between two reads.
struct Walk {
    /// Where to go on in the bytes that are given next.
    at: usize,
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
    fn new(max_string: usize) -> Self {
        Self { at: 0, open: Vec::new(), in_string: false, escaped: false, length: 0, in_word: false, max_string }
    }

    /// Goes on through `bytes`; the value's length in them once its end is found.
    fn step(&mut self, bytes: &[u8]) -> Result<Option<usize>, SourceError> {
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
    fn end_of_document(&self) -> Result<usize, SourceError> {
        if self.in_word && self.open.is_empty() { Ok(self.at) } else { Err(truncated()) }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

fn truncated() -> SourceError {
    malformed("it ends too early")
}

/// `serde_json`'s error by kind and place alone: its text can repeat the content.
pub(super) fn unreadable(error: &serde_json::Error) -> SourceError {
    malformed(format!("a value can't be read ({:?} error)", error.classify()))
}

/// A damaged stream is the content's fault, anything else the way's.
fn failed(error: &std::io::Error) -> SourceError {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    match error.kind() {
        UnexpectedEof => truncated(),
        InvalidData | InvalidInput => malformed(error.to_string()),
        _ => SourceError::Unreachable(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
