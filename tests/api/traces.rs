//! Traces: a request is a span of the trace that it came with, its steps are spans in it, and nothing secret or named is in them.

use rustix::process::Signal;

use crate::support::bodies::{nodegroup, secret};
use crate::support::collector::{Collector, attribute};
use crate::support::{TestApp, tokens};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// `traceparent` of a trace that is sampled, or isn't.
fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

#[test]
fn a_request_and_its_steps_are_spans_of_the_trace_that_it_came_with() {
    let collector = Collector::start();
    let mut app = TestApp::builder()
        .ready_to_write()
        .file("tokens", tokens::file())
        .env("AUTH_TOKENS_FILE", "tokens")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address())
        .env("OTEL_EXPORTER_OTLP_HEADERS", "X-Api-Key=hunter2%20key")
        .env("RUST_LOG", "warn,cre_backend_api=info")
        .start_ready();
    let (bearer, parent) = (tokens::bearer(tokens::WRITER), traceparent("01"));
    let headers =
        [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), ("traceparent", parent.as_str())];
    let body = secret("canary-name").to_string();
    assert_eq!(app.send("POST", "/api/secrets", &headers, body.as_bytes()).status, 201);
    app.wait_for_log(&format!("trace=\"{TRACE}\""));
    assert_eq!(app.send("GET", "/api/nodegroups?name=canary-name", &headers[..1], b"").status, 200);
    app.signal(Signal::TERM);
    assert!(app.wait_for_exit().success(), "the last spans are sent before the end");

    let spans = collector.spans();
    let named = |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}: {spans:?}"));
    let request = named("POST /api/secrets");
    assert_eq!((hex::encode(&request.trace_id), hex::encode(&request.parent_span_id)), (TRACE.into(), PARENT.into()));
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/secrets"),
        ("http.response.status_code", "201"),
        ("enduser.id", "bob"),
    ] {
        assert_eq!(attribute(request, name).as_deref(), Some(value), "{name}");
    }
    for step in ["fetch", "plan", "seal", "propose"] {
        assert_eq!(named(step).trace_id, request.trace_id, "{step}");
    }
    assert_eq!(named("propose").parent_span_id, request.span_id);
    assert_eq!(named("seal").parent_span_id, named("plan").span_id);
    let read = named("GET /api/nodegroups");
    assert!(read.trace_id != request.trace_id && read.parent_span_id.is_empty(), "a trace of its own");

    let all = String::from_utf8_lossy(&collector.bytes()).into_owned();
    for canary in ["canary-name", "team-a", "c2VjcmV0", "hunter2", tokens::WRITER] {
        assert!(!all.contains(canary), "{canary} is in the traces");
    }
    assert!(collector.heads().to_lowercase().contains("x-api-key: hunter2 key"));
    assert!(!app.log().contains("hunter2"));
}

#[test]
fn a_trace_that_is_not_sampled_is_not_sent_but_stands_in_the_log() {
    let collector = Collector::start();
    let mut app = TestApp::builder()
        .with_few_prices()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address())
        .env("OTEL_TRACES_SAMPLER_ARG", "0")
        .start_ready();
    app.send("GET", "/api/liveness", &[("traceparent", &traceparent("00"))], b"");
    app.wait_for_log(&format!("trace=\"{TRACE}\""));
    for bad in ["hunter2", "00-zz-zz-01", &format!("00-{}-{PARENT}-01", "0".repeat(32))] {
        assert_eq!(app.send("GET", "/api/liveness", &[("traceparent", bad)], b"").status, 200);
    }
    app.signal(Signal::TERM);
    assert!(app.wait_for_exit().success());
    assert!(collector.spans().is_empty() && !app.log().contains("hunter2"));

    let without = TestApp::start();
    without.send("GET", "/api/liveness", &[("traceparent", &traceparent("01"))], b"");
    without.wait_for_log(&format!("trace=\"{TRACE}\""));
}

#[test]
fn a_collector_that_fails_is_told_once_and_holds_nothing_up() {
    let collector = Collector::start();
    collector.answer(503);
    let mut app = TestApp::builder()
        .ready_to_write()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address())
        .env("OTEL_BSP_SCHEDULE_DELAY", "100")
        .start_ready();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 201);
    let line = app.wait_for_log("traces can't be sent");
    assert!(line.contains("503"), "{line}");
    collector.answer(200);
    crate::support::wait_for("the collector to be well again", || {
        app.get("/api/nodegroups");
        app.log().contains("traces are sent again").then_some(())
    });
    app.signal(Signal::TERM);
    assert!(app.wait_for_exit().success());
    assert_eq!(app.log().matches("traces can't be sent").count(), 1);

    let output = TestApp::builder()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example.com:4318")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")
        .env("OTEL_TRACES_SAMPLER_ARG", "2")
        .output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        told.contains("in the clear") && told.contains("OTEL_TRACES_SAMPLER_ARG") && !told.contains("hunter2"),
        "{told}"
    );
}
