//! Walks a JSON document of any size in one pass and constant memory, handing out small values as bytes.
//!
//! Skipping checks that brackets and strings are closed, no more, 64 bytes at a time: most of an offer file is skipped.
//! What is handed out is parsed by `serde_json`, which checks everything.

mod block;
mod walk;

use std::io::Read;

use self::walk::Walk;

use crate::domain::error::SourceError;

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
/// Later reads, from a source that gives as much.
const READ: usize = 128 << 10;

/// A position in a JSON document.
pub(super) struct Scanner<R> {
    source: R,
    buffer: Vec<u8>,
    position: usize,
    consumed: u64,
    /// What the last read gave.
    given: usize,
    ended: bool,
}

pub(super) fn malformed(reason: impl Into<String>) -> SourceError {
    SourceError::Malformed(reason.into())
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, buffer: Vec::new(), position: 0, consumed: 0, given: 0, ended: false }
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
            // No more than what may be handed out is looked at, so that the answer doesn't depend on how much a read gave. The byte
            // more is the one behind a number.
            let most = self.buffer.len().min(self.position + MAX_VALUE + 1);
            let seen = &self.buffer[self.position..most];
            match walk.step(seen)? {
                Some(length) if length <= MAX_VALUE => break self.position + length,
                None if seen.len() <= MAX_VALUE => {}
                _ => return Err(malformed("a value is too large")),
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
        // No more room than a source fills: making it costs time.
        let size = if self.bytes() < BEGINNING { FIRST_READ } else { (2 * self.given).clamp(FIRST_READ, READ) };
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
        self.given = read;
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
