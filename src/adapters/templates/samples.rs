//! Samples that every template must render at start.

use std::collections::BTreeMap;

use crate::domain::change::{Action, ObjectKey, ObjectKind};
use crate::domain::cost::{Amounts, Cost};
use crate::domain::names::{Actor, ClusterName, DataKey, InstanceTypeName, LabelValue};
use crate::domain::nodegroup::{Architecture, CapacityType, NodegroupDraft, NodegroupSpec, Scaling, Taint};
use crate::domain::secret::{Scope, Sealed, SealedSecretDraft};
use crate::domain::text::{ChangeSummary, InstanceTypeText, NodegroupText, NodesText, SecretText};

/// A key whose names are valid.
pub(super) fn key(kind: ObjectKind, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::parse(kind, namespace, name).expect("the samples' names are valid")
}

/// The cluster of the samples.
pub(super) fn cluster() -> ClusterName {
    ClusterName::parse("sample-cluster").expect("the sample's cluster is valid")
}

/// Nodegroups with all fields and with the fewest, for each pair of architecture and GPU.
pub(super) fn nodegroups() -> Vec<NodegroupDraft> {
    let mut drafts = Vec::new();
    for architecture in [Architecture::X86_64, Architecture::Arm64] {
        for gpu in [false, true] {
            for full in [false, true] {
                drafts.push(NodegroupDraft {
                    key: key(ObjectKind::Nodegroup, "sample-namespace", "sample-name"),
                    spec: nodegroup_spec(full),
                    architecture,
                    gpu,
                });
            }
        }
    }
    drafts
}

fn nodegroup_spec(full: bool) -> NodegroupSpec {
    let types: &[&str] = if full { &["m5.xlarge", "m6i.xlarge"] } else { &["m5.xlarge"] };
    let taint = |effect: &str| Taint { key: "dedicated".to_owned(), value: String::new(), effect: effect.to_owned() };
    NodegroupSpec {
        cluster: cluster(),
        component: full.then(|| LabelValue::parse("sample").expect("the sample's component is valid")),
        instance_types: types
            .iter()
            .map(|name| InstanceTypeName::parse(name).expect("the sample's types are valid"))
            .collect(),
        capacity_type: if full { CapacityType::Spot } else { CapacityType::OnDemand },
        scaling: Scaling { min: 0, max: 3, desired: 1 },
        disk_size_gib: full.then_some(50),
        labels: if full { map(&[("team", "a"), ("tier", "no")]) } else { BTreeMap::new() },
        taints: if full { vec![taint("NO_SCHEDULE"), taint("NO_EXECUTE")] } else { Vec::new() },
    }
}

/// Secrets of each scope, with all fields and with the fewest.
pub(super) fn secrets() -> Vec<SealedSecretDraft> {
    let mut drafts = Vec::new();
    for scope in Scope::ALL {
        for full in [false, true] {
            let data_key = DataKey::parse("password").expect("the sample's key is valid");
            drafts.push(SealedSecretDraft {
                key: key(ObjectKind::Secret, "sample-namespace", "sample-name"),
                kind: "Opaque".to_owned(),
                scope,
                sealed: Sealed {
                    encrypted: BTreeMap::from([(data_key, "AgBv".to_owned())]),
                    fingerprint: "0".repeat(64),
                },
                labels: if full { map(&[("team", "a")]) } else { BTreeMap::new() },
                annotations: if full { map(&[("note", "a: \"b\"\n---\n")]) } else { BTreeMap::new() },
                immutable: full,
            });
        }
    }
    drafts
}

/// A change of each kind and action, with everything known and with the least.
pub(super) fn changes() -> Vec<ChangeSummary> {
    let mut changes = Vec::new();
    for action in [Action::Create, Action::Update, Action::Delete] {
        for kind in [ObjectKind::Nodegroup, ObjectKind::Secret] {
            for full in [false, true] {
                changes.push(change(action, kind, full));
            }
        }
    }
    changes
}

fn change(action: Action, kind: ObjectKind, full: bool) -> ChangeSummary {
    ChangeSummary {
        action,
        key: key(kind, "sample-namespace", "sample-name"),
        cluster: full.then(|| cluster().to_string()),
        actor: Actor::anonymous(),
        path: "sample/path.yaml".to_owned(),
        nodegroup: (kind == ObjectKind::Nodegroup && full).then(|| nodegroup_text(action)),
        secret: (kind == ObjectKind::Secret && full).then(secret_text),
        warnings: if full { vec!["a warning".to_owned()] } else { Vec::new() },
    }
}

fn nodegroup_text(action: Action) -> NodegroupText {
    let row = |name: &str, known: bool| InstanceTypeText {
        name: name.to_owned(),
        vcpu: known.then_some(4),
        memory: known.then(|| "16 GiB".to_owned()),
        usd_per_hour: known.then(|| "0.192".to_owned()),
    };
    NodegroupText {
        instance_types: vec![row("m5.xlarge", true), row("x1.unknown", false)],
        capacity_type: "SPOT".to_owned(),
        min: 0,
        desired: 1,
        max: 3,
        before: (action == Action::Update).then_some(NodesText { min: 1, desired: 1, max: 2 }),
        disk_size_gib: Some(50),
        cost_before: (action != Action::Create).then(cost),
        cost_after: (action != Action::Delete).then(cost),
    }
}

fn cost() -> Cost {
    let amounts = |min: &str, desired: &str, max: &str| Amounts {
        min: min.to_owned(),
        desired: desired.to_owned(),
        max: max.to_owned(),
    };
    Cost {
        basis: "m5.xlarge".to_owned(),
        upper_bound: true,
        usd_per_hour: amounts("0.000", "0.192", "0.576"),
        usd_per_month: amounts("0.00", "140.16", "420.48"),
    }
}

fn secret_text() -> SecretText {
    SecretText {
        kind: "Opaque".to_owned(),
        scope: "strict".to_owned(),
        set: vec!["password".to_owned(), "user".to_owned()],
        removed: vec!["token".to_owned()],
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
