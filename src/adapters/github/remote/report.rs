//! What a server says of a push: whether it took the objects and moved the ref, and its own words beside it.
//!
//! The format: <https://git-scm.com/docs/pack-protocol#_report_status>; where both sides can, inside a side band.

use std::io::{self, BufRead as _, Read};
use std::ops::ControlFlow;

use gix_packetline::PacketLineRef;
use gix_packetline::blocking_io::StreamingPeekableIter;

/// How much of what a server says during a push is kept, of its words and of its report each.
const WORDS_LIMIT: usize = 8 * 1024;

/// A server's answer to a push of one ref.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// Why the ref wasn't moved; `None` when it was.
    pub(super) rejected: Option<String>,
    /// What the server, or a hook on it, said to people.
    pub(super) words: String,
}

impl Report {
    /// Reads an answer of `git-receive-pack` to its end. `goes_on` is asked whenever the server says something.
    pub(super) fn read(answer: impl Read, side_band: bool, goes_on: impl Fn() -> bool) -> io::Result<Self> {
        let mut lines = StreamingPeekableIter::new(answer, &[PacketLineRef::Flush], false);
        if !side_band {
            return Self::of(lines, String::new());
        }
        let (mut words, mut report) = (Vec::new(), Vec::new());
        let mut bands = lines.as_read_with_sidebands(|_, text: &[u8]| {
            keep(&mut words, text);
            keep(&mut words, b"\n");
            if goes_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        loop {
            let some = bands.fill_buf()?;
            let length = some.len();
            if length == 0 {
                break;
            }
            keep(&mut report, some);
            bands.consume(length);
        }
        drop(bands);
        let words = String::from_utf8_lossy(&words).into_owned();
        Self::of(StreamingPeekableIter::new(&report[..], &[PacketLineRef::Flush], false), words)
    }

    /// `unpack ok` or why not, then `ok <ref>` or `ng <ref> <why>`.
    fn of(mut lines: StreamingPeekableIter<impl Read>, words: String) -> io::Result<Self> {
        let (mut unpacked, mut moved, mut rejected) = (false, false, None);
        while let Some(line) = lines.read_line() {
            let line = line?.map_err(io::Error::other)?;
            let text = String::from_utf8_lossy(line.as_text().map_or(&[][..], |text| text.as_slice())).into_owned();
            match text.split_once(' ') {
                Some(("unpack", "ok")) => unpacked = true,
                Some(("unpack", why)) => rejected = Some(format!("the objects weren't taken: {why}")),
                Some(("ok", _)) => moved = true,
                // What became of the objects says more.
                Some(("ng", rest)) => {
                    let why = rest.split_once(' ').map_or(rest, |(_, why)| why).to_owned();
                    rejected.get_or_insert(why);
                }
                _ => return Err(io::Error::other("the report of a push can't be read")),
            }
        }
        if rejected.is_none() && !(unpacked && moved) {
            return Err(io::Error::other("the server didn't say what became of a push"));
        }
        Ok(Self { rejected, words })
    }
}

fn keep(kept: &mut Vec<u8>, text: &[u8]) {
    let room = WORDS_LIMIT - kept.len();
    kept.extend_from_slice(&text[..text.len().min(room)]);
}

#[cfg(test)]
mod tests {
    use gix_packetline::Channel;
    use gix_packetline::blocking_io::encode::{band_to_write, flush_to_write, text_to_write};

    use super::*;

    fn plain(lines: &[&str]) -> Vec<u8> {
        let mut report = Vec::new();
        for line in lines {
            text_to_write(line.as_bytes(), &mut report).unwrap();
        }
        flush_to_write(&mut report).unwrap();
        report
    }

    fn banded(words: &str, report: &[u8]) -> Vec<u8> {
        let mut answer = Vec::new();
        band_to_write(Channel::Progress, words.as_bytes(), &mut answer).unwrap();
        // In small pieces: a band's pieces don't end where lines do.
        for piece in report.chunks(5) {
            band_to_write(Channel::Data, piece, &mut answer).unwrap();
        }
        flush_to_write(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_ref_that_was_moved_is_told_with_and_without_a_side_band() {
        let report = plain(&["unpack ok", "ok refs/heads/x"]);
        assert_eq!(Report::read(&report[..], false, || true).unwrap(), Report::default());
        let told = Report::read(&banded("remote: hello\n", &report)[..], true, || true).unwrap();
        assert_eq!(told, Report { rejected: None, words: "remote: hello\n".to_owned() });
    }

    #[test]
    fn a_rejection_says_why() {
        let why = |lines: &[&str]| Report::read(&plain(lines)[..], false, || true).unwrap().rejected.unwrap();
        assert_eq!(why(&["unpack ok", "ng refs/heads/x pre-receive hook declined"]), "pre-receive hook declined");
        let lines = ["unpack index-pack abnormal exit", "ng refs/heads/x unpacker error"];
        assert_eq!(why(&lines), "the objects weren't taken: index-pack abnormal exit");
    }

    #[test]
    fn a_report_that_is_cut_is_neither_a_success_nor_a_rejection() {
        let report = plain(&["unpack ok", "ok refs/heads/x"]);
        for length in 0..report.len() - 4 {
            assert!(Report::read(&report[..length], false, || true).is_err(), "{length}");
        }
        let answer = banded("hello", &report);
        for length in 0..answer.len() - 4 {
            assert!(Report::read(&answer[..length], true, || true).is_err(), "{length}");
        }
        assert!(Report::read(&plain(&["unpack ok"])[..], false, || true).is_err());
        assert!(Report::read(&plain(&["hunter2"])[..], false, || true).is_err());
    }

    #[test]
    fn endless_words_are_cut_and_stop_when_the_operation_does() {
        let mut answer = Vec::new();
        for _ in 0..100 {
            band_to_write(Channel::Progress, &[b'x'; 1000], &mut answer).unwrap();
        }
        answer.extend(banded("end", &plain(&["unpack ok", "ok refs/heads/x"])));
        assert_eq!(Report::read(&answer[..], true, || true).unwrap().words.len(), WORDS_LIMIT);
        assert!(Report::read(&answer[..], true, || false).is_err());
    }
}
