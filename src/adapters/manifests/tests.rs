//! The declared store on a double of version control.

use std::time::Duration;

use super::*;
use crate::domain::change::{File, PullRequest};
use crate::domain::ports::MockVersionControl;
use crate::domain::snapshot::{Contact, SourceKind};

const WORKERS: &str = "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: Nodegroup\nmetadata: {name: workers, namespace: team-a}\nspec: {name: workers, clusterName: prod, instanceTypes: [m5.xlarge], scalingConfig: {minSize: 1, maxSize: 5}}\n";

/// No pull requests, from a source heard from just now.
fn no_pull_requests() -> Arc<Snapshot<PullRequest, u64>> {
    Arc::new(Snapshot {
        revision: Revision("1".to_owned()),
        source: SourceInfo {
            kind: SourceKind::Git,
            location: "here".to_owned(),
            contact: Arc::new(Contact::now()),
            stale_after: Duration::from_secs(5),
            watches: Vec::new(),
        },
        items: BTreeMap::new(),
    })
}

/// Version control whose base commit holds these files.
fn repository(files: &'static [(&'static str, &'static str)]) -> MockVersionControl {
    let mut vcs = MockVersionControl::new();
    vcs.expect_base().returning(|_| Ok(CommitId("c1".to_owned())));
    vcs.expect_pull_requests().returning(|| Ok(no_pull_requests()));
    vcs.expect_list().returning(|_, under| {
        let under = under.map_or("", RepoPath::as_str);
        let below = files.iter().filter(|(path, _)| path.starts_with(under));
        Ok(below.map(|(path, text)| (RepoPath::parse(path).unwrap(), BlobId(text.len().to_string()))).collect())
    });
    vcs.expect_read().returning(|_, path| {
        let text = files.iter().find(|(name, _)| *name == path.as_str()).map(|(_, text)| *text);
        Ok(text.map(|text| File { blob: BlobId(text.len().to_string()), content: text.into() }))
    });
    vcs
}

fn store(vcs: MockVersionControl) -> DeclaredStore {
    let root = |name| Some(RepoPath::parse(name).unwrap());
    DeclaredStore::new(
        Arc::new(vcs),
        vec![(ObjectKind::Nodegroup, root("nodegroups")), (ObjectKind::Secret, root("secrets"))],
    )
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::parse(ObjectKind::Nodegroup, "team-a", name).unwrap()
}

async fn nodegroups(store: &DeclaredStore) -> Arc<Snapshot<Nodegroup>> {
    NodegroupStore::snapshot(store).await.unwrap()
}

#[tokio::test]
async fn a_manifest_is_listed_with_its_path_and_blob() {
    let snapshot = nodegroups(&store(repository(&[("nodegroups/team-a/workers.yaml", WORKERS)]))).await;
    let Some(Observed::Valid(nodegroup)) = snapshot.items.get(&key("workers")) else { panic!("not valid") };
    assert_eq!(nodegroup.max, Some(5));
    assert_eq!(nodegroup.manifest.as_ref().unwrap().path.as_str(), "nodegroups/team-a/workers.yaml");
}

#[tokio::test]
async fn the_branch_is_read_once_while_it_stays() {
    let mut vcs = repository(&[]);
    vcs.checkpoint();
    vcs.expect_base().returning(|_| Ok(CommitId("c1".to_owned())));
    vcs.expect_pull_requests().returning(|| Ok(no_pull_requests()));
    vcs.expect_list().times(2).returning(|_, _| Ok(Vec::new()));
    let store = store(vcs);
    for _ in 0..3 {
        assert!(nodegroups(&store).await.items.is_empty());
    }
}

