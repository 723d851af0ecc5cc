//! What a pull request's words are made from.

use serde::Serialize;

use super::change::{Action, ObjectKey};
use super::cost::Cost;
use super::names::Actor;

/// A change, told to the templates of the pull request's text. Holds names, numbers and key names; never a secret value.
#[derive(Debug, Clone)]
pub struct ChangeSummary {
    /// What happens.
    pub action: Action,
    /// To which object.
    pub key: ObjectKey,
    /// On which cluster, when the object names one.
    pub cluster: Option<String>,
    /// Who asked.
    pub actor: Actor,
    /// The manifest's path.
    pub path: String,
    /// What to show of a nodegroup after the change (before it, for a deletion).
    pub nodegroup: Option<NodegroupText>,
    /// What to show of a secret.
    pub secret: Option<SecretText>,
    /// Warnings for the reviewer.
    pub warnings: Vec<String>,
}

/// What the pull request shows of a nodegroup.
#[derive(Debug, Clone, Serialize)]
pub struct NodegroupText {
    /// The types, with what the catalogue says.
    pub instance_types: Vec<InstanceTypeText>,
    /// EKS's word.
    pub capacity_type: String,
    /// The fewest nodes.
    pub min: i64,
    /// The nodes asked for.
    pub desired: i64,
    /// The most nodes.
    pub max: i64,
    /// The numbers of nodes before the change, when it changes a nodegroup.
    pub before: Option<NodesText>,
    /// Root disk, GiB.
    pub disk_size_gib: Option<i64>,
    /// The cost before the change.
    pub cost_before: Option<Cost>,
    /// The cost after the change.
    pub cost_after: Option<Cost>,
}

/// Numbers of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NodesText {
    /// The fewest.
    pub min: i64,
    /// Those asked for.
    pub desired: i64,
    /// The most.
    pub max: i64,
}

/// One row of the pull request's table of instance types.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceTypeText {
    /// The type's name.
    pub name: String,
    /// Virtual CPUs.
    pub vcpu: Option<u32>,
    /// Memory as people say it: `16 GiB`.
    pub memory: Option<String>,
    /// USD per hour.
    pub usd_per_hour: Option<String>,
}

/// What the pull request shows of a secret: key names only.
#[derive(Debug, Clone, Serialize)]
pub struct SecretText {
    /// The Secret's type.
    pub kind: String,
    /// kubeseal's word for the scope.
    pub scope: String,
    /// Keys that are set.
    pub set: Vec<String>,
    /// Keys that are removed.
    pub removed: Vec<String>,
}
