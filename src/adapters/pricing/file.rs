//! An offer file on this machine, watched by polling: it also works where change notifications don't, such as mounted volumes.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use super::interval::Interval;
use super::offer;
use crate::domain::error::SourceError;
use crate::domain::ports::{InstanceTypeSource, Load};
use crate::domain::snapshot::{Contact, Revision, SourceInfo, SourceKind};

/// A file that was written this recently may be written again without its times telling, as file systems tick slowly.
const SETTLED: Duration = Duration::from_secs(2);

/// An offer file, plain or gzipped.
#[derive(Debug)]
pub struct FileSource {
    path: PathBuf,
    interval: Interval,
    contact: Arc<Contact>,
    seen: Mutex<Seen>,
}

/// What the last load met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Seen {
    /// The file; `None` before the first load, and when it wasn't there.
    stamp: Option<Stamp>,
    /// The revision that the file holds; `None` when it couldn't be read.
    revision: Option<Revision>,
}

/// What changes with a file's content, at no cost to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Catches an exchange that keeps the modification time.
    changed: (i64, i64),
    settled: bool,
}

impl FileSource {
    /// A file that is looked at once in every interval.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, interval: impl Into<Interval>) -> Self {
        Self { path: path.into(), interval: interval.into(), contact: Arc::new(Contact::now()), seen: Mutex::default() }
    }

    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, seen: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    /// The file as it is now; `None` when it isn't there.
    async fn stamp(&self) -> Option<Stamp> {
        let stamp = tokio::fs::metadata(&self.path).await.ok().map(|metadata| Stamp::of(&metadata));
        if stamp.is_some() {
            self.contact.touch();
        }
        stamp
    }
}

#[async_trait]
impl InstanceTypeSource for FileSource {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            kind: SourceKind::File,
            location: self.path.display().to_string(),
            contact: Arc::clone(&self.contact),
            stale_after: self.interval.stale_after(),
            watches: Vec::new(),
        }
    }

    async fn changed(&self) {
        loop {
            tokio::time::sleep(self.interval.next()).await;
            if self.stamp().await != self.seen().stamp {
                return;
            }
        }
    }

    async fn load<'a>(&'a self, seen: Option<&'a Revision>) -> Result<Load, SourceError> {
        let last = self.seen();
        let stamp = self.stamp().await;
        let same_file = stamp.is_some() && stamp == last.stamp;
        if same_file && seen.is_some() && last.revision.as_ref() == seen {
            return Ok(Load::Unchanged);
        }
        self.remember(Seen { stamp, revision: None });
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
        let (stamp, load) = read.map_err(|_| SourceError::Unreachable("the reader stopped".to_owned()))??;
        self.contact.touch();
        if let Load::Loaded(catalog, _) = &load {
            self.remember(Seen { stamp: Some(stamp), revision: Some(catalog.revision.clone()) });
            // Touched, or copied again: other times, the same content.
            if seen == Some(&catalog.revision) {
                return Ok(Load::Unchanged);
            }
        }
        Ok(load)
    }
}

/// Reads the whole file; its `version` doesn't end the reading early, as an edited file may keep it.
fn read(path: &Path) -> Result<(Stamp, Load), SourceError> {
    let unreachable = |error: std::io::Error| SourceError::Unreachable(error.to_string());
    // Asked before opening: opening a pipe would wait for its writer.
    if !std::fs::metadata(path).map_err(unreachable)?.is_file() {
        return Err(SourceError::Unreachable("it is no regular file".to_owned()));
    }
    let file = File::open(path).map_err(unreachable)?;
    let before = Stamp::of(&file.metadata().map_err(unreachable)?);
    let load = offer::read(&file, None)?;
    let after = Stamp::of(&file.metadata().map_err(unreachable)?);
    if before.times() != after.times() {
        return Err(SourceError::Unreachable("it changed while it was read".to_owned()));
    }
    Ok((before, load))
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let age = metadata.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            // A time in the future never settles by waiting; it is taken as it is.
            settled: age.is_none_or(|age| age > SETTLED),
        }
    }

    fn times(&self) -> (u64, (i64, i64), (i64, i64)) {
        (self.size, self.modified, self.changed)
    }
}

#[cfg(test)]
mod tests;
