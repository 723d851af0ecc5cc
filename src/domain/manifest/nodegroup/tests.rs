//! A nodegroup's manifest: what is read, refused and edited.

use std::collections::BTreeMap;

use super::*;
use crate::domain::change::ObjectKey;
use crate::domain::names::ClusterName;
use crate::domain::nodegroup::{Architecture, NodegroupSpec, ScalingEdit};

/// A manifest that says everything that a request can ask for.
const WORKERS: &str = r#"apiVersion: eks.services.k8s.aws/v1alpha1
kind: Nodegroup
metadata:
  name: "workers"
  namespace: "team-a"
  labels:
    backstage.io/kubernetes-id: "shop"
  annotations:
    eks.services.k8s.aws/desired-size-managed-by: external-autoscaler
spec:
  name: "workers"
  clusterName: "prod"
  instanceTypes:
    - "m5.xlarge"
  capacityType: "ON_DEMAND"
  scalingConfig:
    minSize: 1
    maxSize: 5
    desiredSize: 2
  diskSize: 50
  labels:
    "tier": "web"
  taints:
    - key: "dedicated"
      value: "gpu"
      effect: "NO_SCHEDULE"
  nodeRole: arn:aws:iam::000000000000:role/eks-node
"#;

fn parsed(text: &str) -> Value {
    super::super::documents(text.as_bytes()).unwrap().remove(0)
}

/// The draft whose manifest is [`WORKERS`].
fn draft() -> NodegroupDraft {
    NodegroupDraft {
        key: ObjectKey::parse(ObjectKind::Nodegroup, "team-a", "workers").unwrap(),
        spec: NodegroupSpec {
            cluster: ClusterName::parse("prod").unwrap(),
            component: Some(LabelValue::parse("shop").unwrap()),
            instance_types: vec![InstanceTypeName::parse("m5.xlarge").unwrap()],
            capacity_type: CapacityType::OnDemand,
            scaling: Scaling { min: 1, max: 5, desired: 2 },
            disk_size_gib: Some(50),
            labels: BTreeMap::from([("tier".to_owned(), "web".to_owned())]),
            taints: vec![taint("dedicated", "gpu")],
        },
        architecture: Architecture::X86_64,
        gpu: false,
    }
}

fn taint(key: &str, value: &str) -> Taint {
    Taint { key: key.to_owned(), value: value.to_owned(), effect: "NO_SCHEDULE".to_owned() }
}

/// The manifest's document after an edit, and whether it differs.
fn edited(text: &str, wanted: &NodegroupEdit) -> (Value, bool) {
    let before = parsed(text);
    let scaling = edited_scaling(&read(&before).unwrap(), wanted).unwrap();
    let mut after = before.clone();
    edit(&mut after, wanted, scaling).unwrap();
    let differs = before != after;
    (after, differs)
}

fn scale(min: Option<i64>, max: Option<i64>, desired: Option<i64>) -> NodegroupEdit {
    NodegroupEdit { scaling: Some(ScalingEdit { min, max, desired }), ..NodegroupEdit::default() }
}

#[test]
fn a_manifest_that_says_what_was_asked_for_passes() {
    assert_eq!(verify(WORKERS, &draft()), Ok(()));
}

