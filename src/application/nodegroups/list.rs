//! All nodegroups at one moment, joined one by one when they are asked for: the list itself costs nothing to keep.

use std::sync::Arc;

use super::item::{NodegroupItem, join};
use crate::application::catalog::LoadedCatalog;
use crate::application::changes::{open_by_key, open_of};
use crate::application::lookup::Place;
use crate::application::sight::Sight;
use crate::domain::access::Reach;
use crate::domain::change::{ObjectKey, ObjectKind, PullRequest};
use crate::domain::error::Failure;
use crate::domain::nodegroup::Nodegroup;
use crate::domain::nodegroup::phase::Phase;
use crate::domain::snapshot::{Observed, SourceInfo};

/// All nodegroups at one moment. Nothing in it ever changes.
pub struct NodegroupList {
    pub(super) sight: Sight<Nodegroup>,
    pub(super) loaded: Option<Arc<LoadedCatalog>>,
}

impl NodegroupList {
    /// Where they come from.
    #[must_use]
    pub fn source(&self) -> &SourceInfo {
        self.sight.source()
    }

    /// The nodegroups by namespace and name.
    pub fn items(&self) -> impl Iterator<Item = NodegroupItem> {
        let open = open_by_key(&self.sight.pull_requests);
        self.sight.keys().map(move |key| self.item(key, open.get(key).copied()))
    }

    /// The identities of the nodegroups, in the same order.
    pub fn keys(&self) -> impl Iterator<Item = &ObjectKey> {
        self.sight.keys()
    }

    /// The clusters that nodegroups name that somebody may see, as often as they do.
    pub fn clusters<'a>(&'a self, reach: &'a Reach) -> impl Iterator<Item = &'a str> {
        let observed = self.sight.observed.iter().flat_map(|snapshot| &snapshot.items);
        let all = self.sight.declared.items.iter().chain(observed);
        all.filter(|(key, _)| reach.reads(&key.namespace)).filter_map(|(_, nodegroup)| match nodegroup {
            Observed::Valid(nodegroup) => nodegroup.cluster.as_deref(),
            Observed::Invalid(_) => None,
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with near names, [`Failure::Conflict`] when several namespaces have the name.
    pub fn get(&self, name: &str, at: &Place<'_>) -> Result<NodegroupItem, Failure> {
        let key = self.sight.find(ObjectKind::Nodegroup, name, at)?;
        Ok(self.item(&key, open_of(&self.sight.pull_requests, &key)))
    }

    fn item(&self, key: &ObjectKey, open: Option<&Arc<PullRequest>>) -> NodegroupItem {
        let catalog = self.loaded.as_ref().map(|loaded| &loaded.catalog);
        let mut item = join(key, self.sight.declared(key), self.sight.observed(key), catalog, open.cloned());
        if !self.sight.covers(key) {
            item.phase = Phase::Unknown;
            item.message.get_or_insert_with(|| "its namespace isn't watched: NAMESPACE doesn't name it".to_owned());
        }
        item
    }

    /// Whether it is made from what another is made from.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let loaded = match (&self.loaded, &other.loaded) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        loaded && self.sight.is_same(&other.sight)
    }
}
