//! `SEALED_SECRETS_CERT`: secrets are sealed with the controller's certificate, and no key is made here.

use serde_json::json;

use crate::support::TestApp;
use crate::support::bodies::secret;

#[test]
fn with_a_certificates_file_secrets_are_sealed_with_it_and_no_key_is_made() {
    let controller = TestApp::start_ready().get("/api/certificate").json();
    let builder = TestApp::builder().file("controller.pem", controller["pem"].as_str().unwrap());
    let app = builder.with_few_prices().env("SEALED_SECRETS_CERT", "controller.pem").start_ready();
    let certificate = app.get("/api/certificate").json();
    assert_eq!(
        (&certificate["fingerprint"], &certificate["source"]),
        (&controller["fingerprint"], &json!("controller.pem"))
    );
    let dry = app.post("/api/secrets?dry_run=true", &secret("db")).json();
    let manifest = dry["files"][0]["content"].as_str().unwrap();
    assert!(manifest.contains(controller["fingerprint"].as_str().unwrap()), "{manifest}");
    assert_eq!(app.post("/api/secrets", &secret("db")).status, 201);
    assert!(!app.path(".gitops/keys/sealing.key").exists());
}

#[test]
fn without_a_usable_certificate_secrets_are_a_503_that_names_the_setting_and_the_rest_works() {
    let app = TestApp::builder().with_few_prices().env("SEALED_SECRETS_CERT", "missing.pem").start();
    app.wait_until_ready();
    let answer = app.post("/api/secrets", &secret("db"));
    assert_eq!((answer.status, answer.error_name().as_str()), (503, "ServiceUnavailableError"), "{}", answer.text());
    assert!(answer.text().contains("SEALED_SECRETS_CERT") && answer.json()["retry_after_seconds"].is_number());
    assert_eq!(app.get("/api/nodegroups").status, 200);
}
