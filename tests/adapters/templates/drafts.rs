//! Drafts and summaries that tests change in one place.

use std::collections::BTreeMap;

use cre_backend_api::adapters::templates::{TemplateSettings, TeraTemplates};
use cre_backend_api::domain::change::{Action, ObjectKey, ObjectKind};
use cre_backend_api::domain::cost::{Amounts, Cost};
use cre_backend_api::domain::names::{Actor, ClusterName, DataKey, InstanceTypeName, LabelValue};
use cre_backend_api::domain::nodegroup::{Architecture, CapacityType, NodegroupDraft, NodegroupSpec, Scaling, Taint};
use cre_backend_api::domain::secret::{Scope, Sealed, SealedSecretDraft};
use cre_backend_api::domain::text::{ChangeSummary, InstanceTypeText, NodegroupText, NodesText, SecretText};

/// The built-in templates.
pub fn built_in() -> TeraTemplates {
    TeraTemplates::load(&TemplateSettings::default()).expect("the built-in templates are right")
}

/// A key in `team-a`.
pub fn key(kind: ObjectKind, name: &str) -> ObjectKey {
    ObjectKey::parse(kind, "team-a", name).unwrap()
}

/// A nodegroup with the fewest fields.
pub fn small_nodegroup() -> NodegroupDraft {
    NodegroupDraft {
        key: key(ObjectKind::Nodegroup, "workers"),
        spec: NodegroupSpec {
            cluster: ClusterName::parse("prod").unwrap(),
            component: None,
            instance_types: vec![InstanceTypeName::parse("m5.xlarge").unwrap()],
            capacity_type: CapacityType::OnDemand,
            scaling: Scaling { min: 1, max: 5, desired: 2 },
            disk_size_gib: None,
            labels: BTreeMap::new(),
            taints: Vec::new(),
        },
        architecture: Architecture::X86_64,
        gpu: false,
    }
}

/// A nodegroup with all fields.
pub fn full_nodegroup() -> NodegroupDraft {
    let mut draft = small_nodegroup();
    draft.spec.component = Some(LabelValue::parse("shop").unwrap());
    draft.spec.instance_types =
        ["g5g.xlarge", "g5g.2xlarge"].iter().map(|name| InstanceTypeName::parse(name).unwrap()).collect();
    draft.spec.capacity_type = CapacityType::Spot;
    draft.spec.disk_size_gib = Some(50);
    draft.spec.labels = BTreeMap::from([
        ("tier".to_owned(), "no".to_owned()),
        ("example.com/cost-centre".to_owned(), "1e3".to_owned()),
    ]);
    draft.spec.taints = vec![
        Taint { key: "dedicated".to_owned(), value: "gpu".to_owned(), effect: "NO_SCHEDULE".to_owned() },
        Taint { key: "spot".to_owned(), value: String::new(), effect: "PREFER_NO_SCHEDULE".to_owned() },
    ];
    draft.architecture = Architecture::Arm64;
    draft.gpu = true;
    draft
}

/// A secret with the fewest fields.
pub fn small_secret(scope: Scope) -> SealedSecretDraft {
    SealedSecretDraft {
        key: key(ObjectKind::Secret, "db"),
        kind: "Opaque".to_owned(),
        scope,
        sealed: Sealed {
            encrypted: BTreeMap::from([(DataKey::parse("password").unwrap(), "AgB+/w==".to_owned())]),
            fingerprint: "ab".repeat(32),
        },
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        immutable: false,
    }
}

/// A secret with all fields.
pub fn full_secret(scope: Scope) -> SealedSecretDraft {
    let mut draft = small_secret(scope);
    "kubernetes.io/tls".clone_into(&mut draft.kind);
    draft.sealed.encrypted = BTreeMap::from([
        (DataKey::parse("tls.crt").unwrap(), "AgBj".to_owned()),
        (DataKey::parse("tls.key").unwrap(), "AgBr".to_owned()),
    ]);
    draft.labels = BTreeMap::from([("backstage.io/kubernetes-id".to_owned(), "shop".to_owned())]);
    draft.annotations = BTreeMap::from([("app.kubernetes.io/note".to_owned(), "rotated: \"yearly\"\n---".to_owned())]);
    draft.immutable = true;
    draft
}

fn cost(factor: u32, upper_bound: bool) -> Cost {
    let amounts = |unit: u32| Amounts {
        min: format!("{}.00", unit * factor),
        desired: format!("{}.00", 2 * unit * factor),
        max: format!("{}.00", 5 * unit * factor),
    };
    Cost { basis: "m5.xlarge".to_owned(), upper_bound, usd_per_hour: amounts(1), usd_per_month: amounts(730) }
}

/// A change of a nodegroup.
pub fn nodegroup_change(action: Action) -> ChangeSummary {
    let row = |name: &str, known: bool| InstanceTypeText {
        name: name.to_owned(),
        vcpu: known.then_some(4),
        memory: known.then(|| "16 GiB".to_owned()),
        usd_per_hour: known.then(|| "0.192".to_owned()),
    };
    ChangeSummary {
        action,
        key: key(ObjectKind::Nodegroup, "workers"),
        cluster: Some("prod".to_owned()),
        actor: Actor::parse("user:default/jane").unwrap(),
        path: "nodegroups/team-a/workers.yaml".to_owned(),
        nodegroup: Some(NodegroupText {
            instance_types: vec![row("m5.xlarge", true), row("m5.unknown", false)],
            capacity_type: "ON_DEMAND".to_owned(),
            min: 1,
            desired: 2,
            max: 5,
            before: (action == Action::Update).then_some(NodesText { min: 1, desired: 1, max: 3 }),
            disk_size_gib: Some(50),
            cost_before: (action != Action::Create).then(|| cost(1, false)),
            cost_after: (action != Action::Delete).then(|| cost(2, action == Action::Create)),
        }),
        secret: None,
        warnings: Vec::new(),
    }
}

/// A change of a secret.
pub fn secret_change(action: Action) -> ChangeSummary {
    ChangeSummary {
        action,
        key: key(ObjectKind::Secret, "db"),
        cluster: None,
        actor: Actor::parse("user:default/jane").unwrap(),
        path: "secrets/team-a/db.yaml".to_owned(),
        nodegroup: None,
        secret: Some(SecretText {
            kind: "Opaque".to_owned(),
            scope: "strict".to_owned(),
            set: if action == Action::Delete { Vec::new() } else { vec!["password".to_owned(), "user".to_owned()] },
            removed: if action == Action::Update { vec!["token".to_owned()] } else { Vec::new() },
        }),
        warnings: Vec::new(),
    }
}
