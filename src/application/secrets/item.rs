//! One secret as it is listed: what Git declares joined with what the cluster has.
//!
//! What Git declares is what is shown; how far the cluster has come with it is told by `synced`, the keys' states and the message.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::change::{ObjectKey, PullRequest};
use crate::domain::secret::{KeySummary, SecretSummary};
use crate::domain::snapshot::{ManifestRef, Observed};

/// A secret as it is listed.
#[derive(Debug, Clone)]
pub struct SecretItem {
    /// Its identity.
    pub key: ObjectKey,
    /// What may be shown; empty when it can't be read.
    pub summary: Arc<SecretSummary>,
    /// Whether Git has its manifest.
    pub managed: bool,
    /// Its manifest.
    pub manifest: Option<ManifestRef>,
    /// Whether it was sealed with another certificate than the current one; `None` when that isn't known.
    pub stale_seal: Option<bool>,
    /// The open pull request that changes it.
    pub pull_request: Option<Arc<PullRequest>>,
}

/// What the cluster has of a secret.
#[derive(Debug, Clone, Copy)]
pub enum InCluster<'a> {
    /// There is no cluster to look at.
    Unknown,
    /// It doesn't have it.
    Absent,
    /// It has this.
    Present(&'a Observed<SecretSummary>),
}

/// Joins what is known of one secret. `current` is the certificate that values are sealed with now.
#[must_use]
pub fn join(
    key: &ObjectKey,
    declared: Option<&Observed<SecretSummary>>,
    in_cluster: InCluster<'_>,
    current: Option<&str>,
    pull_request: Option<Arc<PullRequest>>,
) -> SecretItem {
    let manifest = match declared {
        Some(Observed::Valid(declared)) => declared.manifest.clone(),
        Some(Observed::Invalid(invalid)) => invalid.manifest.clone(),
        None => None,
    };
    let summary = match declared {
        Some(Observed::Valid(declared)) => of_both(declared, in_cluster),
        Some(Observed::Invalid(invalid)) => of_unreadable(&invalid.reason, in_cluster),
        None => of_cluster(in_cluster),
    };
    let sealed_with = summary.certificate_fingerprint.as_deref();
    let stale_seal = sealed_with.zip(current).map(|(sealed_with, current)| sealed_with != current);
    SecretItem { key: key.clone(), summary, managed: declared.is_some(), manifest, stale_seal, pull_request }
}

/// Git declares it.
fn of_both(declared: &Arc<SecretSummary>, in_cluster: InCluster<'_>) -> Arc<SecretSummary> {
    // Of a Secret that isn't sealed there is nothing to be in step with.
    let synced = |synced: bool| declared.sealed.then_some(synced);
    let missing = || declared.keys.iter().map(|key| KeySummary { state: "missing", ..key.clone() }).collect();
    let there = match in_cluster {
        InCluster::Unknown => return Arc::clone(declared),
        InCluster::Absent => {
            return Arc::new(SecretSummary { keys: missing(), synced: synced(false), ..(**declared).clone() });
        }
        InCluster::Present(Observed::Invalid(invalid)) => {
            let message =
                declared.message.clone().or_else(|| Some(format!("the cluster's can't be read: {}", invalid.reason)));
            return Arc::new(SecretSummary { keys: missing(), synced: synced(false), message, ..(**declared).clone() });
        }
        InCluster::Present(Observed::Valid(there)) => there,
    };
    let keys = keys(declared, there);
    let is_complete = keys.iter().all(|key| key.state != "missing");
    let is_newest = declared.ciphertexts.is_some() && declared.ciphertexts == there.ciphertexts;
    Arc::new(SecretSummary {
        keys,
        synced: synced(there.synced == Some(true) && is_newest && is_complete),
        message: declared.message.clone().or_else(|| trouble(declared, there, is_newest)),
        deleting: there.deleting,
        created_at: there.created_at,
        ..(**declared).clone()
    })
}

/// What keeps the cluster from having what Git declares, as far as that can be seen.
fn trouble(declared: &SecretSummary, there: &SecretSummary, is_newest: bool) -> Option<String> {
    if there.deleting {
        return Some(DELETING.to_owned());
    }
    if !declared.sealed {
        return None;
    }
    if !there.sealed {
        let told = "the cluster has a Secret of this name without a SealedSecret: the controller takes it over only when it is annotated with sealedsecrets.bitnami.com/managed: \"true\"";
        return Some(told.to_owned());
    }
    let behind = || (!is_newest).then(|| "the cluster has another SealedSecret than Git".to_owned());
    there.message.clone().or_else(behind)
}

const DELETING: &str = "the cluster is deleting it";

/// Git's keys beside those of the cluster's Secret. What only the cluster's SealedSecret has is neither.
fn keys(declared: &SecretSummary, there: &SecretSummary) -> Vec<KeySummary> {
    let declared = declared.keys.iter().map(|key| (key.name.as_str(), KeySummary { state: "missing", ..key.clone() }));
    let mut keys: BTreeMap<&str, KeySummary> = declared.collect();
    for key in there.keys.iter().filter(|key| key.state != "missing") {
        let state = if keys.contains_key(key.name.as_str()) { "ok" } else { "extra" };
        keys.insert(&key.name, KeySummary { state, ..key.clone() });
    }
    keys.into_values().collect()
}

/// Git declares it, but nobody can read how: the cluster's state is shown, which may be another than Git's.
fn of_unreadable(reason: &str, in_cluster: InCluster<'_>) -> Arc<SecretSummary> {
    let message = Some(reason.to_owned());
    Arc::new(match in_cluster {
        InCluster::Unknown => SecretSummary { sealed: true, message, ..SecretSummary::default() },
        InCluster::Absent | InCluster::Present(Observed::Invalid(_)) => {
            SecretSummary { sealed: true, synced: Some(false), message, ..SecretSummary::default() }
        }
        InCluster::Present(Observed::Valid(there)) => {
            SecretSummary { synced: there.sealed.then_some(false), message, ..(**there).clone() }
        }
    })
}

/// Git doesn't declare it.
fn of_cluster(in_cluster: InCluster<'_>) -> Arc<SecretSummary> {
    match in_cluster {
        InCluster::Present(Observed::Valid(there)) if there.deleting => {
            Arc::new(SecretSummary { message: Some(DELETING.to_owned()), ..(**there).clone() })
        }
        InCluster::Present(Observed::Valid(there)) => Arc::clone(there),
        // Only a SealedSecret can be unreadable: of a Secret nothing is read that could be wrong.
        InCluster::Present(Observed::Invalid(invalid)) => Arc::new(SecretSummary {
            sealed: true,
            synced: Some(false),
            message: Some(invalid.reason.clone()),
            ..SecretSummary::default()
        }),
        InCluster::Unknown | InCluster::Absent => Arc::default(),
    }
}

#[cfg(test)]
mod tests;
