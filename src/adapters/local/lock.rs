//! The lock that processes on one folder share: held while refs move, gone with the process that held it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::adapters::git::error::io_error;
use crate::domain::error::VcsError;

/// How long other processes' writes are waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Held until dropped.
#[derive(Debug)]
pub(super) struct ProcessLock(#[allow(dead_code)] File);

impl ProcessLock {
    /// Waits for the lock (`flock`: the kernel frees it when its holder dies).
    ///
    /// # Errors
    /// [`VcsError::Unreachable`] when others hold it for too long, or the file can't be opened.
    pub(super) fn take(path: &Path) -> Result<Self, VcsError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0))
            .open(path)
            .map_err(|error| io_error(&error))?;
        let start = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(error)) => return Err(io_error(&error)),
                Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                    return Err(VcsError::Unreachable("another process keeps the repository locked".to_owned()));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}
