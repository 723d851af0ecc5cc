//! Metrics, on an address of their own.

use std::net::SocketAddr;

use rustix::process::Signal;

use crate::support::client::request;
use crate::support::{TestApp, wait_for};

/// The metrics' address, as the log tells it.
fn address(app: &TestApp) -> SocketAddr {
    let line = app.wait_for_log("serving metrics");
    line.split("address=").nth(1).unwrap().trim().parse().unwrap()
}

fn metrics(app: &TestApp) -> String {
    let answer = request(address(app), "GET", "/metrics", &[], b"");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    answer.text()
}

fn value(text: &str, series: &str) -> f64 {
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
        assert!(told.contains(&format!("# HELP {name} ")), "{name} is described");
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