#[test]
fn a_manifest_that_loses_changes_or_adds_anything_is_refused_by_name() {
    for (from, to, named) in [
        ("\"team-a\"", "\"team-b\"", "metadata.namespace"),
        ("  name: \"workers\"\n  clusterName", "  clusterName", "spec.name"),
        ("clusterName: \"prod\"", "clusterName: \"test\"", "cluster"),
        ("    - \"m5.xlarge\"\n", "    - \"m5.xlarge\"\n    - \"m5.large\"\n", "instance_types"),
        ("\"ON_DEMAND\"", "\"SPOT\"", "capacity_type"),
        ("minSize: 1", "minSize: 0", "scaling.min"),
        ("maxSize: 5", "maxSize: 50", "scaling.max"),
        ("desiredSize: 2", "desiredSize: 3", "scaling.desired"),
        ("diskSize: 50", "diskSize: 51", "disk_size_gib"),
        ("    \"tier\": \"web\"\n", "    \"tier\": \"web\"\n    \"more\": \"a\"\n", "labels"),
        ("value: \"gpu\"", "value: \"\"", "taints"),
        ("id: \"shop\"", "id: \"other\"", "component"),
        ("kind: Nodegroup", "kind: Cluster", "kind"),
        ("spec:\n", "data: {}\nspec:\n", "the manifest"),
        ("  namespace:", "  finalizers: []\n  namespace:", "metadata"),
        ("  nodeRole:", "  nodeRoll: x\n  nodeRole:", "spec"),
        ("    minSize: 1\n", "    minSize: 1\n    more: 1\n", "spec.scalingConfig"),
        ("      value: \"gpu\"\n", "      value: \"gpu\"\n      more: a\n", "spec.taints.0"),
        ("  nodeRole:", "---\nkind: Secret\nx:\n  nodeRole:", "one document"),
    ] {
        assert!(WORKERS.contains(from), "{from}");
        let error = verify(&WORKERS.replacen(from, to, 1), &draft()).unwrap_err();
        assert!(error.0.contains(named), "{to}: {error}");
    }
}

#[test]
fn a_manifest_is_read_leniently_but_never_wrongly() {
    let few = "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: Nodegroup\nmetadata: {name: a, namespace: b, labels: null}\nspec: {clusterRef: {from: {name: prod}}}\n";
    let nodegroup = read(&parsed(few)).unwrap();
    assert_eq!((nodegroup.cluster.as_deref(), nodegroup.min), (None, None), "a reference names no EKS cluster");
    for (from, to, named) in [
        ("minSize: 1", "minSize: one", "minSize"),
        ("minSize: 1", "minSize: 1.5", "minSize"),
        ("- \"m5.xlarge\"", "- 5", "instanceTypes"),
        ("\"tier\": \"web\"", "\"tier\": 1", "labels"),
        ("  clusterName: \"prod\"", "  clusterName: [prod]", "clusterName"),
        ("  name: \"workers\"\n  clusterName", "  name: other\n  clusterName", "spec.name"),
    ] {
        let error = read(&parsed(&WORKERS.replacen(from, to, 1))).unwrap_err();
        assert!(error.0.contains(named), "{to}: {error}");
    }
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let label = |value: &str| Some(BTreeMap::from([("a".to_owned(), value.to_owned())]));
    let edits = [
        (scale(Some(2), None, None), "/spec/scalingConfig/minSize", json!(2)),
        (scale(None, Some(9), None), "/spec/scalingConfig/maxSize", json!(9)),
        (scale(None, None, Some(4)), "/spec/scalingConfig/desiredSize", json!(4)),
        (NodegroupEdit { labels: label("b"), ..NodegroupEdit::default() }, "/spec/labels", json!({"a": "b"})),
        (
            NodegroupEdit { taints: Some(vec![taint("x", "")]), ..NodegroupEdit::default() },
            "/spec/taints",
            json!([{"key": "x", "value": "", "effect": "NO_SCHEDULE"}]),
        ),
        (
            NodegroupEdit { component: Some(Some(LabelValue::parse("new").unwrap())), ..NodegroupEdit::default() },
            "/metadata/labels/backstage.io~1kubernetes-id",
            json!("new"),
        ),
    ];
    for (wanted, pointer, value) in edits {
        let mut expected = parsed(WORKERS);
        *expected.pointer_mut(pointer).unwrap() = value;
        assert_eq!(edited(WORKERS, &wanted), (expected, true), "{pointer}");
    }
}

#[test]
fn what_becomes_empty_goes() {
    let wanted = NodegroupEdit {
        component: Some(None),
        labels: Some(BTreeMap::new()),
        taints: Some(Vec::new()),
        ..NodegroupEdit::default()
    };
    let mut expected = parsed(WORKERS);
    expected["metadata"].as_object_mut().unwrap().remove("labels");
    expected["spec"].as_object_mut().unwrap().remove("labels");
    expected["spec"].as_object_mut().unwrap().remove("taints");
    assert_eq!(edited(WORKERS, &wanted), (expected, true));
}

