//! The whole service with the real controller's certificate: made by the API, merged, applied, opened; and what kubeseal made, in
//! the same list and edited through the same API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::printed;
use crate::support::cluster::{Cluster, Namespace, SealedSecretsController, documents};
use crate::support::{Checkout, TestApp, wait_for};

/// The service, with the controller's certificate in a file.
fn app(controller: &SealedSecretsController<'_>) -> TestApp {
    let builder = TestApp::builder().with_few_prices().file("controller.pem", controller.certificate());
    builder.env("SEALED_SECRETS_CERT", "controller.pem").start_ready()
}

/// Applies a manifest, without the fields that kubeseal writes beside its definition, and returns the Secret's data once it has
/// this key.
#[track_caller]
fn applied(namespace: &Namespace<'_>, manifest: &str, name: &str, key: &str) -> Value {
    let admin = namespace.cluster().admin();
    let mut manifest = documents(manifest).remove(0);
    for metadata in ["/metadata", "/spec/template/metadata"] {
        manifest.pointer_mut(metadata).unwrap().as_object_mut().unwrap().remove("creationTimestamp");
    }
    admin.apply(&manifest.to_string());
    wait_for("the Secret", || {
        let secret = admin.get(&namespace.path("v1", &format!("secrets/{name}")));
        let data = secret.body["data"].clone();
        (secret.status == 200 && data.get(key).is_some()).then_some(data)
    })
}

#[test]
fn a_secret_s_way_from_the_api_to_the_cluster() {
    let Some(controller) = SealedSecretsController::get() else { return };
    let namespace = Cluster::own().unwrap().namespace();
    let app = app(controller);
    let checkout = Checkout::of(&app);
    for scope in ["strict", "namespace-wide", "cluster-wide"] {
        let body = json!({
            "name": scope, "namespace": namespace.name(), "scope": scope, "type": "kubernetes.io/basic-auth",
            "string_data": {"username": "app"}, "data": {"password": STANDARD.encode([0, 159, 146, 150])},
        });
        let created = app.post("/api/secrets", &body);
        assert_eq!(created.status, 201, "{}", created.text());
        checkout.merge_pull_request(&app, &created.json());
        let path = format!("secrets/{namespace}/{scope}.yaml");
        let data = applied(&namespace, &checkout.show("dev", &path), scope, "username");
        assert_eq!(data, json!({"password": STANDARD.encode([0, 159, 146, 150]), "username": STANDARD.encode("app")}));

        // The original's scope holds for new keys, and the old one's ciphertext opens still.
        let edit = json!({"set": {"string_data": {"note": "neu"}}, "remove": ["password"]});
        let address = format!("/api/secrets/{scope}?namespace={namespace}");
        wait_for("the secret", || (app.get(&address).status == 200).then_some(()));
        let edited = app.put(&address, &edit);
        assert_eq!(edited.status, 201, "{}", edited.text());
        checkout.merge_pull_request(&app, &edited.json());
        let data = applied(&namespace, &checkout.show("dev", &path), scope, "note");
        assert_eq!(data, json!({"note": STANDARD.encode("neu"), "username": STANDARD.encode("app")}));
    }
}

#[test]
fn what_kubeseal_sealed_is_listed_like_ours_and_takes_new_keys() {
    let Some(controller) = SealedSecretsController::get() else { return };
    let namespace = Cluster::own().unwrap().namespace();
    let app = app(controller);
    let checkout = Checkout::of(&app);
    for scope in ["strict", "namespace-wide", "cluster-wide"] {
        let (ours, theirs) = (format!("ours-{scope}"), format!("theirs-{scope}"));
        let body = json!({
            "name": ours, "namespace": namespace.name(), "scope": scope, "string_data": {"password": "hunter2", "empty": ""},
        });
        let created = app.post("/api/secrets", &body);
        checkout.merge_pull_request(&app, &created.json());
        let plain = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "stringData": {"password": "hunter2", "empty": ""},
            "metadata": {"name": theirs, "namespace": namespace.name()},
        });
        let arguments = ["--format", "yaml", "--scope", scope, "--allow-empty-data"];
        let sealed = printed(controller.kubeseal(&arguments, &plain.to_string()));
        let path = format!("secrets/{namespace}/{theirs}.yaml");
        checkout.commit_file(&path, &sealed);
        let item = |name: &str| {
            wait_for(name, || Some(app.get(&format!("/api/secrets/{name}"))).filter(|item| item.status == 200)).json()
        };
        let (ours, mut listed) = (item(&ours), item(&theirs));
        assert_eq!(
            (&ours["stale_seal"], &listed["stale_seal"]),
            (&json!(false), &Value::Null),
            "kubeseal doesn't tell"
        );
        for field in ["name", "manifest", "revision", "certificate_fingerprint", "stale_seal"] {
            listed[field] = ours[field].clone();
        }
        assert_eq!(listed, ours);

        let edit = json!({"set": {"string_data": {"note": "neu"}}, "remove": ["empty"]});
        let edited = app.put(&format!("/api/secrets/{theirs}"), &edit);
        assert_eq!(edited.status, 201, "{}", edited.text());
        checkout.merge_pull_request(&app, &edited.json());
        let data = applied(&namespace, &checkout.show("dev", &path), &theirs, "note");
        assert_eq!(data, json!({"note": STANDARD.encode("neu"), "password": STANDARD.encode("hunter2")}));
    }
}
