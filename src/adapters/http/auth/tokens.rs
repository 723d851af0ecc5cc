//! The file of static tokens: `name read|write sha256-hex-of-token` per line, `#` comments, read again when it changes.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;

use super::Subject;
use crate::domain::names::Actor;

/// A shorter token could be guessed.
const MIN_TOKEN_CHARS: usize = 32;
/// How often the file is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A token file is a few kilobytes; this only bounds a mistake.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

type Digest = [u8; 32];

/// The tokens of a file, as it is now.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    looked: Option<Instant>,
    stamp: Option<Result<Stamp, String>>,
    subjects: HashMap<Digest, Subject>,
}

/// What changes when a file does: also when it is replaced by another of the same age, or written twice in one tick.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    size: u64,
    inode: u64,
}

impl TokenFile {
    /// Nothing is read before the first request.
    pub fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::default() }
    }

    /// Whose token this is. Looked up by digest: the time it takes tells nothing about the tokens. The file is read here and
    /// not on another thread, as it is small and local: a look takes microseconds, twice a second at most.
    pub fn subject(&self, token: &str) -> Option<Subject> {
        if token.chars().count() < MIN_TOKEN_CHARS {
            return None;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            state.look(&self.path);
        }
        state.subjects.get(&digest_of(token)).cloned()
    }
}

impl State {
    /// Reads the file when it changed. One that can't be read or has a mistake lets nobody in, which is told once.
    fn look(&mut self, path: &Path) {
        self.looked = Some(Instant::now());
        // The stamp is taken before the content: a change in between is seen at the next look.
        let stamp = stamp(path).map_err(|error| error.kind().to_string());
        if self.stamp.as_ref() == Some(&stamp) {
            return;
        }
        let read = stamp.as_ref().map_err(Clone::clone).and_then(|_| read(path));
        self.stamp = Some(stamp);
        self.subjects = match read {
            Ok(subjects) => {
                tracing::info!(tokens = subjects.len(), "read AUTH_TOKENS_FILE");
                subjects
            }
            Err(reason) => {
                tracing::error!(reason, "AUTH_TOKENS_FILE can't be used: nobody gets in until it is mended");
                HashMap::new()
            }
        };
    }
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let data = fs::metadata(path)?;
    Ok(Stamp {
        modified: (data.mtime(), data.mtime_nsec()),
        changed: (data.ctime(), data.ctime_nsec()),
        size: data.size(),
        inode: data.ino(),
    })
}

fn read(path: &Path) -> Result<HashMap<Digest, Subject>, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.kind().to_string())?;
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(|error| error.kind().to_string())?;
    parse(&text)
}

/// The reason names the line by number: its text may hold a token that someone put there in clear.
fn parse(text: &str) -> Result<HashMap<Digest, Subject>, String> {
    let mut subjects = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mistake = |what: &str| format!("line {}: {what}", index + 1);
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, right, digest] = words.as_slice() else {
            return Err(mistake("expected name, read or write, and the SHA-256 of the token"));
        };
        let actor = Actor::parse(name).map_err(|error| mistake(&format!("a name is {error}")))?;
        let can_write = match *right {
            "read" => false,
            "write" => true,
            _ => return Err(mistake("the second word is read or write")),
        };
        let mut bytes = Digest::default();
        hex::decode_to_slice(digest, &mut bytes).map_err(|_| mistake("the SHA-256 has 64 hexadecimal digits"))?;
        if subjects.insert(bytes, Subject { actor, can_write }).is_some() {
            return Err(mistake("this token stands in an earlier line already"));
        }
    }
    Ok(subjects)
}

fn digest_of(token: &str) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    bytes
}

/// What stands in the file for a token.
#[cfg(test)]
pub fn digest_hex(token: &str) -> String {
    hex::encode(digest_of(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn lines_name_a_subject_a_right_and_a_digest_between_comments() {
        let digest = digest_hex(TOKEN);
        let subjects = parse(&format!("# people\n\n  ada\twrite {}\n", digest.to_uppercase())).unwrap();
        let subject = &subjects[&digest_of(TOKEN)];
        assert_eq!((subject.actor.as_str(), subject.can_write), ("ada", true));
    }

    #[test]
    fn a_mistake_is_told_by_line_number_and_never_by_text() {
        let digest = digest_hex(TOKEN);
        for bad in [
            "hunter2",
            "ada write hunter2",
            &format!("ada hunter2 {digest}"),
            &format!("ada write {digest} hunter2"),
            &format!("ädä read {digest}"),
        ] {
            let reason = parse(&format!("# first\n{bad}\n")).unwrap_err();
            assert!(reason.starts_with("line 2: ") && !reason.contains("hunter2"), "{reason}");
        }
        assert!(parse(&format!("a read {digest}\nb write {digest}\n")).unwrap_err().starts_with("line 2"));
    }

    #[test]
    fn a_short_token_never_gets_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        fs::write(&path, format!("ada write {}\n", digest_hex("short"))).unwrap();
        assert_eq!(TokenFile::new(path).subject("short"), None);
    }

    #[test]
    fn a_missing_or_malformed_file_lets_nobody_in_and_a_mended_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let mut state = State::default();
        let good = format!("ada write {}\n", digest_hex(TOKEN));
        state.look(&path);
        assert!(state.subjects.is_empty());
        fs::write(&path, &good).unwrap();
        state.look(&path);
        assert_eq!(state.subjects.len(), 1);
        fs::write(&path, format!("{good}mistake\n")).unwrap();
        state.look(&path);
        assert!(state.subjects.is_empty());
        // Same size as before, and replaced by renaming, as Kubernetes does with a mounted secret.
        fs::write(folder.path().join("new"), &good).unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        state.look(&path);
        assert_eq!(state.subjects.len(), 1);
        fs::remove_file(&path).unwrap();
        state.look(&path);
        assert!(state.subjects.is_empty());
    }
}
