//! Lock files of git beside a ref: waited for while somebody may hold them, removed when a killed process left them.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use git2::{ErrorCode, Repository};

/// A lock file that stays the same for this long belongs to nobody: git holds one for milliseconds.
const ABANDONED: Duration = Duration::from_secs(2);

/// How long new holders are waited for in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs `work` until no lock file of git is in its way. `files` are what it locks, relative to the repository; each has a
/// lock file of the same name with `.lock` added. Whoever calls this holds the lock that our own processes share, so a lock
/// file is either that of a git command at work or one that a killed process left.
///
/// # Errors
/// The work's own; `Locked` when git commands keep the files locked all the time.
pub fn unlocked<T>(
    repo: &Repository,
    files: &[&str],
    mut work: impl FnMut() -> Result<T, git2::Error>,
) -> Result<T, git2::Error> {
    let locks: Vec<PathBuf> = files.iter().map(|file| repo.path().join(format!("{file}.lock"))).collect();
    // The clock of the file system may differ from ours, so an age is measured from when we first saw that very file.
    let mut seen: HashMap<(usize, u64, i64, i64), Instant> = HashMap::new();
    let start = Instant::now();
    loop {
        match work() {
            Err(error) if error.code() == ErrorCode::Locked && start.elapsed() < PATIENCE => {}
            outcome => return outcome,
        }
        for (at, lock) in locks.iter().enumerate() {
            let Ok(file) = lock.symlink_metadata() else { continue };
            let first = *seen.entry((at, file.ino(), file.mtime(), file.mtime_nsec())).or_insert_with(Instant::now);
            if first.elapsed() >= ABANDONED && std::fs::remove_file(lock).is_ok() {
                tracing::warn!(file = files[at], "removed a lock file that a killed process left");
            }
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}
