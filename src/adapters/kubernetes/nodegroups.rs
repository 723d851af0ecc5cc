//! The nodegroups that a cluster has, in memory.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::connector::{Connector, NamespaceScope};
use super::feed::{Feeds, Running};
use super::guarded::Guarded;
use super::kept::Kept;
use super::kinds::nodegroup::Nodegroup as Resource;
use super::report::{Report, Reported};
use crate::domain::error::StoreError;
use crate::domain::nodegroup::Nodegroup;
use crate::domain::ports::NodegroupStore;
use crate::domain::snapshot::Snapshot;

/// NodegroupStore on reflectors.
pub struct KubeNodegroupStore {
    feeds: Feeds<Guarded<Resource>>,
    kept: Kept<Nodegroup>,
}

impl KubeNodegroupStore {
    /// A store, and the watches that fill it, to be run.
    #[must_use]
    pub fn new(connector: &Arc<Connector>, scope: &NamespaceScope, stop: &CancellationToken) -> (Self, Vec<Running>) {
        let changes = Arc::new(AtomicU64::new(0));
        let (feeds, running) = Feeds::start(connector, scope, &changes, stop);
        let kept = Kept::new(connector, feeds.statuses().cloned().collect(), changes);
        (Self { feeds, kept }, running)
    }
}

impl Reported for KubeNodegroupStore {
    fn report(&self) -> Report<'_> {
        Report { settled: self.feeds.are_settled(), trouble: self.feeds.trouble(), source: self.kept.source() }
    }
}

#[async_trait]
impl NodegroupStore for KubeNodegroupStore {
    async fn snapshot(&self) -> Result<Arc<Snapshot<Nodegroup>>, StoreError> {
        self.feeds.require()?;
        let objects = || self.feeds.objects().map(|object| (object.key.clone(), object.object.clone())).collect();
        Ok(self.kept.newest(objects))
    }
}
