//! The use cases of secrets, on doubles.

mod warnings;

use std::sync::atomic::Ordering;

use serde_json::Value;

use super::*;
use crate::application::changes::answer::Done;
use crate::application::doubles::{
    Service, Setup, ann, done, dry, dry_run, failed, keys, nodegroup_key, opened, secret, secret_key, summary,
};
use crate::application::lookup::Place;
use crate::domain::manifest::documents;
use crate::domain::names::LabelValue;

const PATH: &str = "secrets/team-a/db.yaml";

/// A service whose base branch has the secret `db`.
async fn with_secret(spec: SecretSpec) -> Service {
    let service = Setup::default().start().await;
    service.git.merge(opened(service.secrets.create(secret_key("db"), spec, &ann()).await));
    service
}

async fn update(service: &Service, edit: SecretEdit) -> Result<Written, Failure> {
    service.secrets.update(secret_key("db"), edit, &ann()).await
}

/// The manifest on the base branch.
fn manifest(service: &Service) -> Value {
    documents(service.git.files()[PATH].as_bytes()).unwrap().remove(0)
}

async fn item(service: &Service) -> SecretItem {
    service.secrets.get("db", &Place::anywhere()).await.unwrap()
}

fn names(item: &SecretItem) -> Vec<(&str, Option<u64>)> {
    item.summary.keys.iter().map(|key| (key.name.as_str(), key.bytes)).collect()
}

fn tls() -> SecretSpec {
    let values = [("tls.crt", "-----BEGIN CERTIFICATE-----"), ("tls.key", "-----BEGIN PRIVATE KEY-----"), ("ca", "x")];
    SecretSpec { kind: "kubernetes.io/tls".to_owned(), ..secret(&values) }
}

#[tokio::test]
async fn a_secret_is_listed_with_key_names_and_sizes_once_merged() {
    let service = with_secret(secret(&[("user", "app"), ("password", "hunter2")])).await;
    let item = item(&service).await;
    assert_eq!(names(&item), [("password", Some(7)), ("user", Some(3))]);
    assert_eq!((item.stale_seal, item.managed, item.pull_request.is_none()), (Some(false), true, true));
    assert!(!service.git.files()[PATH].contains("hunter2"));
    assert_eq!(service.secrets.list().await.unwrap().items().count(), 1);
}

#[tokio::test]
async fn a_secret_that_git_has_is_a_conflict_whatever_its_values() {
    let service = with_secret(secret(&[("a", "x")])).await;
    for options in [ann(), dry()] {
        for value in ["x", "y"] {
            let failure = failed(service.secrets.create(secret_key("db"), secret(&[("a", value)]), &options).await);
            assert!(failure.starts_with("409 Git already has a secret"), "{failure}");
        }
    }
}

#[tokio::test]
async fn setting_and_removing_keys_leaves_the_others_byte_for_byte() {
    let service = with_secret(secret(&[("kept", "x"), ("old", "x"), ("set", "x")])).await;
    let before = manifest(&service);
    service.git.merge(opened(update(&service, keys(&[("set", "longer"), ("new", "")], &["old", "absent"])).await));
    let after = manifest(&service);
    assert_eq!(names(&item(&service).await), [("kept", Some(1)), ("new", Some(0)), ("set", Some(6))]);
    let data = |document: &Value, key: &str| document["spec"]["encryptedData"][key].clone();
    assert_eq!(data(&before, "kept"), data(&after, "kept"));
    assert_ne!(data(&before, "set"), data(&after, "set"));
    let rest = |mut document: Value| {
        document["spec"]["encryptedData"] = Value::Null;
        document
    };
    assert_eq!(rest(before), rest(after));
}

#[tokio::test]
async fn removing_what_isnt_there_changes_nothing_and_setting_always_does() {
    let service = with_secret(secret(&[("a", "x")])).await;
    assert!(!done(update(&service, keys(&[], &["absent"])).await).changed());
    assert!(!done(update(&service, keys(&[], &[])).await).changed());
    let same = dry_run(service.secrets.update(secret_key("db"), keys(&[("a", "x")], &[]), &dry()).await);
    assert!(same.changed, "a dry run doesn't tell whether a value is the one that is there");
}

