//! EKS managed node groups: what a developer may ask for, and what a manifest or a cluster shows.

mod edit;
pub mod phase;
pub mod rules;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::change::ObjectKey;
use super::error::Violation;
use super::names::{ClusterName, InstanceTypeName, LabelValue};
use super::snapshot::ManifestRef;

pub use edit::{FixedFields, MUTABLE_FIELDS, NodegroupEdit, ScalingEdit};

/// The label that ties an object to a Backstage component.
pub const COMPONENT_LABEL: &str = "backstage.io/kubernetes-id";

/// The most nodes that a group may have.
pub const MAX_NODES: u32 = 10_000;
/// The largest root disk, GiB.
pub const MAX_DISK_GIB: u32 = 16_384;
/// The most instance types in a group.
pub const MAX_INSTANCE_TYPES: usize = 20;
/// The most taints on a group.
pub const MAX_TAINTS: usize = 50;
/// The most characters in a label's or taint's key or value.
pub const MAX_LABEL_LENGTH: usize = 63;

/// How capacity is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CapacityType {
    /// On demand.
    #[default]
    OnDemand,
    /// Spare capacity, which AWS may take back.
    Spot,
}

impl CapacityType {
    /// The words that EKS uses.
    pub const WORDS: [&str; 2] = ["ON_DEMAND", "SPOT"];

    /// EKS's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// Reads EKS's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::OnDemand, Self::Spot].into_iter().find(|capacity| capacity.as_str() == word)
    }
}

/// A processor architecture that an AMI is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// 64-bit Intel and AMD.
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit Arm (Graviton).
    Arm64,
}

impl Architecture {
    /// `x86_64` or `arm64`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// The architecture among those that the price list names for a type; 32-bit ones don't count.
    #[must_use]
    pub fn of(names: &[String]) -> Option<Self> {
        [Self::X86_64, Self::Arm64]
            .into_iter()
            .find(|architecture| names.iter().any(|name| name == architecture.as_str()))
    }
}

/// How many nodes a group has: `0 ≤ min ≤ desired ≤ max`, `1 ≤ max ≤ 10000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Scaling {
    /// The fewest.
    pub min: u32,
    /// The most.
    pub max: u32,
    /// How many at first.
    pub desired: u32,
}

impl Scaling {
    /// Checks the numbers; `desired` defaults to `max(min, 1)`.
    ///
    /// # Errors
    /// A violation for each wrong number, with pointers below `/scaling`.
    pub fn new(min: i64, max: i64, desired: Option<i64>) -> Result<Self, Vec<Violation>> {
        let mut wrong = Vec::new();
        let limit = i64::from(MAX_NODES);
        if !(0..=limit).contains(&min) {
            wrong.push(Violation::new("/scaling/min", format!("must be from 0 to {limit}")));
        }
        if !(1..=limit).contains(&max) {
            wrong.push(Violation::new("/scaling/max", format!("must be from 1 to {limit}")));
        } else if wrong.is_empty() && max < min {
            wrong.push(Violation::new("/scaling/max", "must not be less than min"));
        }
        let wanted = desired.unwrap_or_else(|| min.max(1));
        if desired.is_some() && !(min..=max).contains(&wanted) {
            wrong.push(Violation::new("/scaling/desired", "must be from min to max"));
        }
        let number = |value: i64| u32::try_from(value).unwrap_or(0);
        if wrong.is_empty() {
            Ok(Self { min: number(min), max: number(max), desired: number(wanted) })
        } else {
            Err(wrong)
        }
    }
}

/// What a taint does to pods that don't tolerate it, in EKS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaintEffect {
    /// New pods stay away.
    NoSchedule,
    /// Running pods are evicted too.
    NoExecute,
    /// New pods stay away if they can.
    PreferNoSchedule,
}

impl TaintEffect {
    /// The words that EKS uses.
    pub const WORDS: [&str; 3] = ["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"];

    /// EKS's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// Reads EKS's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::NoSchedule, Self::NoExecute, Self::PreferNoSchedule].into_iter().find(|effect| effect.as_str() == word)
    }
}

/// A taint that the nodes of a group carry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Taint {
    /// The key.
    pub key: String,
    /// The value, which may be empty.
    pub value: String,
    /// The effect, EKS's word.
    pub effect: String,
}

/// What a developer chooses of a nodegroup.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodegroupSpec {
    /// The EKS cluster.
    pub cluster: ClusterName,
    /// The Backstage component that it belongs to.
    pub component: Option<LabelValue>,
    /// 1–20 types of one architecture, in order of preference.
    pub instance_types: Vec<InstanceTypeName>,
    /// How capacity is bought.
    pub capacity_type: CapacityType,
    /// How many nodes.
    pub scaling: Scaling,
    /// Root disk in GiB; `None` leaves it to EKS (20) or a launch template.
    pub disk_size_gib: Option<u32>,
    /// Labels of the nodes.
    pub labels: BTreeMap<String, String>,
    /// Taints of the nodes.
    pub taints: Vec<Taint>,
}

/// A nodegroup ready to be rendered: what the developer chose, and what the catalogue says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct NodegroupDraft {
    /// Its identity.
    pub key: ObjectKey,
    /// The developer's choices.
    pub spec: NodegroupSpec,
    /// The architecture of all its types.
    pub architecture: Architecture,
    /// Whether its types have GPUs.
    pub gpu: bool,
}

/// A nodegroup as a manifest declares it or a cluster has it. Read leniently: what others wrote may break our rules.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Nodegroup {
    /// The EKS cluster.
    pub cluster: Option<String>,
    /// The Backstage component.
    pub component: Option<String>,
    /// Instance types in order.
    pub instance_types: Vec<String>,
    /// EKS's word; EKS takes `ON_DEMAND` when it is absent.
    pub capacity_type: Option<String>,
    /// The fewest nodes.
    pub min: Option<i64>,
    /// The most nodes.
    pub max: Option<i64>,
    /// The nodes asked for.
    pub desired: Option<i64>,
    /// Root disk, GiB.
    pub disk_size_gib: Option<i64>,
    /// Labels of the nodes.
    pub labels: BTreeMap<String, String>,
    /// Taints of the nodes.
    pub taints: Vec<Taint>,
    /// EKS's AMI family.
    pub ami_type: Option<String>,
    /// The Kubernetes version.
    pub version: Option<String>,
    /// Where Git declares it.
    pub manifest: Option<ManifestRef>,
    /// What the cluster says of it.
    pub status: Option<NodegroupStatus>,
}

/// What the cluster says of a nodegroup.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodegroupStatus {
    /// EKS's status word.
    pub raw: Option<String>,
    /// Nodes asked for, as EKS has it.
    pub desired: Option<i64>,
    /// ACK's conditions.
    pub conditions: Vec<Condition>,
    /// EKS's health issues.
    pub health_issues: Vec<HealthIssue>,
    /// Whether the object is being deleted.
    pub deleting: bool,
    /// When EKS made it.
    pub created_at: Option<Timestamp>,
    /// When EKS last changed it.
    pub updated_at: Option<Timestamp>,
}

/// A condition of a custom resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its type, such as `ACK.ResourceSynced`.
    pub kind: String,
    /// `True`, `False`, `Unknown`.
    pub status: String,
    /// A word for the reason.
    pub reason: Option<String>,
    /// A sentence.
    pub message: Option<String>,
}

/// A health issue that EKS reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthIssue {
    /// EKS's code.
    pub code: String,
    /// EKS's sentence.
    pub message: Option<String>,
    /// The resources in question.
    pub resource_ids: Vec<String>,
}
