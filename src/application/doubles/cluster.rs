//! A cluster that has what a test says.

use std::sync::Arc;

use super::{here, nodegroup_key, secret_key};
use crate::domain::nodegroup::{Nodegroup, NodegroupStatus};
use crate::domain::ports::{MockNodegroupStore, MockSecretStore};
use crate::domain::secret::{KeySummary, SecretSummary};
use crate::domain::snapshot::{Observed, Revision, Snapshot, SourceKind};

/// A cluster that has nodegroups of these names in `team-a`.
pub(super) fn nodegroups_of(names: &[&str]) -> MockNodegroupStore {
    let status = NodegroupStatus::default();
    let nodegroup = Nodegroup { status: Some(status), ..Nodegroup::default() };
    let items = names.iter().map(|name| (nodegroup_key(name), Observed::Valid(Arc::new(nodegroup.clone())))).collect();
    let source = here(SourceKind::Kubernetes);
    let snapshot = Arc::new(Snapshot { revision: Revision("1".to_owned()), source, items });
    let mut store = MockNodegroupStore::new();
    store.expect_snapshot().returning(move || Ok(snapshot.clone()));
    store
}

/// A cluster that has these secrets in `team-a`.
pub(super) fn secrets_of(secrets: &[(&str, SecretSummary)]) -> MockSecretStore {
    let items = secrets.iter().map(|(name, secret)| (secret_key(name), Observed::Valid(Arc::new(secret.clone()))));
    let (source, items) = (here(SourceKind::Kubernetes), items.collect());
    let snapshot = Arc::new(Snapshot { revision: Revision("1".to_owned()), source, items });
    let mut store = MockSecretStore::new();
    store.expect_snapshot().returning(move || Ok(snapshot.clone()));
    store
}

/// What is shown of an opaque Secret with keys of these lengths.
pub(crate) fn summary(keys: &[(&str, u64)]) -> SecretSummary {
    let key = |(name, bytes): &(&str, u64)| KeySummary { name: (*name).to_owned(), bytes: Some(*bytes), state: "ok" };
    SecretSummary { kind: "Opaque".to_owned(), keys: keys.iter().map(key).collect(), ..SecretSummary::default() }
}
