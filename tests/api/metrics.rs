//! Metrics, on an address of their own.

use std::net::SocketAddr;

use rustix::process::Signal;
use serde_json::json;

use crate::support::bodies::{nodegroup, secret, with};
use crate::support::client::request;
use crate::support::{TestApp, wait_for};

/// The metrics' address, as the log tells it.
fn address(app: &TestApp) -> SocketAddr {
    let line = app.wait_for_log("serving metrics");
    line.split("address=").nth(1).unwrap().trim().parse().unwrap()
}

pub fn metrics(app: &TestApp) -> String {
    let answer = request(address(app), "GET", "/metrics", &[], b"");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    answer.text()
}

pub fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap()
}

#[test]
fn the_report_of_a_load_is_in_the_metrics_and_each_is_described() {
    let app = TestApp::builder().with_few_prices().env("METRICS_ADDRESS", "127.0.0.1:0").start_ready();
    let ingest = &app.get("/api/instance_types/source").json()["ingest"];
    let told = metrics(&app);
    for (name, field) in [
        ("rows", "rows"),
        ("kept", "kept"),
        ("unpriced", "unpriced"),
        ("read_bytes", "bytes"),
        ("read_seconds", "seconds"),
    ] {
        let series = format!("backend_api_instance_types_{name}");
        let (shown, expected) = (value(&told, &series), ingest[field].as_f64().unwrap());
        assert!((shown - expected).abs() < 1e-9, "{name}: {shown} {expected}");
    }
    assert!(value(&told, "backend_api_instance_types_age_seconds") < 3600.0);
    assert!(value(&told, "backend_api_instance_types_loaded_timestamp_seconds") > 1.7e9);
    assert!((value(&told, "backend_api_instance_types_loads_total{outcome=\"loaded\"}") - 1.0).abs() < f64::EPSILON);
    for line in told.lines().filter(|line| line.starts_with("backend_api_")) {
        let name = line.split(['{', ' ']).next().unwrap();
        let parts = ["_bucket", "_sum", "_count"];
        let name = parts.into_iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        assert!(told.contains(&format!("# HELP {name} ")), "{name} is described");
    }
}

