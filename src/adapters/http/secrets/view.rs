//! A secret as the contract shows it: never a value.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::adapters::http::list::source::seconds;
use crate::adapters::http::nodegroups::ManifestView;
use crate::adapters::http::pull_request_view::PullRequestView;
use crate::application::secrets::item::SecretItem;
use crate::domain::secret::{Certificate, KeySummary, Scope};

/// A secret without its values.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretView {
    name: String,
    namespace: String,
    /// The Backstage component.
    component: Option<String>,
    /// Null when the manifest can't be read.
    r#type: Option<String>,
    immutable: bool,
    keys: Vec<KeyView>,
    /// Whether a SealedSecret declares it.
    sealed: bool,
    /// `strict`, `namespace-wide` or `cluster-wide`; null when it isn't sealed.
    scope: Option<&'static str>,
    /// Whether the controller unsealed the newest state; null when no cluster is looked at.
    synced: Option<bool>,
    /// What is wrong with it.
    message: Option<String>,
    /// SHA-256 of the certificate that it was sealed with, hex; null when the manifest doesn't tell.
    certificate_fingerprint: Option<String>,
    /// Whether it was sealed with another certificate than the current one; null when that isn't known.
    stale_seal: Option<bool>,
    labels: BTreeMap<String, String>,
    created_at: Option<String>,
    /// Whether Git has its manifest.
    managed: bool,
    manifest: Option<ManifestView>,
    /// The manifest's blob id.
    revision: Option<String>,
    /// The open pull request that changes it.
    pull_request: Option<PullRequestView>,
}

/// A key of a secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyView {
    name: String,
    /// The value's length; null when it can't be known.
    bytes: Option<u64>,
    /// `ok`, `missing` or `extra`.
    state: &'static str,
}

impl SecretView {
    /// The view for a client that reached this service as `host`.
    pub fn of(item: &SecretItem, host: &str) -> Self {
        let summary = &item.summary;
        let key = |key: &KeySummary| KeyView { name: key.name.clone(), bytes: key.bytes, state: key.state };
        Self {
            name: item.key.name.to_string(),
            namespace: item.key.namespace.to_string(),
            component: summary.component.clone(),
            r#type: Some(summary.kind.clone()).filter(|kind| !kind.is_empty()),
            immutable: summary.immutable,
            keys: summary.keys.iter().map(key).collect(),
            sealed: summary.sealed,
            scope: summary.scope.map(Scope::as_str),
            synced: summary.synced,
            message: summary.message.clone(),
            certificate_fingerprint: summary.certificate_fingerprint.clone(),
            stale_seal: item.stale_seal,
            labels: summary.labels.clone(),
            created_at: summary.created_at.map(|at| at.to_string()),
            managed: item.managed,
            manifest: item.manifest.as_ref().map(ManifestView::of),
            revision: item.manifest.as_ref().map(|manifest| manifest.blob.clone()),
            pull_request: item.pull_request.as_ref().map(|open| PullRequestView::of(open, host)),
        }
    }
}

/// The certificate that secrets are sealed with.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateView {
    pem: String,
    /// SHA-256 of the DER, hex.
    fingerprint: String,
    not_before: String,
    not_after: String,
    /// `embedded`, a file, or an address without credentials.
    source: String,
    /// Seconds since its source was last read.
    age_seconds: f64,
}

impl CertificateView {
    /// The view at this moment.
    pub fn of(certificate: &Certificate) -> Self {
        let age = Timestamp::now().duration_since(certificate.read_at);
        Self {
            pem: certificate.pem.clone(),
            fingerprint: certificate.fingerprint.clone(),
            not_before: certificate.not_before.to_string(),
            not_after: certificate.not_after.to_string(),
            source: certificate.source.clone(),
            age_seconds: seconds(age.try_into().unwrap_or_default()),
        }
    }
}
