//! Gzip of bytes of which the first part is compressed once and the last one is another in each answer (RFC 1951, RFC 1952).

use std::io::{self, Write};

use axum::body::Bytes;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Deflate, no name, no time, no system.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// The most bytes of a block that isn't compressed.
const BLOCK: usize = 65_535;

/// The first part, compressed.
#[derive(Debug)]
pub struct Zipped {
    bytes: Bytes,
    sum: Crc,
}

impl Zipped {
    /// Compresses it: slow for a large one.
    ///
    /// # Errors
    /// When that fails.
    pub fn of(first: &[u8]) -> io::Result<Self> {
        let mut encoder = DeflateEncoder::new(HEAD.to_vec(), Compression::default());
        encoder.write_all(first)?;
        // Brought to a whole byte and left open, so that blocks can follow.
        encoder.flush()?;
        let mut bytes = std::mem::take(encoder.get_mut());
        bytes.shrink_to_fit();
        let mut sum = Crc::new();
        sum.update(first);
        Ok(Self { bytes: Bytes::from(bytes), sum })
    }

    /// One gzip member of both parts: what is compressed already, and the last part as it is. It is short, and never the same.
    pub fn with(&self, last: &[u8]) -> [Bytes; 2] {
        let mut end = Vec::with_capacity(last.len() + 16);
        let mut blocks = last.chunks(BLOCK).peekable();
        while let Some(block) = blocks.next() {
            let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
            end.push(u8::from(blocks.peek().is_none()));
            end.extend(length.to_le_bytes());
            end.extend((!length).to_le_bytes());
            end.extend(block);
        }
        let mut sum = Crc::new();
        sum.combine(&self.sum);
        sum.update(last);
        end.extend(sum.sum().to_le_bytes());
        end.extend(sum.amount().to_le_bytes());
        [self.bytes.clone(), Bytes::from(end)]
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn unpacked(parts: &[Bytes; 2]) -> Vec<u8> {
        let (bytes, mut text) = (parts.concat(), Vec::new());
        // One that reads a single member: what is left after it is told by what is unread.
        let mut decoder = GzDecoder::new(&bytes[..]);
        decoder.read_to_end(&mut text).unwrap();
        assert!(decoder.into_inner().is_empty(), "one member, and nothing behind it");
        text
    }

    #[test]
    fn both_parts_are_one_member_however_long_the_last_one_is() {
        for first in ["", "a", &"workers ".repeat(100_000)] {
            let zipped = Zipped::of(first.as_bytes()).unwrap();
            for last in ["]", "],\"total_items\":1}", &"watch ".repeat(30_000)] {
                let parts = zipped.with(last.as_bytes());
                assert_eq!(unpacked(&parts), [first, last].concat().as_bytes());
            }
        }
    }

    #[test]
    fn what_repeats_itself_becomes_small_and_the_last_part_stays_as_it_is() {
        let zipped = Zipped::of("workers ".repeat(1000).as_bytes()).unwrap();
        let [first, last] = zipped.with(b"the end");
        assert!(first.len() < 200, "{}", first.len());
        assert_eq!(last.len(), "the end".len() + 5 + 8);
    }
}