#[test]
fn requests_changes_and_seals_are_counted_by_how_they_came_out() {
    let app = TestApp::builder().ready_to_write().env("METRICS_ADDRESS", "127.0.0.1:0").start_ready();
    let workers = nodegroup("workers");
    for (status, dry) in [(200, "?dry_run=true"), (201, ""), (200, "")] {
        assert_eq!(app.post(&format!("/api/nodegroups{dry}"), &workers).status, status);
    }
    assert_eq!(app.post("/api/nodegroups", &with(workers, &json!({"disk_size_gib": 99}))).status, 409);
    assert_eq!(app.post("/api/secrets", &secret("db")).status, 201);
    assert_eq!(app.delete("/api/pull_requests/2").status, 200);
    app.send("BREW", "/api/no/such/route", &[], b"");
    let told = metrics(&app);
    for (series, count) in [
        (r#"changes_total{kind="nodegroup",action="create",outcome="dry_run"}"#, 1.0),
        (r#"changes_total{kind="nodegroup",action="create",outcome="opened"}"#, 1.0),
        (r#"changes_total{kind="nodegroup",action="create",outcome="again"}"#, 1.0),
        (r#"changes_total{kind="nodegroup",action="create",outcome="conflict"}"#, 1.0),
        (r#"changes_total{kind="secret",action="create",outcome="opened"}"#, 1.0),
        (r#"changes_total{kind="secret",action="withdraw",outcome="closed"}"#, 1.0),
        (r#"change_seconds_count{outcome="opened"}"#, 2.0),
        (r#"pull_requests{kind="nodegroup",state="open"}"#, 1.0),
        (r#"pull_requests{kind="secret",state="closed"}"#, 1.0),
        (r#"pull_requests{kind="secret",state="open"}"#, 0.0),
        (r#"seals_total{scope="strict",outcome="sealed"}"#, 1.0),
        (r#"http_requests_total{method="POST",route="/api/nodegroups",status="201"}"#, 1.0),
        (r#"http_requests_total{method="DELETE",route="/api/pull_requests/{number}",status="200"}"#, 1.0),
        (r#"http_requests_total{method="other",route="none",status="404"}"#, 1.0),
        (r#"http_request_seconds_count{method="POST",route="/api/secrets"}"#, 1.0),
        (r#"part_ready{part="instance_types",adapter="file"}"#, 1.0),
        ("ready", 1.0),
        ("http_requests_in_flight", 0.0),
        ("writes_in_flight", 0.0),
    ] {
        let shown = value(&told, &format!("backend_api_{series}"));
        assert!((shown - count).abs() < f64::EPSILON, "{series}: {shown}");
    }
    assert!(value(&told, "backend_api_sealing_certificate_expires_timestamp_seconds") > 1.7e9);
    for line in told.lines().filter(|line| line.starts_with("backend_api_")) {
        assert!(!["workers", "team-a", "\"db\""].iter().any(|name| line.contains(name)), "no names: {line}");
    }
}

#[test]
fn a_reason_for_dropping_rows_that_is_gone_becomes_zero_and_failures_are_counted() {
    let row = |name: &str, os: &str| {
        format!(
            r#""{name}{os}":{{"attributes":{{"instanceType":"{name}.large","operatingSystem":"{os}","preInstalledSw":"NA",
            "capacitystatus":"Used","tenancy":"Shared"}}}}"#
        )
    };
    let list = |os: &str| format!(r#"{{"version":"{os}","products":{{{},{}}}}}"#, row("m5", "Linux"), row("m6", os));
    let app = TestApp::builder()
        .file("pricing-list.json", list("Windows"))
        .env("INSTANCE_TYPES_MIN_KEEP", "0")
        .env("METRICS_ADDRESS", "127.0.0.1:0")
        .start_ready();
    let dropped = "backend_api_instance_types_dropped{reason=\"operating_system\"}";
    assert!((value(&metrics(&app), dropped) - 1.0).abs() < f64::EPSILON);
    std::fs::write(app.path("pricing-list.json"), list("Linux")).unwrap();
    app.signal(Signal::HUP);
    wait_for("the second load", || (value(&metrics(&app), dropped) == 0.0).then_some(()));
    std::fs::write(app.path("pricing-list.json"), "{").unwrap();
    app.signal(Signal::HUP);
    let failed = "backend_api_instance_types_loads_total{outcome=\"malformed\"} ";
    wait_for("the failure's count", || metrics(&app).contains(failed).then_some(()));
}

#[test]
fn the_operators_address_has_the_probes_and_nothing_else() {
    let app = TestApp::builder().with_few_prices().env("METRICS_ADDRESS", "127.0.0.1:0").start_ready();
    let address = address(&app);
    for (path, status) in
        [("/api/liveness", 200), ("/api/readiness", 200), ("/api/instance_types", 404), ("/api/nodegroups", 404)]
    {
        // Any name: probes come by address.
        assert_eq!(request(address, "GET", path, &[("Host", "elsewhere.example.com")], b"").status, status, "{path}");
    }
    assert_eq!(request(address, "POST", "/metrics", &[], b"").status, 405);
    assert_eq!(app.get("/metrics").status, 404, "the API has no metrics");
}

#[test]
fn without_the_setting_there_are_no_metrics_and_one_address_can_t_serve_both() {
    let app = TestApp::start();
    assert!(!app.log().contains("serving metrics"));
    let address = "127.0.0.1:8123";
    let output = TestApp::builder().env("LISTEN_ADDRESS", address).env("METRICS_ADDRESS", address).output();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("METRICS_ADDRESS: is LISTEN_ADDRESS"));
    let taken = TestApp::builder().env("METRICS_ADDRESS", &app.address.to_string()).output();
    let log = String::from_utf8(taken.stdout).unwrap();
    assert!(taken.status.code() == Some(1) && log.contains("METRICS_ADDRESS"), "{log}");
}
