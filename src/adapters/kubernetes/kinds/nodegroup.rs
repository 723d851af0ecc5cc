//! `Nodegroup` of `eks.services.k8s.aws/v1alpha1`, the custom resource of AWS Controllers for Kubernetes (eks-controller v1.20.0).
//!
//! The fields that are shown are typed; others may be there, and more may come.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::adapters::kubernetes::guarded::Guarded;
use crate::adapters::kubernetes::watchable::Watchable;
use crate::domain::change::ObjectKind;
use crate::domain::nodegroup::{self as domain, COMPONENT_LABEL};
use crate::domain::snapshot::{Invalid, Observed};

/// What is asked for.
#[derive(CustomResource, Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "eks.services.k8s.aws",
    version = "v1alpha1",
    kind = "Nodegroup",
    namespaced,
    status = "NodegroupStatus",
    doc = "An EKS managed node group, as cre-backend-api reads it: a stand-in for the definition of AWS's eks-controller.",
    printcolumn = r#"{"name":"Cluster","type":"string","jsonPath":".spec.clusterName"}"#,
    printcolumn = r#"{"name":"Status","type":"string","jsonPath":".status.status"}"#
)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
pub struct NodegroupSpec {
    /// Its name in EKS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The EKS cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// The types that EKS may choose from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_types: Option<Vec<String>>,
    /// `ON_DEMAND`, `SPOT`, `CAPACITY_BLOCK`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity_type: Option<String>,
    /// How many nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_config: Option<ScalingConfig>,
    /// Root disk, GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_size: Option<i64>,
    /// Labels of the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Taints of the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taints: Option<Vec<Taint>>,
    /// EKS's AMI family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ami_type: Option<String>,
    /// The Kubernetes version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// How many nodes.
#[allow(clippy::struct_field_names, reason = "they are the custom resource's own")]
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScalingConfig {
    /// The fewest.
    pub min_size: Option<i64>,
    /// The most.
    pub max_size: Option<i64>,
    /// How many are wanted.
    pub desired_size: Option<i64>,
}

/// A taint of the nodes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Taint {
    /// The key.
    pub key: Option<String>,
    /// The value.
    pub value: Option<String>,
    /// `NO_SCHEDULE`, `NO_EXECUTE`, `PREFER_NO_SCHEDULE`.
    pub effect: Option<String>,
}

/// What EKS and the controller say.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-preserve-unknown-fields" = true))]
pub struct NodegroupStatus {
    /// EKS's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How many nodes EKS wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_size: Option<i64>,
    /// The controller's conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<Condition>>,
    /// How the nodes do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// When EKS made it, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When EKS last changed it, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<String>,
}

/// A condition of the controller's.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// Such as `ACK.ResourceSynced`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False`, `Unknown`.
    pub status: String,
    /// A word.
    pub reason: Option<String>,
    /// A sentence.
    pub message: Option<String>,
}

/// How the nodes do.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// What is wrong.
    pub issues: Option<Vec<Issue>>,
}

/// Something that is wrong with the nodes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct Issue {
    /// EKS's code.
    pub code: Option<String>,
    /// EKS's sentence.
    pub message: Option<String>,
    /// The resources in question.
    #[serde(rename = "resourceIDs")]
    pub resource_ids: Option<Vec<String>>,
}

impl Watchable for Guarded<Nodegroup> {
    type Seen = domain::Nodegroup;

    const RESOURCE: &'static str = "nodegroups.eks.services.k8s.aws";
    const KIND: ObjectKind = ObjectKind::Nodegroup;

    fn observed(self) -> Observed<domain::Nodegroup> {
        match self.0.map_err(|undecodable| undecodable.reason).and_then(seen) {
            Ok(nodegroup) => Observed::Valid(Arc::new(nodegroup)),
            Err(reason) => Observed::Invalid(Box::new(Invalid { reason, manifest: None })),
        }
    }
}

/// The domain's view.
fn seen(object: Nodegroup) -> Result<domain::Nodegroup, String> {
    let Nodegroup { metadata, spec, status } = object;
    if spec.name.as_deref().is_some_and(|name| Some(name) != metadata.name.as_deref()) {
        return Err("spec.name differs from metadata.name".to_owned());
    }
    let scaling = spec.scaling_config.unwrap_or_default();
    let made = metadata.creation_timestamp.as_ref().map(|at| at.0);
    Ok(domain::Nodegroup {
        cluster: spec.cluster_name,
        component: metadata.labels.unwrap_or_default().remove(COMPONENT_LABEL),
        instance_types: exact(spec.instance_types.unwrap_or_default()),
        capacity_type: spec.capacity_type,
        min: scaling.min_size,
        max: scaling.max_size,
        desired: scaling.desired_size,
        disk_size_gib: spec.disk_size,
        labels: spec.labels.unwrap_or_default(),
        taints: exact(spec.taints.unwrap_or_default().into_iter().map(taint).collect()),
        ami_type: spec.ami_type,
        version: spec.version,
        manifest: None,
        status: Some(said(status.unwrap_or_default(), made, metadata.deletion_timestamp.is_some())),
    })
}

