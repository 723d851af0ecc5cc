//! Immutable snapshots that a source publishes, and the honest account of how old they are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::names::{Namespace, RepoPath};
use super::watch::WatchStatus;

/// Identifies one state of a source: a commit, an offer file's version, a resource version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(pub String);

/// What sort of thing a source is, in the words of the HTTP contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A Kubernetes API server.
    Kubernetes,
    /// A Git repository.
    Git,
    /// A file on this machine.
    File,
    /// An http(s) address.
    Url,
}

impl SourceKind {
    /// The contract's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Git => "git",
            Self::File => "file",
            Self::Url => "url",
        }
    }
}

/// When a source was last heard from; shared between the task that polls and the answers that tell the age.
#[derive(Debug)]
pub struct Contact(AtomicI64);

impl Contact {
    /// Heard from right now.
    #[must_use]
    pub fn now() -> Self {
        Self(AtomicI64::new(Timestamp::now().as_millisecond()))
    }

    /// Not heard from yet.
    #[must_use]
    pub fn never() -> Self {
        Self(AtomicI64::new(0))
    }

    /// Whether it was heard from at all.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Notes that the source answered just now.
    pub fn touch(&self) {
        self.0.store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
    }

    /// Heard from when another source was: what was read from it is as old as the last look at it.
    pub fn follow(&self, other: &Self) {
        self.0.store(other.0.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Heard from when the one of several that was silent longest was; right now when there is none.
    pub fn follow_oldest<'a>(&self, others: impl Iterator<Item = &'a Self>) {
        let now = Timestamp::now().as_millisecond();
        self.0.store(others.map(|other| other.0.load(Ordering::Relaxed)).min().unwrap_or(now), Ordering::Relaxed);
    }

    /// The moment of the last contact.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Time since the last contact; zero if the clock went backwards.
    #[must_use]
    pub fn age(&self) -> Duration {
        let milliseconds = Timestamp::now().as_millisecond() - self.0.load(Ordering::Relaxed);
        Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
    }
}

/// Where data comes from, and when its source was last heard from.
#[derive(Debug, Clone)]
pub struct SourceInfo {
    /// The sort of source.
    pub kind: SourceKind,
    /// Where it is, without credentials.
    pub location: String,
    /// The last contact.
    pub contact: Arc<Contact>,
    /// Older than this is stale: three polls, or 90 s for a watch.
    pub stale_after: Duration,
    /// The watches that data of a cluster comes through; none of other sources.
    pub watches: Vec<Arc<WatchStatus>>,
}

impl SourceInfo {
    /// Whether it would have an object of this namespace, if there were one: a cluster's may be watched in part.
    #[must_use]
    pub fn covers(&self, namespace: &Namespace) -> bool {
        let watched = |watch: &Arc<WatchStatus>| watch.namespace.as_ref().is_none_or(|watched| watched == namespace);
        self.watches.is_empty() || self.watches.iter().any(watched)
    }

    /// Whether the source was silent for too long.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.contact.age() > self.stale_after
    }
}

/// Where an object's manifest lies in the GitOps repository, and its content's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestRef {
    /// The file.
    pub path: RepoPath,
    /// The file's blob id: the object's `revision`.
    pub blob: String,
    /// How many YAML documents the file holds; only files with one can be edited.
    pub documents: usize,
}

/// One object as its source has it. What can't be decoded is shown as invalid, never dropped silently.
///
/// An object is shared between the snapshots that have it: a new snapshot costs its changes, not all objects anew.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed<T> {
    /// Decoded.
    Valid(Arc<T>),
    /// Undecodable: rare, and so not to take room in every entry.
    Invalid(Box<Invalid>),
}

/// Why an object can't be read, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// A sentence without values from the object.
    pub reason: String,
    /// Its manifest, when Git has it.
    pub manifest: Option<ManifestRef>,
}

/// The state of a source at one moment, ordered by key.
#[derive(Debug, Clone)]
pub struct Snapshot<T, K: Ord = super::change::ObjectKey> {
    /// Which state it is.
    pub revision: Revision,
    /// Where it is from; its contact goes on being updated after the snapshot is made.
    pub source: SourceInfo,
    /// The objects.
    pub items: BTreeMap<K, Observed<T>>,
}
