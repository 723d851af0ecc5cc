//! The reading half of watches: what they have in memory, and whether that is complete.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::FutureExt;
use kube::runtime::reflector::Store;
use tokio_util::sync::CancellationToken;

use super::connector::{Connector, NamespaceScope};
use super::follow::watch;
use super::watchable::Watchable;
use super::watched::Watched;
use crate::domain::error::StoreError;
use crate::domain::watch::{Trouble, WatchStatus};

/// A watch that runs until it is cancelled.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What one watch has in memory.
pub struct Feed<W: Watchable> {
    /// How the watch does.
    pub status: Arc<WatchStatus>,
    /// The objects.
    pub store: Store<Watched<W>>,
    /// Whether the cluster has no such kind, as far as it is known.
    pub absent: Arc<AtomicBool>,
}

impl<W: Watchable> Feed<W> {
    /// Whether the first complete list has arrived.
    pub fn is_synced(&self) -> bool {
        self.store.wait_until_ready().now_or_never().is_some_and(|ready| ready.is_ok())
    }

    /// Whether the cluster has no such kind.
    pub fn is_absent(&self) -> bool {
        self.absent.load(Ordering::Relaxed)
    }
}

/// What the watches of a kind have in memory.
pub struct Feeds<W: Watchable>(Vec<Feed<W>>);

impl<W: Watchable> Feeds<W> {
    /// The watches of these namespaces, to be run; each counts its changes in `changes`.
    pub fn start(
        connector: &Arc<Connector>,
        scope: &NamespaceScope,
        changes: &Arc<AtomicU64>,
        stop: &CancellationToken,
    ) -> (Self, Vec<Running>) {
        let (feeds, running) = scope
            .each()
            .into_iter()
            .map(|namespace| {
                let (feed, follower) = watch::<W>(namespace, changes);
                let running: Running = Box::pin(follower.run(Arc::clone(connector), stop.clone()));
                (feed, running)
            })
            .unzip();
        (Self(feeds), running)
    }

    /// How the watches do.
    pub fn statuses(&self) -> impl Iterator<Item = &Arc<WatchStatus>> {
        self.0.iter().map(|feed| &feed.status)
    }

    /// Every object, in no order.
    pub fn objects(&self) -> impl Iterator<Item = Arc<Watched<W>>> {
        self.0.iter().flat_map(|feed| feed.store.state())
    }

    /// Whether the cluster has no such kind.
    pub fn are_absent(&self) -> bool {
        self.0.iter().any(Feed::is_absent)
    }

    /// Whether every first list has arrived, as far as there is anything to list.
    pub fn are_settled(&self) -> bool {
        self.0.iter().all(|feed| feed.is_synced() || feed.is_absent())
    }

    /// What is wrong, if something is.
    pub fn trouble(&self) -> Option<Trouble> {
        self.statuses().find_map(|status| status.trouble())
    }

    /// Whether what is in memory may be shown.
    ///
    /// # Errors
    /// [`StoreError::KindAbsent`], or [`StoreError::NotReady`] with what is wrong, before the first complete list.
    pub fn require(&self) -> Result<(), StoreError> {
        if self.are_absent() {
            return Err(StoreError::KindAbsent(W::RESOURCE.to_owned()));
        }
        match self.0.iter().find(|feed| !feed.is_synced()) {
            None => Ok(()),
            Some(feed) => Err(StoreError::NotReady(feed.status.trouble().unwrap_or(Trouble::Loading).to_string())),
        }
    }
}