#[tokio::test]
async fn an_edit_that_breaks_the_secret_is_refused_where_it_does() {
    let service = with_secret(tls()).await;
    for (edit, expected) in [
        (keys(&[], &["ca", "tls.key"]), "422 /remove/1 is required by the type kubernetes.io/tls"),
        (keys(&[], &["tls.crt", "tls.key", "ca"]), "422 /remove must leave at least one key"),
        (keys(&[("ca", "y")], &["ca"]), "422 /remove/0 is set by the same request"),
        (keys(&[], &["ca", "ca"]), "422 /remove/1 repeats another item"),
        (keys(&[("tls.crt", "hunter2")], &[]), "422 /set/data/tls.crt must be a certificate in PEM"),
        (keys(&[("tls.key", "hunter2")], &[]), "422 /set/data/tls.key must be a private key in PEM"),
    ] {
        let failure = failed(update(&service, edit).await);
        assert!(failure.starts_with(expected), "{failure}");
        assert!(!failure.contains("hunter2"));
    }
    let half = "x".repeat(crate::domain::secret::MAX_SECRET_BYTES / 2);
    let too_large = failed(update(&service, keys(&[("a", &half), ("b", &half), ("c", "x")], &[])).await);
    assert!(too_large.starts_with("422 /set all values together"), "{too_large}");
    let together = failed(update(&service, keys(&[("a", &half), ("b", &half)], &[])).await);
    assert!(together.starts_with("422 /set all values together"), "the kept ones count: {together}");
}

#[tokio::test]
async fn what_was_missing_before_stands_in_nobodys_way() {
    let service = with_secret(tls()).await;
    let text = service.git.files()[PATH].replace("tls.key:", "tls.kez:");
    let service = Setup::of(&[(PATH, &text)]).start().await;
    opened(update(&service, keys(&[("ca", "other")], &[])).await);
}

#[tokio::test]
async fn a_seal_is_stale_until_every_value_is_sealed_with_the_new_certificate() {
    let service = with_secret(secret(&[("a", "x"), ("b", "x")])).await;
    service.sealer.renewals.fetch_add(1, Ordering::SeqCst);
    assert_eq!(item(&service).await.stale_seal, Some(true));
    service.git.merge(opened(update(&service, keys(&[("a", "y")], &[])).await));
    assert_eq!(item(&service).await.stale_seal, Some(true), "b is still under the old one");
    service.git.merge(opened(update(&service, keys(&[("a", "y"), ("b", "y")], &[])).await));
    assert_eq!(item(&service).await.stale_seal, Some(false));
}

#[tokio::test]
async fn a_scope_that_the_settings_dont_allow_is_refused() {
    let service = Setup { scopes: vec![Scope::Strict], ..Setup::default() }.start().await;
    let wide = SecretSpec { scope: Scope::NamespaceWide, ..secret(&[("a", "x")]) };
    let failure = failed(service.secrets.create(secret_key("db"), wide, &ann()).await);
    assert_eq!(failure, "422 /scope must be one of strict");
}

#[tokio::test]
async fn a_template_that_loses_or_smuggles_something_is_a_defect_that_names_it() {
    for spoil in [
        |manifest: &mut Value| manifest["spec"]["template"]["data"] = json!({"a": "eA=="}),
        |manifest: &mut Value| manifest["spec"]["encryptedData"] = json!({}),
        |manifest: &mut Value| manifest["spec"]["template"]["type"] = json!("Opague"),
    ] {
        let service = Setup { spoil: Some(spoil), ..Setup::default() }.start().await;
        let failure = failed(service.secrets.create(secret_key("db"), secret(&[("a", "x")]), &ann()).await);
        assert!(failure.starts_with("500") && failure.contains("sealed-secret.yaml"), "{failure}");
    }
}

#[tokio::test]
async fn a_deletion_removes_the_manifest_and_what_isnt_there_has_near_names() {
    let service = with_secret(secret(&[("a", "x")])).await;
    let missing = failed(service.secrets.delete(secret_key("bd"), &ann()).await);
    assert!(missing.starts_with("404"), "{missing}");
    let near = failed(service.secrets.get("dbs", &Place::anywhere()).await.map(|item| item.key));
    assert!(near.starts_with("404") && near.contains("[\"db\"]"), "{near}");
    let number = opened(service.secrets.delete(secret_key("db"), &ann()).await);
    assert_eq!(service.git.proposed(number)[0], (PATH.to_owned(), None));
    assert_eq!(item(&service).await.pull_request.unwrap().number, number);
    service.git.merge(number);
    assert!(service.secrets.list().await.unwrap().items().next().is_none());
}

#[tokio::test]
async fn a_secret_and_a_nodegroup_of_one_name_are_two_things() {
    let service = with_secret(secret(&[("a", "x")])).await;
    let spec = crate::application::doubles::spec();
    opened(service.nodegroups.create(nodegroup_key("db"), spec, &ann()).await);
    opened(update(&service, keys(&[("a", "y")], &[])).await);
}

