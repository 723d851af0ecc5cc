//! A small file that decides who may, read again when it changes. One that can't be read or has a mistake gives nothing to anybody.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the file is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Such a file is a few kilobytes; this only bounds a mistake.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A file as it is now. Its default is what holds while it can't be used.
#[derive(Debug)]
pub struct Watched<T> {
    setting: &'static str,
    path: PathBuf,
    /// A reason names a line by number: its text may hold what someone put there by mistake.
    parse: fn(&str) -> Result<T, String>,
    state: Mutex<State<T>>,
}

#[derive(Debug, Default)]
struct State<T> {
    looked: Option<Instant>,
    stamp: Option<Result<Stamp, String>>,
    content: Arc<T>,
}

/// What changes when a file does: also when it is replaced by another of the same age, or written twice in one tick.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    size: u64,
    inode: u64,
}

impl<T: Default> Watched<T> {
    /// The file that a setting names. Nothing is read before it is asked for.
    pub fn new(setting: &'static str, path: PathBuf, parse: fn(&str) -> Result<T, String>) -> Self {
        Self { setting, path, parse, state: Mutex::default() }
    }

    /// What it says now. Read here and not on another thread, as it is small and local: a look takes microseconds, twice a second
    /// at most.
    pub fn now(&self) -> Arc<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            self.look(&mut state);
        }
        Arc::clone(&state.content)
    }

    /// Reads the file when it changed; a mistake is told once.
    fn look(&self, state: &mut State<T>) {
        state.looked = Some(Instant::now());
        // The stamp is taken before the content: a change in between is seen at the next look.
        let stamp = stamp(&self.path).map_err(|error| error.kind().to_string());
        if state.stamp.as_ref() == Some(&stamp) {
            return;
        }
        let read =
            stamp.as_ref().map_err(Clone::clone).and_then(|_| read(&self.path)).and_then(|text| (self.parse)(&text));
        state.stamp = Some(stamp);
        let setting = self.setting;
        state.content = match read {
            Ok(content) => {
                tracing::info!(setting, "read the file again");
                Arc::new(content)
            }
            Err(reason) => {
                tracing::error!(setting, reason, "this file can't be used: nobody gets in by it until it is mended");
                Arc::default()
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

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.kind().to_string())?;
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(|error| error.kind().to_string())?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_malformed_file_gives_nothing_and_a_mended_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let parse = |text: &str| text.trim().parse::<u32>().map_err(|error| error.to_string());
        let file = Watched::new("SETTING", path.clone(), parse);
        let look = || {
            let mut state = file.state.lock().unwrap();
            file.look(&mut state);
            *state.content
        };
        assert_eq!(look(), 0);
        fs::write(&path, "1").unwrap();
        assert_eq!(look(), 1);
        fs::write(&path, "mistake").unwrap();
        assert_eq!(look(), 0);
        // Same size as before, and replaced by renaming, as Kubernetes does with a mounted secret.
        fs::write(folder.path().join("new"), "2").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        assert_eq!(look(), 2);
        fs::remove_file(&path).unwrap();
        assert_eq!(look(), 0);
    }
}
