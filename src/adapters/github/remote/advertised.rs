//! What a server says of itself before a push: where its refs are, and what its side of the protocol can do.
//!
//! The format: <https://git-scm.com/docs/pack-protocol#_reference_discovery>, in the packet lines of
//! <https://git-scm.com/docs/http-protocol#_smart_clients>.

use std::collections::HashMap;
use std::io::{self, Read};

use git2::Oid;
use gix_packetline::PacketLineRef;
use gix_packetline::blocking_io::StreamingPeekableIter;

/// The refs of a repository, and the capabilities of the server for pushes.
#[derive(Debug, Default)]
pub(super) struct Advertised {
    refs: HashMap<String, Oid>,
    capabilities: String,
}

impl Advertised {
    /// Reads an answer of `info/refs` to its end.
    pub(super) fn read(answer: impl Read) -> io::Result<Self> {
        let mut lines = StreamingPeekableIter::new(answer, &[PacketLineRef::Flush], false);
        lines.fail_on_err_lines(true);
        // The name of the service, in lines of its own.
        while lines.read_line().transpose()?.is_some() {}
        lines.reset();
        let mut advertised = Self::default();
        while let Some(line) = lines.read_line() {
            let line = line?.map_err(io::Error::other)?;
            let text = line.as_text().map_or(&[][..], |text| text.as_slice());
            advertised.take(&String::from_utf8_lossy(text))?;
        }
        Ok(advertised)
    }

    /// `<id> <name>`; the first line goes on with a NUL and the capabilities.
    fn take(&mut self, line: &str) -> io::Result<()> {
        let (line, capabilities) = line.split_once('\0').unwrap_or((line, ""));
        self.capabilities.push_str(capabilities);
        let odd = || io::Error::other("the list of refs can't be read");
        let (id, name) = line.split_once(' ').ok_or_else(odd)?;
        // Where the server's own history ends, and a line that stands for no ref at all.
        if id != "shallow" && name != "capabilities^{}" {
            self.refs.insert(name.to_owned(), Oid::from_str(id).map_err(|_| odd())?);
        }
        Ok(())
    }

    /// Where a ref is, by its full name.
    pub(super) fn tip(&self, name: &str) -> Option<Oid> {
        self.refs.get(name).copied()
    }

    /// Whether the server can do something.
    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.split(' ').any(|there| there == capability)
    }
}

#[cfg(test)]
mod tests {
    use gix_packetline::blocking_io::encode::{flush_to_write, text_to_write};

    use super::*;

    const ID: &str = "07e2d19a998858d13f010f184d35e84616e32d79";

    fn answer(lines: &[&str]) -> Vec<u8> {
        let mut answer = Vec::new();
        text_to_write(b"# service=git-receive-pack", &mut answer).unwrap();
        flush_to_write(&mut answer).unwrap();
        for line in lines {
            text_to_write(line.as_bytes(), &mut answer).unwrap();
        }
        flush_to_write(&mut answer).unwrap();
        answer
    }

    #[test]
    fn refs_and_capabilities_are_read() {
        let lines =
            [format!("{ID} refs/heads/dev\0 report-status side-band-64k agent=git/2"), format!("{ID} refs/tags/v1")];
        let advertised = Advertised::read(&answer(&[&lines[0], &lines[1], &format!("shallow {ID}")])[..]).unwrap();
        assert_eq!(advertised.tip("refs/heads/dev").unwrap().to_string(), ID);
        assert_eq!(advertised.tip("refs/tags/v1").unwrap().to_string(), ID);
        assert_eq!(advertised.tip("refs/heads/other"), None);
        assert!(advertised.can("report-status") && advertised.can("side-band-64k") && !advertised.can("side-band"));
    }

    #[test]
    fn a_repository_without_refs_says_what_it_can_do() {
        let zero = "0".repeat(40);
        let advertised = Advertised::read(&answer(&[&format!("{zero} capabilities^{{}}\0report-status")])[..]).unwrap();
        assert!(advertised.can("report-status") && advertised.refs.is_empty());
    }

    #[test]
    fn what_is_cut_or_no_list_of_refs_is_an_error() {
        let whole = answer(&[&format!("{ID} refs/heads/dev\0report-status")]);
        for length in 0..whole.len() {
            assert!(Advertised::read(&whole[..length]).is_err(), "{length}");
        }
        for line in ["hunter2", "hunter2 refs/heads/dev", "ERR no such repository"] {
            let error = Advertised::read(&answer(&[line])[..]).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
