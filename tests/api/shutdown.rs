//! How the service stops.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::bodies::nodegroup;
use crate::support::client::written;
use crate::support::git::fsck;
use crate::support::{TestApp, wait_for};

/// Opens a connection and keeps it after its first request.
fn idle_connection(app: &TestApp) -> TcpStream {
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.write_all(b"GET /api/liveness HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    stream
}

#[test]
fn both_signals_stop_the_service_with_exit_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut app = TestApp::start();
        app.signal(signal);
        assert_eq!(app.wait_for_exit().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn an_idle_connection_does_not_hold_the_service_up() {
    let mut app = TestApp::start();
    let _idle = idle_connection(&app);
    app.signal(Signal::TERM);
    assert_eq!(app.wait_for_exit().code(), Some(0));
}

#[test]
fn a_stopping_service_takes_no_more_connections() {
    let mut app = TestApp::start();
    let address = app.address;
    app.signal(Signal::TERM);
    wait_for("the listener's end", || TcpStream::connect(address).is_err().then_some(()));
    assert_eq!(app.wait_for_exit().code(), Some(0));
}

#[test]
fn sighup_does_not_stop_the_service_but_reads_the_price_list_again() {
    let app = TestApp::builder().env("INSTANCE_TYPES_REFRESH_SECONDS", "3600").start();
    app.wait_for_log("instance types");
    assert_eq!(app.get("/api/readiness").status, 503, "there is no price list yet");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json"), app.path("pricing-list.json")).unwrap();
    app.signal(Signal::HUP);
    app.wait_until_ready();
}

/// Sends a write's head and all of its body but the last byte: it is in flight until the rest follows.
fn begun(app: &TestApp, path: &str, body: &Value) -> (TcpStream, Vec<u8>) {
    let bytes =
        written(app.address, "POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes());
    let (first, rest) = bytes.split_at(bytes.len() - 1);
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.write_all(first).unwrap();
    (stream, rest.to_vec())
}

/// Holds the lock that every write of the local forge takes: a write waits for it.
fn hold_the_forge(app: &TestApp) -> std::fs::File {
    let lock = std::fs::File::open(app.path(".gitops/unicron.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    lock
}

#[test]
fn a_write_in_flight_is_answered_after_sigterm_and_its_pull_request_is_whole() {
    let mut app = TestApp::start_ready();
    let held = hold_the_forge(&app);
    let (mut stream, rest) = begun(&app, "/api/nodegroups", &nodegroup("workers"));
    stream.write_all(&rest).unwrap();
    wait_for("the write to reach the lock", || app.has_open("unicron.lock").then_some(()));
    app.signal(Signal::TERM);
    app.wait_for_log("stopping");
    assert!(app.is_running(), "it waits for the write");
    drop(held);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(app.wait_for_exit().code(), Some(0));
    let app = app.again().start_ready();
    let all = app.get("/api/pull_requests").json();
    assert_eq!((&all["total_items"], &all["items"][0]["state"]), (&json!(1), &json!("open")));
    fsck(&app);
}

#[test]
fn a_client_that_goes_away_does_not_stop_its_write() {
    let app = TestApp::start_ready();
    let held = hold_the_forge(&app);
    let (mut stream, rest) = begun(&app, "/api/nodegroups", &nodegroup("workers"));
    stream.write_all(&rest).unwrap();
    wait_for("the write to reach the lock", || app.has_open("unicron.lock").then_some(()));
    drop(stream);
    drop(held);
    wait_for("the pull request", || (app.get("/api/pull_requests").json()["total_items"] == 1).then_some(()));
    let again = app.post("/api/nodegroups", &nodegroup("workers"));
    assert_eq!(again.status, 200, "{}", again.text());
    fsck(&app);
}

#[test]
fn a_client_that_goes_away_before_its_body_is_whole_writes_nothing() {
    let app = TestApp::start_ready();
    let (stream, _) = begun(&app, "/api/nodegroups", &nodegroup("workers"));
    drop(stream);
    let created = app.post("/api/nodegroups", &nodegroup("another"));
    assert_eq!((created.status, &created.json()["pull_request"]["number"]), (201, &json!(1)));
    assert_eq!(app.get("/api/pull_requests").json()["total_items"], 1);
}
