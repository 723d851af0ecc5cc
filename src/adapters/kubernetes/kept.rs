//! The newest snapshot, made when it is asked for and kept until something changes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::connector::Connector;
use crate::domain::change::ObjectKey;
use crate::domain::snapshot::{Contact, Observed, Revision, Snapshot, SourceInfo, SourceKind};
use crate::domain::watch::{Trouble, WatchStatus};

/// A cluster that was silent for longer is stale: three watches' time.
const STALE_AFTER: Duration = Duration::from_secs(90);

/// The objects of a snapshot.
pub type Items<T> = BTreeMap<ObjectKey, Observed<T>>;

/// The newest snapshot of a kind.
pub struct Kept<T> {
    source: SourceInfo,
    /// Grows with every change.
    changes: Arc<AtomicU64>,
    newest: ArcSwapOption<(u64, Arc<Snapshot<T>>)>,
    /// Held while one is made.
    making: Mutex<()>,
}

impl<T> Kept<T> {
    /// Of a cluster's watches, which count their changes in `changes`.
    pub fn new(connector: &Connector, watches: Vec<Arc<WatchStatus>>, changes: Arc<AtomicU64>) -> Self {
        let source = SourceInfo {
            kind: SourceKind::Kubernetes,
            location: connector.location().to_owned(),
            contact: Arc::new(Contact::never()),
            stale_after: STALE_AFTER,
            watches,
        };
        Self { source, changes, newest: ArcSwapOption::empty(), making: Mutex::new(()) }
    }

    /// Where the objects are from, with the age of the watch that was silent longest. One of a kind that isn't there has none.
    pub fn source(&self) -> &SourceInfo {
        let counts =
            |watch: &&Arc<WatchStatus>| watch.contact.is_heard() && watch.trouble() != Some(Trouble::KindAbsent);
        let heard = self.source.watches.iter().filter(counts);
        self.source.contact.follow_oldest(heard.map(|watch| &watch.contact));
        &self.source
    }

    /// The newest snapshot: the one that was made for this state, or a new one of these objects.
    pub fn newest(&self, objects: impl FnOnce() -> Items<T>) -> Arc<Snapshot<T>> {
        let source = self.source();
        if let Some(snapshot) = self.made(self.changes.load(Ordering::Acquire)) {
            return snapshot;
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        // Read before the objects: a change in between makes another snapshot, and none is missed.
        let change = self.changes.load(Ordering::Acquire);
        if let Some(snapshot) = self.made(change) {
            return snapshot;
        }
        let revision = Revision(change.to_string());
        let snapshot = Arc::new(Snapshot { revision, source: source.clone(), items: objects() });
        self.newest.store(Some(Arc::new((change, Arc::clone(&snapshot)))));
        snapshot
    }

    fn made(&self, change: u64) -> Option<Arc<Snapshot<T>>> {
        let newest = self.newest.load();
        newest.as_ref().filter(|newest| newest.0 == change).map(|newest| Arc::clone(&newest.1))
    }
}
