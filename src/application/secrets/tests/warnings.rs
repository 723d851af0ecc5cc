//! What is sealed all the same, and told.

use super::*;
use crate::domain::error::StoreError;
use crate::domain::ports::MockSecretStore;

fn codes(written: Result<Written, Failure>) -> Vec<&'static str> {
    dry_run(written).warnings.iter().map(|warning| warning.code).collect()
}

#[tokio::test]
async fn wide_scopes_and_immutability_are_warned_of() {
    let wide = SecretSpec { scope: Scope::ClusterWide, immutable: true, ..secret(&[("a", "x")]) };
    let service = Setup::default().start().await;
    let first = done(service.secrets.create(secret_key("db"), wide, &ann()).await);
    let codes = |done: Done| done.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>();
    let number = first.pull_request.as_ref().unwrap().number;
    assert_eq!(codes(first), ["wide_scope"]);
    service.git.merge(number);
    let component = SecretEdit { component: Some(LabelValue::parse("shop").ok()), ..SecretEdit::default() };
    let labelled = done(update(&service, component).await);
    service.git.merge(labelled.pull_request.as_ref().unwrap().number);
    assert_eq!(codes(labelled), ["wide_scope"], "labels of an immutable Secret can change");
    assert_eq!(item(&service).await.summary.component.as_deref(), Some("shop"));
    assert_eq!(codes(done(update(&service, keys(&[("a", "y")], &[])).await)), ["wide_scope", "immutable"]);
}

#[tokio::test]
async fn half_a_pair_is_sealed_with_a_warning_as_the_other_half_cant_be_read() {
    let service = with_secret(tls()).await;
    for set in ["tls.crt", "tls.key"] {
        let edit = keys(&[(set, "CERTIFICATE KEY")], &[]);
        let warnings = dry_run(service.secrets.update(secret_key("db"), edit, &dry()).await).warnings;
        let told: Vec<_> = warnings.iter().map(|warning| (warning.code, warning.pointer.as_str())).collect();
        assert_eq!(told, [("unchecked_pair", "/set")]);
        assert!(warnings[0].message.starts_with(set));
    }
    for whole in [&["tls.crt", "tls.key"][..], &["ca"]] {
        let set: Vec<_> = whole.iter().map(|name| (*name, "CERTIFICATE KEY")).collect();
        let warnings = dry_run(service.secrets.update(secret_key("db"), keys(&set, &[]), &dry()).await).warnings;
        assert_eq!(warnings, []);
    }
}

/// A service whose cluster has a Secret `db` like this one, which Git may declare as well.
async fn beside(there: SecretSummary, declared: bool) -> Service {
    let text = with_secret(secret(&[("a", "x"), ("b", "x")])).await.git.files()[PATH].clone();
    let files = [(PATH, text.as_str())];
    let setup = if declared { Setup::of(&files) } else { Setup::default() };
    Setup { secrets_in_cluster: vec![("db", there)], ..setup }.start().await
}

#[tokio::test]
async fn what_the_cluster_has_in_the_way_of_a_new_secret_is_told() {
    let create = async |there| {
        let service = beside(there, false).await;
        codes(service.secrets.create(secret_key("db"), secret(&[("a", "x")]), &dry()).await)
    };
    let ours = SecretSummary { controllable: true, ..summary(&[("a", 1)]) };
    assert_eq!(create(ours.clone()).await, ["exists_in_cluster"]);
    assert_eq!(create(summary(&[("a", 1)])).await, ["not_managed"]);
    let other = SecretSummary { kind: "kubernetes.io/tls".to_owned(), immutable: true, ..ours };
    assert_eq!(create(other).await, ["exists_in_cluster", "type_change", "immutable"]);
}

#[tokio::test]
async fn what_the_cluster_has_in_the_way_of_a_change_is_told() {
    let ours = SecretSummary { controllable: true, ..summary(&[("a", 1)]) };
    let change =
        async |there, edit| codes(beside(there, true).await.secrets.update(secret_key("db"), edit, &dry()).await);
    let set = || keys(&[("a", "longer")], &[]);
    assert_eq!(change(ours.clone(), set()).await, Vec::<&str>::new());
    assert_eq!(change(summary(&[("a", 1)]), set()).await, ["not_managed"]);
    let fixed = SecretSummary { immutable: true, ..ours };
    assert_eq!(change(fixed.clone(), set()).await, ["immutable"]);
    let component = SecretEdit { component: Some(LabelValue::parse("shop").ok()), ..SecretEdit::default() };
    assert_eq!(change(fixed, component).await, Vec::<&str>::new(), "its labels can change");
}

#[tokio::test]
async fn a_cluster_that_cant_be_read_keeps_nobody_from_making_a_secret() {
    let mut service = Setup::default().start().await;
    let mut cluster = MockSecretStore::new();
    cluster.expect_snapshot().returning(|| Err(StoreError::KindAbsent("secrets".to_owned())));
    service.secrets.observed = Some(Arc::new(cluster));
    opened(service.secrets.create(secret_key("db"), secret(&[("a", "x")]), &ann()).await);
}
