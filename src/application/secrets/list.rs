//! All secrets at one moment, joined one by one when they are asked for: the list itself costs nothing to keep.

use std::sync::Arc;

use super::item::{InCluster, SecretItem, join};
use crate::application::changes::{open_by_key, open_of};
use crate::application::lookup::Place;
use crate::application::sight::Sight;
use crate::domain::change::{ObjectKey, ObjectKind, PullRequest};
use crate::domain::error::Failure;
use crate::domain::secret::SecretSummary;
use crate::domain::snapshot::SourceInfo;

/// All secrets at one moment. Nothing in it ever changes.
pub struct SecretList {
    pub(super) sight: Sight<SecretSummary>,
    /// The fingerprint of the certificate that values are sealed with now; `None` while there is none.
    pub(super) current: Option<String>,
}

impl SecretList {
    /// Where they come from.
    #[must_use]
    pub fn source(&self) -> &SourceInfo {
        self.sight.source()
    }

    /// The secrets by namespace and name.
    pub fn items(&self) -> impl Iterator<Item = SecretItem> {
        let open = open_by_key(&self.sight.pull_requests);
        self.sight.keys().map(move |key| self.item(key, open.get(key).copied()))
    }

    /// The identities of the secrets, in the same order.
    pub fn keys(&self) -> impl Iterator<Item = &ObjectKey> {
        self.sight.keys()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with near names, [`Failure::Conflict`] when several namespaces have the name.
    pub fn get(&self, name: &str, at: &Place<'_>) -> Result<SecretItem, Failure> {
        let key = self.sight.find(ObjectKind::Secret, name, at)?;
        Ok(self.item(&key, open_of(&self.sight.pull_requests, &key)))
    }

    fn item(&self, key: &ObjectKey, open: Option<&Arc<PullRequest>>) -> SecretItem {
        let in_cluster = match (&self.sight.observed, self.sight.observed(key)) {
            (None, _) => InCluster::Unknown,
            (Some(_), None) if !self.sight.covers(key) => InCluster::Unknown,
            (Some(_), None) => InCluster::Absent,
            (Some(_), Some(observed)) => InCluster::Present(observed),
        };
        join(key, self.sight.declared(key), in_cluster, self.current.as_deref(), open.cloned())
    }

    /// Whether it is made from what another is made from.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.current == other.current && self.sight.is_same(&other.sight)
    }
}
