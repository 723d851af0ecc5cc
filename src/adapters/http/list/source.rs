//! Where a list's data comes from, and how old it is at the moment of the answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::snapshot::SourceInfo;
use crate::domain::watch::{Trouble, WatchReport};

/// Where a list's data comes from.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    /// `kubernetes` or `git`.
    kind: &'static str,
    /// The moment that the data was last known to be current, RFC 3339.
    as_of: String,
    /// Seconds since then.
    age_seconds: f64,
    /// Whether the source has been silent for too long.
    stale: bool,
    /// The watches of a cluster that the data comes through; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    watches: Vec<WatchView>,
}

/// How a watch of a cluster does.
#[derive(Debug, Serialize, ToSchema)]
pub struct WatchView {
    /// What it is of, as Kubernetes names resources.
    #[schema(example = "nodegroups.eks.services.k8s.aws")]
    kind: &'static str,
    /// The namespace; null for all.
    #[schema(required = true)]
    namespace: Option<String>,
    /// When the API server last sent anything, RFC 3339.
    #[schema(required = true)]
    last_contact_at: Option<String>,
    /// When an object last came, changed or went, RFC 3339.
    #[schema(required = true)]
    last_event_at: Option<String>,
    /// The cluster's state that is known; opaque.
    #[schema(required = true)]
    resource_version: Option<String>,
    /// How often everything was listed anew.
    relists: u64,
    /// How often the watch failed.
    errors: u64,
    /// Objects that can't be decoded.
    undecodable: u64,
    /// A fixed code of what is wrong.
    #[schema(required = true)]
    reason: Option<&'static str>,
}

impl SourceView {
    /// The view at this moment.
    pub fn of(source: &SourceInfo) -> Self {
        Self {
            kind: source.kind.as_str(),
            as_of: source.contact.at().to_string(),
            age_seconds: seconds(source.contact.age()),
            stale: source.is_stale(),
            watches: source.watches.iter().map(|watch| WatchView::of(watch.report())).collect(),
        }
    }
}

impl WatchView {
    fn of(watch: WatchReport) -> Self {
        Self {
            kind: watch.kind,
            namespace: watch.namespace.map(|namespace| namespace.to_string()),
            last_contact_at: watch.last_contact.map(|at| at.to_string()),
            last_event_at: watch.last_event.map(|at| at.to_string()),
            resource_version: watch.resource_version,
            relists: watch.relists,
            errors: watch.errors,
            undecodable: watch.undecodable,
            reason: watch.trouble.map(Trouble::as_str),
        }
    }
}

/// Seconds with three decimals.
pub fn seconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
