//! `SEALED_SECRETS_CERT`: secrets are sealed with the controller's certificate, from a file or an address, and no key is made here.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;

use serde_json::{Value, json};

use crate::support::bodies::secret;
use crate::support::file_server::{Reply, Server};
use crate::support::https::Https;
use crate::support::{TestApp, wait_for};

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

/// The sealing part of readiness, which never unreadies the service.
fn part(app: &TestApp) -> Value {
    let readiness = app.get("/api/readiness");
    assert_eq!(readiness.status, 200);
    let parts = readiness.json()["parts"].as_array().unwrap().clone();
    parts.into_iter().find(|part| part["name"] == "sealing").unwrap()
}

#[test]
fn a_certificate_is_fetched_from_a_trusted_server_and_told_without_the_address_s_secrets() {
    let controller = TestApp::start_ready().get("/api/certificate").json();
    let pem = controller["pem"].as_str().unwrap().to_owned();
    let plain = Server::start(move |_| Reply::ok(pem.clone()));
    let https = Https::before(plain.address());
    let url = https.url("/cert.pem?signature=hunter2").replace("//", "//user:hunter2@");
    let builder = |trusted: &str| {
        let builder =
            TestApp::builder().with_few_prices().file("trusted.pem", trusted).env("SSL_CERT_FILE", "trusted.pem");
        builder.env("RUST_LOG", "trace").env("SEALED_SECRETS_CERT", &url)
    };
    let pin = controller["fingerprint"].as_str().unwrap();
    let app = builder(&https.certificate).env("SEALED_SECRETS_CERT_SHA256", pin).start_ready();
    let certificate = app.get("/api/certificate").json();
    assert_eq!(
        (&certificate["fingerprint"], &certificate["source"]),
        (&controller["fingerprint"], &json!(https.url("/cert.pem")))
    );
    assert_eq!(app.post("/api/secrets", &secret("db")).status, 201);
    let shown = part(&app);
    assert_eq!((&shown["adapter"], &shown["ready"], &shown["reason"]), (&json!("url"), &json!(true), &Value::Null));
    assert!(!app.log().contains("hunter2"), "{}", app.log());

    let stranger = Https::before(plain.address()).certificate;
    let app = builder(&stranger).start();
    app.wait_until_ready();
    wait_for("the refusal", || (part(&app)["reason"] == "no_certificate").then_some(()));
    let answer = app.post("/api/secrets", &secret("db"));
    assert_eq!(answer.status, 503);
    let told = answer.text();
    assert!(told.contains("SEALED_SECRETS_CERT https://localhost") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_server_that_fails_leaves_the_last_good_certificate_with_its_age() {
    let controller = TestApp::start_ready().get("/api/certificate").json();
    let (pem, away) = (controller["pem"].as_str().unwrap().to_owned(), Arc::new(AtomicBool::new(false)));
    let asked = Arc::clone(&away);
    let server = Server::start(move |_| if asked.load(SeqCst) { Reply::status(500) } else { Reply::ok(pem.clone()) });
    let builder = TestApp::builder().with_few_prices().env("SEALED_SECRETS_CERT", &server.url("/cert.pem"));
    let app = builder.start_ready();
    away.store(true, SeqCst);
    app.signal(rustix::process::Signal::HUP);
    wait_for("the failure", || (part(&app)["reason"] == "reload_failed").then_some(()));
    assert_eq!((&part(&app)["ready"], server.requests().len() >= 2), (&json!(true), true));
    let age = || app.get("/api/certificate").json()["age_seconds"].as_f64().unwrap();
    let first = age();
    wait_for("an older certificate", || (age() > first).then_some(()));
    assert_eq!(app.post("/api/secrets", &secret("db")).status, 201);

    away.store(false, SeqCst);
    app.signal(rustix::process::Signal::HUP);
    wait_for("the success", || part(&app)["reason"].is_null().then_some(()));
}

#[test]
fn another_certificate_than_the_pinned_one_seals_nothing() {
    let controller = TestApp::start_ready().get("/api/certificate").json();
    let pem = controller["pem"].as_str().unwrap().to_owned();
    let server = Server::start(move |_| Reply::ok(pem.clone()));
    let builder = TestApp::builder().with_few_prices().env("SEALED_SECRETS_CERT", &server.url("/cert.pem"));
    let app = builder.env("SEALED_SECRETS_CERT_SHA256", &"0a".repeat(32)).start();
    app.wait_until_ready();
    wait_for("the refusal", || (part(&app)["reason"] == "no_certificate").then_some(()));
    let answer = app.post("/api/secrets", &secret("db"));
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("SEALED_SECRETS_CERT_SHA256"), "{}", answer.text());
}

#[test]
fn a_pin_with_nothing_to_pin_ends_the_start_and_says_what_to_set() {
    let output = TestApp::builder().env("SEALED_SECRETS_CERT_SHA256", &"0a".repeat(32)).output();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("SEALED_SECRETS_CERT_SHA256 pins") && told.contains("set SEALED_SECRETS_CERT"), "{told}");
}
