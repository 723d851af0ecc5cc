//! The real controller opens what is sealed here, where its scope says, and nowhere else.

use cre_backend_api::domain::secret::Scope;
use serde_json::{Value, json};

use super::{Secret, mebibyte, moved, samples};
use crate::support::cluster::{Cluster, Namespace, SealedSecretsController};
use crate::support::wait_for;

/// What the controller says of a SealedSecret, once it has looked at it: whether it could open it.
#[track_caller]
fn synced(namespace: &Namespace<'_>, name: &str) -> bool {
    let path = namespace.path("bitnami.com/v1alpha1", &format!("sealedsecrets/{name}"));
    wait_for("the controller's word", || {
        let there = namespace.cluster().admin().get(&path).ok();
        let (generation, status) = (&there["metadata"]["generation"], &there["status"]);
        let conditions = status["conditions"].as_array().filter(|_| status["observedGeneration"] == *generation)?;
        let synced = conditions.iter().find(|condition| condition["type"] == "Synced")?;
        Some(synced["status"] == "True")
    })
}

/// The Secret that the controller made.
#[track_caller]
fn made(namespace: &Namespace<'_>, name: &str) -> Value {
    namespace.cluster().admin().get(&namespace.path("v1", &format!("secrets/{name}"))).ok()
}

fn opens(controller: &SealedSecretsController<'_>, cluster: &Cluster) {
    let certificate = controller.certificate();
    let (namespace, elsewhere) = (cluster.namespace(), cluster.namespace());
    for (scope, values) in Scope::ALL.into_iter().map(|scope| (scope, samples())).chain([(Scope::Strict, mebibyte())]) {
        let name = format!("{}-{}", scope.as_str(), values.len());
        let secret = Secret { namespace: namespace.name(), name: &name, scope, values: &values };
        let manifest = secret.sealed_with(&certificate);
        let valid = controller.kubeseal(&["--validate"], &manifest);
        assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stderr));
        cluster.admin().apply(&manifest);
        assert!(synced(&namespace, &name), "{name}");
        secret.assert_opened(&made(&namespace, &name));

        let other = format!("{name}-other");
        for (place, name, allowed) in [
            (&namespace, &other, scope != Scope::Strict),
            (&elsewhere, &name, scope == Scope::ClusterWide),
            (&elsewhere, &other, scope == Scope::ClusterWide),
        ] {
            let copy = moved(&manifest, place.name(), name);
            assert_eq!(controller.kubeseal(&["--validate"], &copy).status.success(), allowed, "{name} in {place}");
            cluster.admin().apply(&copy);
            assert_eq!(synced(place, name), allowed, "{name} in {place}");
            let secret = cluster.admin().get(&place.path("v1", &format!("secrets/{name}")));
            assert_eq!(secret.status, if allowed { 200 } else { 404 });
        }
    }
}

#[test]
fn the_controller_opens_what_its_certificate_of_4096_bits_sealed() {
    let Some(controller) = SealedSecretsController::get() else { return };
    opens(controller, Cluster::own().unwrap());
}

#[test]
fn the_controller_opens_what_its_certificate_of_2048_bits_sealed() {
    let Some(cluster) = Cluster::start() else { return };
    let Some(controller) = SealedSecretsController::start_with(&cluster, &["--key-size=2048"]) else { return };
    opens(&controller, &cluster);
}

#[test]
fn a_secret_that_nobody_sealed_is_left_alone_until_it_is_annotated_as_managed() {
    let Some(controller) = SealedSecretsController::get() else { return };
    let namespace = Cluster::own().unwrap().namespace();
    let admin = namespace.cluster().admin();
    let secret = Secret { namespace: namespace.name(), name: "db", scope: Scope::Strict, values: &samples() };
    let mut foreign = secret.plain();
    foreign["data"] = json!({"old": "eA=="});
    foreign.as_object_mut().unwrap().remove("immutable");
    admin.apply(&foreign.to_string());
    let manifest = secret.sealed_with(&controller.certificate());
    admin.apply(&manifest);
    assert!(!synced(&namespace, "db"), "as the warning says");
    assert_eq!(made(&namespace, "db")["data"], json!({"old": "eA=="}));

    let managed = json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/managed": "true"}}});
    admin.patch(&namespace.path("v1", "secrets/db"), &managed).ok();
    // The controller looks again when the SealedSecret changes.
    admin.apply(&manifest.replace("rotated: \\\"yearly\\\"", "rotated"));
    assert!(synced(&namespace, "db"));
    let opened = made(&namespace, "db")["data"].as_object().unwrap().clone();
    assert_eq!(opened.keys().collect::<Vec<_>>(), ["binary", "empty", "password", "unicode"]);
}
