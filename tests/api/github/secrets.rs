//! Secrets on GitHub: sealed for the cluster's controller, or not at all.

use super::{Scene, ready};
use crate::support::bodies::secret;
use crate::support::sealing::{ciphertexts, open};
use crate::support::wait_for;

#[test]
fn without_a_certificate_a_secret_is_refused_and_the_rest_works() {
    let scene = Scene::start();
    let app = scene.app();
    for path in ["/api/secrets", "/api/secrets?dry_run=true"] {
        let told = app.post(path, &secret("db"));
        assert_eq!((told.status, told.error_name().as_str()), (503, "ServiceUnavailableError"), "{}", told.text());
        assert!(told.text().contains("SEALED_SECRETS_CERT"), "{}", told.text());
    }
    assert_eq!((scene.branches().len(), scene.pull_requests()), (0, 0));
    assert!(!app.path(".gitops/keys/sealing.key").exists(), "a key of our own would seal for nobody");
    assert_eq!((app.get("/api/secrets").status, app.get("/api/readiness").status), (200, 200));
}

#[test]
fn with_a_certificate_the_pull_request_holds_ciphertext_only() {
    let scene = Scene::start();
    let settings = scene.settings().with_sealing_key().env("SEALED_SECRETS_CERT", ".gitops/keys/sealing.crt");
    let app = ready(settings);
    let created = app.post("/api/secrets", &secret("db"));
    assert_eq!(created.status, 201, "{}", created.text());
    let branch = created.json()["pull_request"]["branch"].as_str().unwrap().to_owned();
    let manifest = scene.show(&branch, "secrets/team-a/db.yaml").unwrap();
    assert_eq!(ciphertexts(&manifest).into_keys().collect::<Vec<_>>(), ["password", "user"]);
    if let Some(values) = open(&app, "team-a", "db", &manifest) {
        assert_eq!((&values["user"][..], &values["password"][..]), (&b"app"[..], &b"secret"[..]));
    }
    let pull = scene.github.state().pulls[&1].clone();
    for text in [manifest, format!("{pull:?}"), app.log()] {
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }
    assert_eq!(app.post("/api/secrets", &secret("db")).status, 200, "the same again");
    scene.github.merge(1);
    wait_for("the secret", || (app.get("/api/secrets/db").status == 200).then_some(()));
}