#[tokio::test]
async fn what_cant_be_decoded_is_shown_as_invalid_under_the_name_of_its_path() {
    let snapshot = nodegroups(&store(repository(&[
        ("nodegroups/team-a/broken.yaml", "a: [1"),
        ("nodegroups/team-a/typed.yaml", "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: Nodegroup\nmetadata: {name: typed, namespace: team-a}\nspec: {name: typed, scalingConfig: {minSize: many}}\n"),
        ("nodegroups/team-a/other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: team-a}\n"),
    ])))
    .await;
    let reason = |name| match snapshot.items.get(&key(name)) {
        Some(Observed::Invalid(invalid)) => Some(invalid.reason.clone()),
        _ => None,
    };
    assert!(reason("broken").unwrap().contains("YAML"));
    assert!(reason("typed").unwrap().contains("spec.scalingConfig.minSize"));
    assert!(!snapshot.items.contains_key(&key("other")));
}

#[tokio::test]
async fn an_object_declared_twice_is_invalid() {
    let snapshot = nodegroups(&store(repository(&[
        ("nodegroups/team-a/workers.yaml", WORKERS),
        ("nodegroups/team-b/copy.yaml", WORKERS),
    ])))
    .await;
    assert!(matches!(snapshot.items.get(&key("workers")), Some(Observed::Invalid(_))));
}

#[tokio::test]
async fn a_manifest_whose_parts_are_of_the_wrong_kind_is_invalid_and_not_an_empty_object() {
    let nodegroup = |spec: &str| -> &'static str {
        let head =
            "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: Nodegroup\nmetadata: {name: odd, namespace: team-a}\n";
        format!("{head}spec: {spec}\n").leak()
    };
    for spec in ["5", "{scalingConfig: [1]}", "{taints: [5]}", "{taints: 5}", "{instanceTypes: [5]}", "{name: other}"] {
        let files = vec![("nodegroups/team-a/odd.yaml", nodegroup(spec))].leak();
        let snapshot = nodegroups(&store(repository(files))).await;
        assert!(matches!(snapshot.items.get(&key("odd")), Some(Observed::Invalid(_))), "{spec}");
    }
    let sealed =
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: odd, namespace: team-a}\nspec: 5\n";
    let files = vec![("secrets/team-a/odd.yaml", sealed)].leak();
    let snapshot = SecretStore::snapshot(&store(repository(files))).await.unwrap();
    assert!(matches!(snapshot.items.values().next(), Some(Observed::Invalid(_))));
}

#[tokio::test]
async fn what_cant_be_read_any_more_is_served_as_it_was_and_grows_old() {
    let mut vcs = repository(&[]);
    vcs.checkpoint();
    let base = Arc::new(std::sync::Mutex::new("c1"));
    let now = Arc::clone(&base);
    vcs.expect_base().returning(move |_| Ok(CommitId((*now.lock().unwrap()).to_owned())));
    let source = no_pull_requests();
    vcs.expect_pull_requests().returning(move || Ok(Arc::clone(&source)));
    vcs.expect_list().withf(|at, _| at.0 == "c1").returning(|_, _| Ok(Vec::new()));
    let broken = vcs.expect_list().withf(|at, _| at.0 == "c2");
    broken.times(1).returning(|_, _| Err(VcsError::Corrupt("an object is missing".to_owned())));
    let store = store(vcs);
    let first = nodegroups(&store).await;
    *base.lock().unwrap() = "c2";
    while first.source.contact.age() < Duration::from_millis(20) {
        tokio::task::yield_now().await;
    }
    for _ in 0..3 {
        // Once only: the same commit isn't tried again at every request.
        let again = nodegroups(&store).await;
        assert_eq!(again.revision, first.revision);
        assert!(again.source.contact.age() >= Duration::from_millis(20), "{:?}", again.source.contact.age());
    }
}

#[tokio::test]
async fn a_secret_that_isnt_sealed_is_shown_as_such() {
    let plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: plain, namespace: team-a}\ndata: {k: aHVudGVyMg==}\n";
    let files = vec![("secrets/team-a/plain.yaml", plain)].leak();
    let snapshot = SecretStore::snapshot(&store(repository(files))).await.unwrap();
    let Some(Observed::Valid(secret)) = snapshot.items.values().next() else { panic!("not valid") };
    assert_eq!((secret.sealed, secret.keys[0].bytes, secret.scope), (false, Some(7), None));
}
