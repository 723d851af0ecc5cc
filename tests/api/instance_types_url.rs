//! A price list behind a URL, as the whole service fetches it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::file_server::{Reply, Server};
use crate::support::https::Https;
use crate::support::process::few_prices;
use crate::support::{TestApp, wait_for};

/// A server that answers with a status; with 200 it has a price list.
fn server(status: &Arc<AtomicU16>) -> Server {
    let status = Arc::clone(status);
    Server::start(move |_| match status.load(Ordering::SeqCst) {
        200 => Reply::ok(few_prices()),
        other => Reply::status(other),
    })
}

fn source(app: &TestApp) -> Value {
    app.get("/api/instance_types/source").json()
}

#[test]
fn a_start_without_the_source_is_not_ready_says_why_and_mends_itself() {
    let status = Arc::new(AtomicU16::new(500));
    let server = server(&status);
    let url = server.url("/list.json?signature=hunter2").replace("//", "//user:hunter2@");
    let app = TestApp::builder()
        .env("INSTANCE_TYPES_URL_SOURCE", &url)
        .env("INSTANCE_TYPES_URL_ALLOW_PRIVATE", "true")
        .env("RUST_LOG", "trace")
        .start();
    let told = wait_for("the failure", || source(&app)["last_error"].as_str().map(str::to_owned));
    assert!(told.contains("500 Internal Server Error"), "{told}");
    let readiness = app.get("/api/readiness");
    assert_eq!(readiness.status, 503);
    assert_eq!(readiness.json()["parts"][0]["reason"], "load_failed");
    assert_eq!(readiness.json()["parts"][0]["adapter"], "url");
    assert_eq!(app.get("/api/instance_types").status, 503);

    status.store(200, Ordering::SeqCst);
    app.wait_until_ready();
    let source = source(&app);
    assert_eq!((&source["kind"], &source["last_error"]), (&"url".into(), &Value::Null));
    assert_eq!(source["location"], server.url("/list.json"));
    assert_eq!(source["ingest"]["kept"], app.get("/api/instance_types").json()["total_items"]);
    assert!(!app.log().contains("hunter2"), "{}", app.log());
}

#[test]
fn the_last_good_list_goes_on_being_served_when_the_server_fails() {
    let status = Arc::new(AtomicU16::new(200));
    let server = server(&status);
    let app = TestApp::builder()
        .env("INSTANCE_TYPES_URL_SOURCE", &server.url("/list.json"))
        .env("INSTANCE_TYPES_URL_ALLOW_PRIVATE", "true")
        .start_ready();
    let before = app.get("/api/instance_types/m5.xlarge").json();
    status.store(404, Ordering::SeqCst);
    app.signal(Signal::HUP);
    wait_for("the failure", || source(&app)["last_error"].as_str().filter(|told| told.contains("404")).map(drop));
    assert_eq!(app.get("/api/instance_types/m5.xlarge").json(), before);
    assert!(source(&app)["age_seconds"].as_f64().is_some());
    assert_eq!(app.get("/api/readiness").json()["parts"][0]["reason"], "reload_failed");
    assert_eq!(app.get("/api/readiness").status, 200);
}

#[test]
fn https_is_spoken_with_whom_the_system_trusts_only() {
    let plain = server(&Arc::new(AtomicU16::new(200)));
    let https = Https::before(plain.address());
    let builder = |trusted: &str| {
        TestApp::builder()
            .file("trusted.pem", trusted)
            .env("SSL_CERT_FILE", "trusted.pem")
            .env("INSTANCE_TYPES_URL_SOURCE", &https.url("/list.json"))
            .env("INSTANCE_TYPES_URL_ALLOW_PRIVATE", "true")
    };
    builder(&https.certificate).start().wait_until_ready();
    let stranger = Https::before(plain.address()).certificate;
    let app = builder(&stranger).start();
    let told = wait_for("the failure", || source(&app)["last_error"].as_str().map(str::to_owned));
    assert!(told.contains("certificate"), "{told}");
}

#[test]
fn an_address_that_is_not_allowed_ends_the_start_and_names_the_setting() {
    for (url, allow, expected) in [
        ("http://prices.example.com/hunter2", "false", "plain http"),
        ("https://10.0.0.1/hunter2", "false", "INSTANCE_TYPES_URL_ALLOW_PRIVATE"),
        ("http://169.254.169.254/hunter2", "true", "link-local"),
        ("prices.example.com/hunter2", "true", "https://pricing"),
    ] {
        let builder = TestApp::builder().env("INSTANCE_TYPES_URL_SOURCE", url);
        let output = builder.env("INSTANCE_TYPES_URL_ALLOW_PRIVATE", allow).output();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{url}: {told}");
        assert!(told.contains("INSTANCE_TYPES_URL_SOURCE") && told.contains(expected), "{url}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}
