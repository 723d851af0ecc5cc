//! A gzipped source, which can't keep its reader busy with nothing.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// How much larger than its content a gzip stream may be. Real ones are smaller; one of empty members has no end and no content.
const OVERHEAD: u64 = 1 << 20;

/// The content of a gzip stream of one or more members.
pub(super) struct Unzipped<R>(MultiGzDecoder<Metered<R>>);

impl<R: Read> Unzipped<R> {
    pub(super) fn new(source: R) -> Self {
        Self(MultiGzDecoder::new(Metered { source, read: 0, allowed: OVERHEAD }))
    }
}

impl<R: Read> Read for Unzipped<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into)?;
        self.0.get_mut().allowed += read as u64;
        Ok(read)
    }
}

/// The stream itself.
struct Metered<R> {
    source: R,
    read: u64,
    allowed: u64,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.read += read as u64;
        if self.read > self.allowed {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its gzip stream is larger than what is in it"));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// The same bytes over and over, without an end.
    struct Endless(io::Cursor<Vec<u8>>);

    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.0.position() == self.0.get_ref().len() as u64 {
                self.0.set_position(0);
            }
            self.0.read(into)
        }
    }

    #[test]
    fn several_members_are_one_content() {
        let stream = [member(b"one "), member(b""), member(b"two")].concat();
        let mut content = String::new();
        Unzipped::new(stream.as_slice()).read_to_string(&mut content).unwrap();
        assert_eq!(content, "one two");
    }

    #[test]
    fn what_was_stored_without_compression_is_read_all_the_same() {
        let content: Vec<u8> = (0..3_u32 << 20).map(|i| i.to_le_bytes()[0]).collect();
        let mut stored = GzEncoder::new(Vec::new(), Compression::none());
        stored.write_all(&content).unwrap();
        let mut read = Vec::new();
        Unzipped::new(stored.finish().unwrap().as_slice()).read_to_end(&mut read).unwrap();
        assert!(read == content);
    }

    #[test]
    fn empty_members_without_end_are_an_error() {
        let stream = Endless(io::Cursor::new(member(b"")));
        let error = Unzipped::new(stream).read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
