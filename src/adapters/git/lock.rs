//! A lock between processes on one folder, gone with the process that held it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::io_error;
use crate::domain::error::VcsError;

/// How long other processes' writes are waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Held until dropped.
#[derive(Debug)]
pub struct ProcessLock(#[allow(dead_code)] File);

impl ProcessLock {
    /// Waits for the lock (`flock`: the kernel frees it when its holder dies).
    ///
    /// # Errors
    /// [`VcsError::Unreachable`] when others hold it for too long, or the file can't be opened.
    pub fn take(path: &Path) -> Result<Self, VcsError> {
        let file = open(path)?;
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
    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// [`VcsError::Unreachable`] when the file can't be opened or locked.
    pub fn try_take(path: &Path) -> Result<Option<Self>, VcsError> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::Error(error)) => Err(io_error(&error)),
            Err(TryLockError::WouldBlock) => Ok(None),
        }
    }
}

fn open(path: &Path) -> Result<File, VcsError> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .custom_flags(i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0))
        .open(path)
        .map_err(|error| io_error(&error))
}
