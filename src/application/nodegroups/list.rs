//! All nodegroups at one moment, joined one by one when they are asked for: the list itself costs nothing to keep.

use std::sync::Arc;

use super::item::{NodegroupItem, join};
use crate::application::catalog::LoadedCatalog;
use crate::application::changes::{open_by_key, open_of};
use crate::application::sight::Sight;
use crate::domain::change::{ObjectKey, ObjectKind, PullRequest};
use crate::domain::error::Failure;
use crate::domain::names::Namespace;
use crate::domain::nodegroup::Nodegroup;
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

    /// The clusters that nodegroups name, as often as they do.
    pub fn clusters(&self) -> impl Iterator<Item = &str> {
        let observed = self.sight.observed.iter().flat_map(|snapshot| snapshot.items.values());
        self.sight.declared.items.values().chain(observed).filter_map(|nodegroup| match nodegroup {
            Observed::Valid(nodegroup) => nodegroup.cluster.as_deref(),
            Observed::Invalid(_) => None,
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with near names, [`Failure::Conflict`] when several namespaces have the name.
    pub fn get(&self, name: &str, namespace: Option<&Namespace>) -> Result<NodegroupItem, Failure> {
        let key = self.sight.find(ObjectKind::Nodegroup, name, namespace)?;
        Ok(self.item(&key, open_of(&self.sight.pull_requests, &key)))
    }

    fn item(&self, key: &ObjectKey, open: Option<&Arc<PullRequest>>) -> NodegroupItem {
        let catalog = self.loaded.as_ref().map(|loaded| &loaded.catalog);
        join(key, self.sight.declared(key), self.sight.observed(key), catalog, open.cloned())
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
