//! A nodegroup as the contract shows it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::adapters::http::cost_view::CostView;
use crate::adapters::http::pull_request_view::PullRequestView;
use crate::application::nodegroups::item::{NodegroupItem, TypeFacts};
use crate::domain::cost::{Cost, hourly_usd};
use crate::domain::manifest::nodegroup::capacity_word;
use crate::domain::nodegroup::phase::Phase;
use crate::domain::nodegroup::{Condition, HealthIssue, NodegroupStatus, Taint};
use crate::domain::snapshot::ManifestRef;

/// A nodegroup.
#[derive(Debug, Serialize, ToSchema)]
pub struct NodegroupView {
    name: String,
    namespace: String,
    /// The EKS cluster.
    cluster: Option<String>,
    /// The Backstage component.
    component: Option<String>,
    instance_types: Vec<TypeView>,
    /// `x86_64` or `arm64`; null when no type is known.
    architecture: Option<&'static str>,
    /// `ON_DEMAND` or `SPOT`; null when the manifest can't be read.
    capacity_type: Option<String>,
    scaling: ScalingView,
    disk_size_gib: Option<i64>,
    labels: BTreeMap<String, String>,
    taints: Vec<TaintView>,
    ami_type: Option<String>,
    version: Option<String>,
    /// Where it stands.
    #[schema(example = "Active")]
    phase: &'static str,
    /// What EKS says; null when no cluster is looked at.
    status: Option<StatusView>,
    conditions: Vec<ConditionView>,
    health_issues: Vec<HealthIssueView>,
    /// What is wrong with it.
    message: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    /// Whether Git has its manifest.
    managed: bool,
    manifest: Option<ManifestView>,
    /// The manifest's blob id.
    revision: Option<String>,
    #[schema(value_type = Option<CostView>)]
    cost: Option<Cost>,
    /// The open pull request that changes it.
    pull_request: Option<PullRequestView>,
}

/// An instance type of a nodegroup.
#[derive(Debug, Serialize, ToSchema)]
pub struct TypeView {
    name: String,
    /// Whether the price list has it.
    known: bool,
    vcpu: Option<u32>,
    memory_mib: Option<u64>,
    usd_per_hour: Option<String>,
}

/// How many nodes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingView {
    min: Option<i64>,
    max: Option<i64>,
    desired: Option<i64>,
}

/// A taint.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaintView {
    key: String,
    value: String,
    effect: String,
}

/// What EKS says of a nodegroup.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusView {
    raw: Option<String>,
    desired: Option<i64>,
}

/// A condition of the custom resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConditionView {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: Option<String>,
    message: Option<String>,
}

/// A health issue that EKS reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthIssueView {
    code: String,
    message: Option<String>,
    resource_ids: Vec<String>,
}

/// Where Git has an object's manifest.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManifestView {
    path: String,
    /// Its page; null on the local forge.
    url: Option<String>,
}

impl ManifestView {
    /// The view.
    pub fn of(manifest: &ManifestRef) -> Self {
        Self { path: manifest.path.to_string(), url: None }
    }
}

impl NodegroupView {
    /// The view for a client that reached this service as `host`.
    pub fn of(item: &NodegroupItem, host: &str) -> Self {
        let nodegroup = &item.nodegroup;
        let none = NodegroupStatus::default();
        let status = nodegroup.status.as_ref();
        let said = status.unwrap_or(&none);
        Self {
            name: item.key.name.to_string(),
            namespace: item.key.namespace.to_string(),
            cluster: nodegroup.cluster.clone(),
            component: nodegroup.component.clone(),
            instance_types: item.instance_types.iter().map(TypeView::of).collect(),
            architecture: item.architecture.map(crate::domain::nodegroup::Architecture::as_str),
            capacity_type: (item.phase != Phase::Invalid).then(|| capacity_word(nodegroup).to_owned()),
            scaling: ScalingView { min: nodegroup.min, max: nodegroup.max, desired: nodegroup.desired },
            disk_size_gib: nodegroup.disk_size_gib,
            labels: nodegroup.labels.clone(),
            taints: nodegroup.taints.iter().map(TaintView::of).collect(),
            ami_type: nodegroup.ami_type.clone(),
            version: nodegroup.version.clone(),
            phase: item.phase.as_str(),
            status: status.map(|status| StatusView { raw: status.raw.clone(), desired: status.desired }),
            conditions: said.conditions.iter().map(ConditionView::of).collect(),
            health_issues: said.health_issues.iter().map(HealthIssueView::of).collect(),
            message: item.message.clone(),
            created_at: said.created_at.map(|at| at.to_string()),
            updated_at: said.updated_at.map(|at| at.to_string()),
            managed: item.managed,
            manifest: item.manifest.as_ref().map(ManifestView::of),
            revision: item.manifest.as_ref().map(|manifest| manifest.blob.clone()),
            cost: item.cost.clone(),
            pull_request: item.pull_request.as_ref().map(|open| PullRequestView::of(open, host)),
        }
    }
}

impl TypeView {
    fn of(facts: &TypeFacts) -> Self {
        Self {
            name: facts.name.clone(),
            known: facts.known,
            vcpu: facts.vcpu,
            memory_mib: facts.memory_mib,
            usd_per_hour: facts.usd_per_hour.map(hourly_usd),
        }
    }
}

impl TaintView {
    fn of(taint: &Taint) -> Self {
        Self { key: taint.key.clone(), value: taint.value.clone(), effect: taint.effect.clone() }
    }
}

impl ConditionView {
    fn of(condition: &Condition) -> Self {
        Self {
            kind: condition.kind.clone(),
            status: condition.status.clone(),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
        }
    }
}

impl HealthIssueView {
    fn of(issue: &HealthIssue) -> Self {
        Self { code: issue.code.clone(), message: issue.message.clone(), resource_ids: issue.resource_ids.clone() }
    }
}
