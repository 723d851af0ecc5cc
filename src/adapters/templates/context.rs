//! What each template sees. Maps are handed over as lists of `key` and `value`, as Tera's own maps have no order.

use std::collections::BTreeMap;

use serde::Serialize;
use tera::Context;

use crate::domain::change::ObjectKey;
use crate::domain::names::{ClusterName, RepoPath};
use crate::domain::nodegroup::NodegroupDraft;
use crate::domain::secret::{FINGERPRINT_ANNOTATION, SealedSecretDraft};
use crate::domain::text::ChangeSummary;

#[derive(Serialize)]
struct Entry<'a> {
    key: &'a str,
    value: &'a str,
}

fn entries<K: AsRef<str>>(map: &BTreeMap<K, String>) -> Vec<Entry<'_>> {
    map.iter().map(|(key, value)| Entry { key: key.as_ref(), value }).collect()
}

fn identity(key: &ObjectKey) -> Context {
    let mut context = Context::new();
    context.insert("namespace", &key.namespace);
    context.insert("name", &key.name);
    context
}

/// For `nodegroup.yaml`.
pub(super) fn nodegroup(draft: &NodegroupDraft) -> Context {
    let spec = &draft.spec;
    let mut context = identity(&draft.key);
    context.insert("cluster", &spec.cluster);
    context.insert("component", &spec.component);
    context.insert("instance_types", &spec.instance_types);
    context.insert("capacity_type", &spec.capacity_type);
    context.insert("scaling", &spec.scaling);
    context.insert("disk_size_gib", &spec.disk_size_gib);
    context.insert("labels", &entries(&spec.labels));
    context.insert("taints", &spec.taints);
    context.insert("architecture", &draft.architecture);
    context.insert("gpu", &draft.gpu);
    context
}

/// For `sealed-secret.yaml`.
pub(super) fn sealed_secret(draft: &SealedSecretDraft) -> Context {
    let encrypted: Vec<_> =
        draft.sealed.encrypted.iter().map(|(key, value)| Entry { key: key.as_str(), value }).collect();
    let mut context = identity(&draft.key);
    context.insert("type", &draft.kind);
    context.insert("scope", &draft.scope);
    context.insert("scope_annotation", &draft.scope.annotation());
    context.insert("fingerprint_annotation", FINGERPRINT_ANNOTATION);
    context.insert("fingerprint", &draft.sealed.fingerprint);
    context.insert("encrypted_data", &encrypted);
    context.insert("labels", &entries(&draft.labels));
    context.insert("annotations", &entries(&draft.annotations));
    context.insert("immutable", &draft.immutable);
    context
}

/// For the path templates. `cluster` is undefined when the object names none, so that a template that needs it fails.
pub(super) fn path(key: &ObjectKey, cluster: Option<&ClusterName>) -> Context {
    let mut context = identity(key);
    context.insert("kind", &key.kind);
    if let Some(cluster) = cluster {
        context.insert("cluster", cluster);
    }
    context
}

/// For the title and the commit message, which nothing escapes: checked names only. A manifest that others wrote may name its
/// cluster anyhow; then it isn't named here.
pub(super) fn plain(change: &ChangeSummary) -> Context {
    let mut context = identity(&change.key);
    context.insert("action", &change.action);
    context.insert("kind", &change.key.kind);
    context.insert("cluster", &change.cluster.as_deref().and_then(|cluster| ClusterName::parse(cluster).ok()));
    context.insert("path", RepoPath::parse(&change.path).as_ref().map_or("", RepoPath::as_str));
    context
}

/// For the pull request's body.
pub(super) fn body(change: &ChangeSummary) -> Context {
    let mut context = plain(change);
    context.insert("cluster", &change.cluster);
    context.insert("path", &change.path);
    context.insert("actor", &change.actor);
    context.insert("nodegroup", &change.nodegroup);
    context.insert("secret", &change.secret);
    context.insert("warnings", &change.warnings);
    context
}