#[test]
fn an_edit_to_what_is_there_already_changes_nothing() {
    let same = NodegroupEdit {
        component: Some(Some(LabelValue::parse("shop").unwrap())),
        labels: Some(draft().spec.labels),
        taints: Some(draft().spec.taints),
        ..scale(Some(1), Some(5), Some(2))
    };
    assert!(!edited(WORKERS, &same).1);
    let none = NodegroupEdit {
        component: Some(None),
        labels: Some(BTreeMap::new()),
        taints: Some(Vec::new()),
        ..scale(None, None, None)
    };
    for empty in ["labels: {}, taints: []", "labels: null, taints: null", "version: '1.33'"] {
        for metadata in ["{name: a, namespace: b, labels: {}}", "{name: a, namespace: b, labels: null}", "{name: a}"] {
            let text = format!("metadata: {metadata}\nspec: {{name: a, {empty}}}\n");
            assert!(!edited(&text, &none).1, "{text}");
        }
    }
    let bare = "spec: {taints: [{key: dedicated, effect: NO_SCHEDULE}]}\n";
    let taints = Some(vec![taint("dedicated", "")]);
    assert!(!edited(bare, &NodegroupEdit { taints, ..NodegroupEdit::default() }).1, "no value is an empty value");
}

#[test]
fn numbers_that_the_manifest_leaves_to_eks_stay_left() {
    let text = "spec: {scalingConfig: {minSize: 1, maxSize: 5}}\n";
    assert_eq!(
        edited(text, &scale(Some(2), None, None)).0,
        json!({"spec": {"scalingConfig": {"minSize": 2, "maxSize": 5}}})
    );
    assert_eq!(
        edited("spec: {}\n", &scale(Some(2), Some(3), None)).0,
        json!({"spec": {"scalingConfig": {"minSize": 2, "maxSize": 3}}})
    );
}

#[test]
fn a_desired_size_that_nobody_named_is_kept_within_the_bounds() {
    let have = read(&parsed(WORKERS)).unwrap();
    let desired = |min, max| edited_scaling(&have, &scale(min, max, None)).unwrap().unwrap().desired;
    assert_eq!(desired(Some(3), None), 3);
    assert_eq!(desired(None, Some(1)), 1);
    assert_eq!(desired(Some(0), Some(9)), 2);
}

#[test]
fn bounds_that_cross_are_refused_at_the_one_that_was_sent() {
    let have = read(&parsed(WORKERS)).unwrap();
    let pointers = |min, max, desired| {
        let wrong = edited_scaling(&have, &scale(min, max, desired)).unwrap_err();
        wrong.into_iter().map(|violation| violation.pointer).collect::<Vec<_>>()
    };
    assert_eq!(pointers(Some(6), None, None), ["/scaling/min"]);
    assert_eq!(pointers(None, Some(0), None), ["/scaling/max"]);
    assert_eq!(pointers(Some(4), Some(3), None), ["/scaling/max"]);
    assert_eq!(pointers(None, None, Some(6)), ["/scaling/desired"]);
    assert_eq!(pointers(Some(-1), None, None), ["/scaling/min"]);
}

#[test]
fn an_edit_of_something_else_where_a_map_belongs_is_an_error() {
    let mut document = json!({"spec": {"scalingConfig": "auto"}});
    let scaling = Some(Scaling { min: 1, max: 2, desired: 1 });
    let error = edit(&mut document, &scale(Some(1), Some(2), None), scaling).unwrap_err();
    assert!(error.0.contains("spec.scalingConfig"), "{error}");
}

#[test]
fn a_nodegroup_differs_from_a_request_in_the_fields_that_it_names() {
    let have = read(&parsed(WORKERS)).unwrap();
    assert!(differences(&have, &draft().spec).is_empty());
    let mut other = draft().spec;
    other.scaling.max = 6;
    other.labels.clear();
    assert_eq!(differences(&have, &other), ["scaling.max", "labels"]);
}

#[test]
fn a_rewritten_manifest_differs_only_in_the_lines_that_changed() {
    let (document, _) = edited(WORKERS, &scale(None, Some(9), Some(4)));
    let text = super::super::rewrite(WORKERS, &document).unwrap();
    assert_eq!(text, WORKERS.replace("maxSize: 5", "maxSize: 9").replace("desiredSize: 2", "desiredSize: 4"));
}
