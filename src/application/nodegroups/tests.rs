//! The use cases of nodegroups, on doubles.

use std::collections::BTreeMap;

use super::*;
use crate::application::doubles::{
    Service, Setup, ann, done, dry, dry_run, failed, namespace, nodegroup_key, opened, scale, spec, types,
};
use crate::application::lookup::Place;
use crate::domain::names::LabelValue;
use crate::domain::nodegroup::phase::Phase;
use crate::domain::nodegroup::{CapacityType, FixedFields, Taint};

const PATH: &str = "nodegroups/team-a/workers.yaml";

/// A manifest that somebody wrote by hand.
const BY_HAND: &str = "# Owned by team A.
apiVersion: eks.services.k8s.aws/v1alpha1
kind: Nodegroup
metadata: {name: workers, namespace: team-a}
spec:
  name: workers
  clusterName: prod
  scalingConfig:
    minSize: 1
    maxSize: 5
    desiredSize: 4
  instanceTypes:
  - m5.xlarge
  nodeRole: arn:aws:iam::000000000000:role/eks-node
";

/// A service whose base branch has the nodegroup `workers` as [`spec`] asks for it.
async fn with_workers() -> Service {
    let service = Setup::default().start().await;
    service.git.merge(opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await));
    service
}

async fn update(service: &Service, edit: NodegroupEdit) -> Result<Written, Failure> {
    service.nodegroups.update(nodegroup_key("workers"), edit, &ann()).await
}

fn codes(warnings: &[crate::application::changes::answer::Warning]) -> Vec<&'static str> {
    warnings.iter().map(|warning| warning.code).collect()
}

#[tokio::test]
async fn a_nodegroup_is_listed_once_its_pull_request_is_merged() {
    let service = Setup::default().start().await;
    let number = opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert!(service.nodegroups.list().await.unwrap().items().next().is_none());
    service.git.merge(number);
    let item = service.nodegroups.get("workers", &Place::anywhere()).await.unwrap();
    assert_eq!((item.phase, item.managed, item.pull_request), (Phase::Pending, true, None));
    assert_eq!(item.cost.unwrap().usd_per_hour.desired, "0.384");
    assert_eq!(item.architecture, Some(Architecture::X86_64));
    let number = opened(update(&service, scale(None, Some(9), None)).await);
    let list = service.nodegroups.list().await.unwrap();
    assert_eq!(list.items().next().unwrap().pull_request.as_ref().unwrap().number, number);
    assert_eq!(
        service.nodegroups.get("workers", &Place::anywhere()).await.unwrap().pull_request.unwrap().number,
        number
    );
}

