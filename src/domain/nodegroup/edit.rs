//! What a change request may ask of an existing nodegroup.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CapacityType, Taint};
use crate::domain::names::{ClusterName, InstanceTypeName, LabelValue};

/// Which fields a change request may touch; EKS and its custom resource hold all others for ever.
pub const MUTABLE_FIELDS: [&str; 4] = ["component", "labels", "scaling", "taints"];

/// A change of an existing nodegroup: a field left out stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct NodegroupEdit {
    /// The new component; `Some(None)` takes the label away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<Option<LabelValue>>,
    /// New numbers of nodes; a part left out stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling: Option<ScalingEdit>,
    /// Replaces all labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Replaces all taints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taints: Option<Vec<Taint>>,
    /// Fields that can't change, sent to be compared.
    pub fixed: FixedFields,
}

/// New numbers of nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ScalingEdit {
    /// The fewest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// How many now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<i64>,
}

/// The fields that a nodegroup keeps for ever, as far as a request names them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FixedFields {
    /// `cluster`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterName>,
    /// `instance_types`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_types: Option<Vec<InstanceTypeName>>,
    /// `capacity_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_type: Option<CapacityType>,
    /// `disk_size_gib`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_size_gib: Option<u32>,
}