/// Without the room that a list is read into: there may be twenty thousand of them.
fn exact<T>(mut items: Vec<T>) -> Vec<T> {
    items.shrink_to_fit();
    items
}

fn taint(taint: Taint) -> domain::Taint {
    let Taint { key, value, effect } = taint;
    domain::Taint { key: key.unwrap_or_default(), value: value.unwrap_or_default(), effect: effect.unwrap_or_default() }
}

fn said(status: NodegroupStatus, made: Option<Timestamp>, deleting: bool) -> domain::NodegroupStatus {
    let time = |text: Option<String>| text.and_then(|text| text.parse::<Timestamp>().ok());
    domain::NodegroupStatus {
        raw: status.status,
        desired: status.desired_size,
        conditions: exact(status.conditions.unwrap_or_default().into_iter().map(condition).collect()),
        health_issues: status
            .health
            .and_then(|health| health.issues)
            .unwrap_or_default()
            .into_iter()
            .map(issue)
            .collect(),
        deleting,
        created_at: time(status.created_at).or(made),
        updated_at: time(status.modified_at),
    }
}

fn condition(condition: Condition) -> domain::Condition {
    let Condition { kind, status, reason, message } = condition;
    domain::Condition { kind, status, reason, message }
}

fn issue(issue: Issue) -> domain::HealthIssue {
    let Issue { code, message, resource_ids } = issue;
    domain::HealthIssue { code: code.unwrap_or_default(), message, resource_ids: resource_ids.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::nodegroup::phase::Phase;

    fn observed(spec: &serde_json::Value, status: &serde_json::Value) -> Observed<domain::Nodegroup> {
        let object: Guarded<Nodegroup> = serde_json::from_value(json!({
            "apiVersion": "eks.services.k8s.aws/v1alpha1", "kind": "Nodegroup",
            "metadata": {
                "name": "workers", "namespace": "team-a", "creationTimestamp": "2026-01-02T03:04:05Z",
                "labels": {"backstage.io/kubernetes-id": "shop"},
            },
            "spec": spec, "status": status,
        }))
        .unwrap();
        object.observed()
    }

    #[test]
    fn what_the_cluster_says_reaches_the_domain() {
        let spec = json!({
            "name": "workers", "clusterName": "prod", "instanceTypes": ["m5.xlarge"], "capacityType": "SPOT",
            "scalingConfig": {"minSize": 1, "maxSize": 5, "desiredSize": 2}, "diskSize": 50, "labels": {"a": "b"},
            "taints": [{"key": "dedicated", "effect": "NO_SCHEDULE"}], "amiType": "AL2023_x86_64_STANDARD",
        });
        let status = json!({
            "status": "DEGRADED", "desiredSize": 3, "modifiedAt": "2026-01-03T00:00:00Z",
            "conditions": [{"type": "ACK.ResourceSynced", "status": "True", "lastTransitionTime": "2026-01-03T00:00:00Z"}],
            "health": {"issues": [{"code": "AccessDenied", "message": "no", "resourceIDs": ["i-1"]}]},
        });
        let Observed::Valid(nodegroup) = observed(&spec, &status) else { panic!("not valid") };
        assert_eq!(nodegroup.cluster.as_deref(), Some("prod"));
        assert_eq!(nodegroup.component.as_deref(), Some("shop"));
        assert_eq!((nodegroup.min, nodegroup.max, nodegroup.desired), (Some(1), Some(5), Some(2)));
        assert_eq!(nodegroup.taints[0].value, "");
        let said = nodegroup.status.as_ref().unwrap();
        assert_eq!(Phase::of(Some(said)), Phase::Degraded);
        assert_eq!(
            said.created_at.unwrap().to_string(),
            "2026-01-02T03:04:05Z",
            "the object's own where EKS tells none"
        );
        assert_eq!(said.updated_at.unwrap().to_string(), "2026-01-03T00:00:00Z");
        assert_eq!(said.health_issues[0].resource_ids, ["i-1"]);
        assert_eq!(said.conditions[0].kind, "ACK.ResourceSynced");
    }

    #[test]
    fn an_object_that_was_just_made_is_being_created() {
        let Observed::Valid(nodegroup) = observed(&json!({}), &json!(null)) else { panic!("not valid") };
        assert_eq!(Phase::of(nodegroup.status.as_ref()), Phase::Creating);
    }

    #[test]
    fn one_by_another_name_in_eks_is_invalid() {
        let Observed::Invalid(invalid) = observed(&json!({"name": "other"}), &json!({})) else { panic!("valid") };
        assert_eq!(invalid.reason, "spec.name differs from metadata.name");
    }
}