#[tokio::test]
async fn asking_for_what_git_has_changes_nothing_and_for_something_else_names_the_differences() {
    let service = with_workers().await;
    let again = done(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert!(!again.changed() && !again.made && again.pull_request.is_none());
    let mut other = spec();
    other.scaling.max = 6;
    other.capacity_type = CapacityType::Spot;
    let failure = failed(service.nodegroups.create(nodegroup_key("workers"), other, &ann()).await);
    assert!(failure.starts_with("409") && failure.contains("capacity_type, scaling.max"), "{failure}");
}

#[tokio::test]
async fn the_same_name_on_another_cluster_is_a_conflict() {
    let service = with_workers().await;
    let mut other = spec();
    other.cluster = ClusterName::parse("test").unwrap();
    let failure = failed(service.nodegroups.create(nodegroup_key("workers"), other, &ann()).await);
    assert!(failure.starts_with("409") && failure.contains("another cluster"), "{failure}");
}

/// What an edit should make of a nodegroup.
type Change = fn(&mut NodegroupSpec);

#[tokio::test]
async fn each_mutable_field_can_be_changed_and_nothing_else_changes() {
    let taint = Taint { key: "a".to_owned(), value: String::new(), effect: "NO_SCHEDULE".to_owned() };
    let edits: [(NodegroupEdit, Change); 6] = [
        (scale(Some(2), None, None), |spec| spec.scaling.min = 2),
        (scale(None, Some(9), None), |spec| spec.scaling.max = 9),
        (scale(None, None, Some(3)), |spec| spec.scaling.desired = 3),
        (NodegroupEdit { labels: Some(BTreeMap::from([("a".into(), "b".into())])), ..Default::default() }, |spec| {
            spec.labels = BTreeMap::from([("a".into(), "b".into())]);
        }),
        (NodegroupEdit { taints: Some(vec![taint]), ..Default::default() }, |spec| {
            spec.taints = vec![Taint { key: "a".into(), value: String::new(), effect: "NO_SCHEDULE".into() }];
        }),
        (NodegroupEdit { component: Some(LabelValue::parse("shop").ok()), ..Default::default() }, |spec| {
            spec.component = LabelValue::parse("shop").ok();
        }),
    ];
    for (edit, change) in edits {
        let service = with_workers().await;
        service.git.merge(opened(update(&service, edit.clone()).await));
        let mut expected = spec();
        change(&mut expected);
        let item = service.nodegroups.get("workers", &Place::anywhere()).await.unwrap();
        let different = crate::domain::manifest::nodegroup::differences(&item.nodegroup, &expected);
        assert!(different.is_empty(), "{different:?}");
        assert!(!done(update(&service, edit).await).changed(), "the same again changes nothing");
    }
}

#[tokio::test]
async fn immutable_fields_may_be_sent_when_equal_and_are_refused_one_by_one_when_not() {
    let service = with_workers().await;
    let fixed = |fixed| NodegroupEdit { fixed, ..NodegroupEdit::default() };
    let same = FixedFields {
        cluster: Some(spec().cluster),
        instance_types: Some(types(&["m5.xlarge"])),
        capacity_type: Some(CapacityType::OnDemand),
        disk_size_gib: None,
    };
    assert!(!done(update(&service, fixed(same)).await).changed());
    let other = FixedFields {
        cluster: Some(ClusterName::parse("test").unwrap()),
        instance_types: Some(types(&["m5.xlarge", "m5.large"])),
        capacity_type: Some(CapacityType::Spot),
        disk_size_gib: Some(20),
    };
    let failure = failed(update(&service, NodegroupEdit { fixed: other, ..scale(None, Some(20_000), None) }).await);
    for pointer in ["/cluster", "/instance_types", "/capacity_type", "/disk_size_gib", "/scaling/max"] {
        assert!(failure.contains(&format!("{pointer} ")), "{pointer}: {failure}");
    }
    assert!(failure.starts_with("422") && failure.contains("make a new nodegroup"), "{failure}");
}

#[tokio::test]
async fn a_desired_size_outside_new_bounds_is_moved_with_a_warning() {
    let service = with_workers().await;
    let moved = dry_run(service.nodegroups.update(nodegroup_key("workers"), scale(Some(3), None, None), &dry()).await);
    assert_eq!(codes(&moved.warnings), ["desired_adjusted"]);
    assert!(moved.files[0].2.as_ref().unwrap().contains("desiredSize: 3"));
    let kept = dry_run(service.nodegroups.update(nodegroup_key("workers"), scale(None, Some(3), None), &dry()).await);
    assert!(kept.warnings.is_empty());
}

#[tokio::test]
async fn a_dry_run_tells_files_diff_and_cost_and_writes_nothing() {
    let service = Setup::of(&[(PATH, BY_HAND)]).start().await;
    let update = dry_run(service.nodegroups.update(nodegroup_key("workers"), scale(None, Some(3), None), &dry()).await);
    insta::assert_snapshot!("diff_of_an_update", update.diff);
    let costs = (update.cost_before.unwrap().usd_per_hour, update.cost_after.unwrap().usd_per_hour);
    assert_eq!((costs.0.max.as_str(), costs.1.max.as_str()), ("0.960", "0.576"));
    let delete = dry_run(service.nodegroups.delete(nodegroup_key("workers"), &dry()).await);
    insta::assert_snapshot!("diff_of_a_deletion", delete.diff);
    assert!(delete.cost_before.is_some() && delete.cost_after.is_none());
    let create = dry_run(service.nodegroups.create(nodegroup_key("batch"), spec(), &dry()).await);
    insta::assert_snapshot!("diff_of_a_creation", create.diff);
    let (text, branch, base) = create.pull_request.unwrap();
    assert_eq!((branch.as_str(), base.as_str()), ("backend-api/nodegroup/team-a/batch", "dev"));
    assert_eq!(text.title, "create nodegroup team-a/batch");
    assert_eq!((service.git.count("propose"), service.git.files().len()), (0, 1));
}

#[tokio::test]
async fn comments_that_an_edit_loses_are_warned_of() {
    let text = BY_HAND.replace("  scalingConfig:", "  labels:\n    team: a # ask first\n  scalingConfig:");
    let service = Setup::of(&[(PATH, &text)]).start().await;
    let edit = || NodegroupEdit { labels: Some(BTreeMap::new()), ..scale(None, Some(9), None) };
    let number = opened(update(&service, edit()).await);
    let (_, after) = service.git.proposed(number).remove(0);
    assert!(after.unwrap().starts_with("# Owned by team A.\n"));
    assert_eq!(codes(&done(update(&service, edit()).await).warnings), ["comments_dropped"]);
    let service = Setup::of(&[(PATH, &text)]).start().await;
    assert!(done(update(&service, scale(None, Some(9), None)).await).warnings.is_empty(), "the comment is elsewhere");
}

#[tokio::test]
async fn a_manifest_that_cant_be_edited_safely_is_a_conflict() {
    let several = format!("{BY_HAND}---\nkind: ConfigMap\n");
    let invalid = BY_HAND.replace("minSize: 1", "minSize: one");
    for (text, reason) in [(several.as_str(), "holds 2 documents"), (invalid.as_str(), "minSize")] {
        let service = Setup::of(&[(PATH, text)]).start().await;
        for outcome in [
            update(&service, scale(None, Some(9), None)).await,
            service.nodegroups.delete(nodegroup_key("workers"), &ann()).await,
        ] {
            let failure = failed(outcome);
            assert!(failure.starts_with("409") && failure.contains(reason), "{failure}");
        }
    }
    let service = Setup::of(&[(PATH, &invalid)]).start().await;
    assert!(failed(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await).starts_with("409"));
    let item = service.nodegroups.get("workers", &Place::anywhere()).await.unwrap();
    assert_eq!(item.phase, Phase::Invalid);
    assert!(item.message.unwrap().contains("minSize"));
}

#[tokio::test]
async fn a_path_taken_by_something_else_is_a_conflict() {
    let service = Setup::of(&[(PATH, "kind: ConfigMap\n")]).start().await;
    let failure = failed(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert!(failure.starts_with("409") && failure.contains("is taken"), "{failure}");
}

#[tokio::test]
async fn a_nodegroup_that_is_nowhere_is_not_found_and_one_in_the_cluster_only_is_a_conflict() {
    let service = Setup { in_cluster: vec!["manual"], ..Setup::of(&[(PATH, BY_HAND)]) }.start().await;
    let missing = failed(service.nodegroups.delete(nodegroup_key("worker"), &ann()).await);
    assert!(missing.starts_with("404") && missing.contains("[\"workers\"]"), "{missing}");
    let manual = failed(service.nodegroups.delete(nodegroup_key("manual"), &ann()).await);
    assert!(manual.starts_with("409") && manual.contains("only the cluster"), "{manual}");
    let adopted = done(service.nodegroups.create(nodegroup_key("manual"), spec(), &ann()).await);
    assert_eq!(codes(&adopted.warnings), ["exists_in_cluster"]);
    let phases: Vec<_> = service.nodegroups.list().await.unwrap().items().map(|item| item.phase).collect();
    assert_eq!(phases, [Phase::Creating, Phase::Pending]);
}

#[tokio::test]
async fn a_name_that_several_namespaces_have_needs_one() {
    let other = BY_HAND.replace("team-a", "team-b");
    let service = Setup::of(&[(PATH, BY_HAND), ("nodegroups/team-b/workers.yaml", &other)]).start().await;
    for failure in [
        failed(service.nodegroups.get("workers", &Place::anywhere()).await.map(|item| item.key)),
        failed(service.nodegroups.resolve("workers", &Place::anywhere()).await),
    ] {
        assert!(
            failure.contains("nodegroup team-a/workers") && failure.contains("nodegroup team-b/workers"),
            "{failure}"
        );
    }
    let key = service.nodegroups.resolve("workers", &Place::within(Some(&namespace("team-b")))).await.unwrap();
    assert_eq!(service.nodegroups.get("workers", &Place::within(Some(&key.namespace))).await.unwrap().key, key);
    let missing =
        service.nodegroups.get("workers", &Place::within(Some(&namespace("team-c")))).await.map(|item| item.key);
    assert!(failed(missing).starts_with("404"));
}

#[tokio::test]
async fn a_change_finds_an_object_that_only_a_pull_request_has() {
    let service = Setup::default().start().await;
    opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert_eq!(service.nodegroups.resolve("workers", &Place::anywhere()).await.unwrap(), nodegroup_key("workers"));
}

#[tokio::test]
async fn a_template_that_loses_or_smuggles_something_is_a_defect_that_names_it() {
    for spoil in [
        |manifest: &mut serde_json::Value| manifest["spec"]["diskSize"] = 1.into(),
        |manifest: &mut serde_json::Value| manifest["spec"]["scalingConfig"]["maxSize"] = 99.into(),
        |manifest: &mut serde_json::Value| manifest["metadata"]["ownerReferences"] = serde_json::json!([]),
    ] {
        let service = Setup { spoil: Some(spoil), ..Setup::default() }.start().await;
        let failure = failed(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
        assert!(failure.starts_with("500") && failure.contains("nodegroup.yaml"), "{failure}");
    }
}

#[tokio::test]
async fn types_must_be_in_the_catalogue_and_of_one_architecture() {
    let service = Setup { clusters: vec!["prod"], ..Setup::default() }.start().await;
    let ask = |names: &[&str]| NodegroupSpec { instance_types: types(names), ..spec() };
    let options = ann();
    let create = |spec| service.nodegroups.create(nodegroup_key("workers"), spec, &options);
    match create(ask(&["m5.xlarge", "m5.xlarg"])).await {
        Err(Failure::Invalid(wrong)) => {
            assert_eq!(wrong[0].pointer, "/instance_types/1");
            assert_eq!(wrong[0].suggestions[0], "m5.xlarge");
        }
        other => panic!("{other:?}"),
    }
    let mixed = failed(create(ask(&["m5.xlarge", "m6g.xlarge"])).await);
    assert!(mixed.starts_with("422 /instance_types/1 must be x86_64"), "{mixed}");
    let nowhere = failed(create(ask(&["x9.unknown"])).await);
    assert!(nowhere.starts_with("422 /instance_types/0 runs on no architecture"), "{nowhere}");
    let elsewhere = failed(create(NodegroupSpec { cluster: ClusterName::parse("test").unwrap(), ..spec() }).await);
    assert!(elsewhere.starts_with("422 /cluster must be one of prod"), "{elsewhere}");
    let number = opened(create(ask(&["g5.xlarge"])).await);
    assert!(service.git.proposed(number)[0].1.as_ref().unwrap().contains("x86_64 gpu=true"));
}

#[tokio::test]
async fn without_a_catalogue_nothing_is_created_but_everything_is_listed_and_changed() {
    let service = Setup { no_catalog: true, ..Setup::of(&[(PATH, BY_HAND)]) }.start().await;
    assert!(failed(service.nodegroups.create(nodegroup_key("batch"), spec(), &ann()).await).starts_with("503"));
    let item = service.nodegroups.get("workers", &Place::anywhere()).await.unwrap();
    assert_eq!((item.cost, item.instance_types[0].known), (None, false));
    opened(update(&service, scale(None, Some(9), None)).await);
}
