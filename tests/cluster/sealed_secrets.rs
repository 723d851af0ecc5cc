//! The real controller, as the tests start it: its certificate through the API server, and a secret that it opens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::cluster::sealed_secrets::{NAME, NAMESPACE};
use crate::support::cluster::{Cluster, SealedSecretsController};
use crate::support::wait_for;

#[test]
fn kubeseal_fetches_the_certificate_through_the_api_servers_service_proxy() {
    let Some(controller) = SealedSecretsController::get() else { return };
    let place = ["--controller-namespace", NAMESPACE, "--controller-name", NAME];
    let fetched = controller.kubeseal(&[&place[..], &["--fetch-cert"]].concat(), "");
    assert!(fetched.status.success(), "{}", String::from_utf8_lossy(&fetched.stderr));
    let fetched = String::from_utf8(fetched.stdout).unwrap();
    assert!(fetched.starts_with("-----BEGIN CERTIFICATE-----"), "{fetched}");
    assert_eq!(fetched, controller.certificate());
}

#[test]
fn the_controller_opens_what_kubeseal_sealed_and_says_why_it_cannot_open_the_rest() {
    let Some(controller) = SealedSecretsController::get() else { return };
    let cluster = Cluster::own().unwrap();
    let (namespace, other) = (cluster.namespace(), cluster.namespace());
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": namespace.name()},
        "stringData": {"password": "hunter2"},
    });
    let sealed = controller.kubeseal(&["--format", "json"], &secret.to_string());
    assert!(sealed.status.success(), "{}", String::from_utf8_lossy(&sealed.stderr));
    let mut sealed: Value = serde_json::from_slice(&sealed.stdout).unwrap();
    // kubeseal writes a field that the definition doesn't have.
    for metadata in ["/metadata", "/spec/template/metadata"] {
        sealed.pointer_mut(metadata).unwrap().as_object_mut().unwrap().remove("creationTimestamp");
    }
    cluster.admin().apply(&sealed.to_string());
    let opened = wait_for("the Secret", || {
        let answer = cluster.admin().get(&namespace.path("v1", "secrets/db"));
        (answer.status == 200).then_some(answer.body)
    });
    assert_eq!(opened["data"]["password"], STANDARD.encode("hunter2"));
    for metadata in ["/metadata", "/spec/template/metadata"] {
        sealed.pointer_mut(metadata).unwrap()["namespace"] = json!(other.name());
    }
    cluster.admin().apply(&sealed.to_string());
    let synced = wait_for("the refusal", || {
        let there = cluster.admin().get(&other.path("bitnami.com/v1alpha1", "sealedsecrets/db")).ok();
        there["status"]["conditions"].as_array()?.iter().find(|is| is["type"] == "Synced").cloned()
    });
    assert_eq!(synced["status"], "False", "{synced}");
    assert_eq!(cluster.admin().get(&other.path("v1", "secrets/db")).status, 404);
}