#[tokio::test]
async fn a_scope_that_the_settings_dont_allow_any_more_gets_no_new_values() {
    let wide = SecretSpec { scope: Scope::ClusterWide, ..secret(&[("a", "x"), ("b", "x")]) };
    let text = {
        let service = with_secret(wide).await;
        service.git.files()[PATH].clone()
    };
    let files = [(PATH, text.as_str())];
    let service = Setup { scopes: vec![Scope::Strict], ..Setup::of(&files) }.start().await;
    let failure = failed(update(&service, keys(&[("a", "y")], &[])).await);
    assert!(failure.starts_with("422 /set the secret is sealed cluster-wide"), "{failure}");
    opened(update(&service, keys(&[], &["a"])).await);
}

#[tokio::test]
async fn more_keys_than_a_manifest_can_hold_are_refused_before_any_is_sealed() {
    let service = Setup::default().start().await;
    let names: Vec<String> = (0..4000).map(|index| format!("k{index}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let failure = failed(service.secrets.create(secret_key("db"), secret(&many), &ann()).await);
    assert!(failure.starts_with("422 /data has too many keys"), "{failure}");
    let service = with_secret(secret(&many[..2000])).await;
    let failure = failed(update(&service, keys(&many[2000..], &[])).await);
    assert!(failure.starts_with("422 /set has too many keys"), "{failure}");
}

#[tokio::test]
async fn a_secret_that_isnt_sealed_is_never_touched_as_that_would_show_its_values() {
    let plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: team-a}\nstringData: {a: hunter2}\n";
    let service = Setup::of(&[(PATH, plain)]).start().await;
    assert!(!item(&service).await.summary.sealed);
    for options in [ann(), dry()] {
        let deleted = failed(service.secrets.delete(secret_key("db"), &options).await);
        let changed = failed(service.secrets.update(secret_key("db"), keys(&[("a", "x")], &[]), &options).await);
        for failure in [deleted, changed] {
            assert!(failure.starts_with("409") && failure.contains("isn't sealed"), "{failure}");
            assert!(!failure.contains("hunter2"));
        }
    }
}

#[tokio::test]
async fn the_cluster_is_joined_with_git_in_lists_and_look_ups() {
    let text = with_secret(secret(&[("a", "x")])).await.git.files()[PATH].clone();
    let document = documents(text.as_bytes()).unwrap().remove(0);
    let unsealed =
        SecretSummary { synced: Some(true), ..crate::domain::manifest::sealed_secret::read(&document).unwrap() };
    let secrets_in_cluster = vec![("db", unsealed), ("manual", summary(&[("k", 3)]))];
    let service = Setup { secrets_in_cluster, ..Setup::of(&[(PATH, &text)]) }.start().await;
    let list = service.secrets.list().await.unwrap();
    let told: Vec<_> = list.items().map(|item| (item.key, item.managed, item.summary.synced)).collect();
    assert_eq!(told, [(secret_key("db"), true, Some(true)), (secret_key("manual"), false, None)]);
    assert_eq!(list.source().kind.as_str(), "kubernetes");
    assert_eq!(item(&service).await.summary.synced, Some(true));
    assert_eq!(service.secrets.resolve("manual", &Place::anywhere()).await.unwrap(), secret_key("manual"));
    let observed = async |name| service.secrets.observed(&secret_key(name)).await;
    assert!(matches!(observed("manual").await.unwrap(), Some(Observed::Valid(seen)) if seen.keys[0].name == "k"));
    assert_eq!(observed("other").await.unwrap(), None);

    opened(update(&service, keys(&[("a", "longer")], &[])).await);
    assert!(item(&service).await.pull_request.is_some());
}

#[tokio::test]
async fn a_secret_in_the_cluster_only_cant_be_changed_or_deleted_but_created() {
    let service = Setup { secrets_in_cluster: vec![("db", summary(&[("k", 3)]))], ..Setup::default() }.start().await;
    for failure in [
        failed(update(&service, keys(&[("a", "x")], &[])).await),
        failed(service.secrets.delete(secret_key("db"), &ann()).await),
    ] {
        assert!(failure.starts_with("409 only the cluster has this secret"), "{failure}");
    }
    let nowhere = failed(service.secrets.delete(secret_key("dbs"), &ann()).await);
    assert!(nowhere.starts_with("404"), "{nowhere}");
    opened(service.secrets.create(secret_key("db"), secret(&[("a", "x")]), &ann()).await);
}
