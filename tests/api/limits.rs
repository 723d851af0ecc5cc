//! What is taken on: connections, requests and writes at once, writes in a minute; and what browsers elsewhere may do.

use std::io::Write;
use std::net::TcpStream;

use serde_json::json;

use crate::support::client::written;
use crate::support::{TestApp, tokens, wait_for};

#[test]
fn who_writes_too_often_is_told_when_to_come_again_and_may_read_meanwhile() {
    let app = TestApp::builder().ready_to_write().env("WRITES_PER_MINUTE", "2").start_ready();
    let nodegroup = json!({"name": "workers", "namespace": "team-a", "cluster": "prod", "instance_types": ["m5.large"],
        "scaling": {"min": 1, "max": 3}});
    assert_eq!(app.post("/api/nodegroups?dry_run=true", &nodegroup).status, 200);
    assert_eq!(app.post("/api/nodegroups", &nodegroup).status, 201);
    let refused = app.post("/api/nodegroups", &nodegroup);
    assert_eq!((refused.status, refused.error_name().as_str()), (429, "TooManyRequestsError"));
    let seconds = refused.json()["retry_after_seconds"].as_u64().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    assert_eq!(refused.header("retry-after"), Some(seconds.to_string().as_str()));
    assert_eq!(app.delete("/api/pull_requests/1").status, 429, "whatever the write is");
    assert_eq!(app.get("/api/pull_requests/1").json()["state"], "open");
}

#[test]
fn more_requests_than_there_is_room_for_are_shed_while_probes_are_answered() {
    let app = TestApp::builder().ready_to_write().start_ready();
    // Each announces a body that it doesn't send.
    let head = written(app.address, "POST", "/api/nodegroups", &JSON_WITH_LENGTH, b"");
    let mut slow = Vec::new();
    let shed = wait_for("no more room", || {
        let mut stream = TcpStream::connect(app.address).unwrap();
        stream.write_all(&head).unwrap();
        slow.push(stream);
        Some(app.get("/api/nodegroups")).filter(|answer| answer.status != 200)
    });
    assert_eq!((shed.status, shed.error_name().as_str()), (503, "ServiceUnavailableError"));
    assert_eq!(shed.json()["retry_after_seconds"], json!(1));
    assert!(slow.len() >= 200, "after only {}", slow.len());
    for open in ["/api/liveness", "/api/readiness", "/api/openapi.json"] {
        assert_eq!(app.get(open).status, 200, "{open}");
    }
    drop(slow);
    wait_for("room again", || (app.get("/api/nodegroups").status == 200).then_some(()));
}

const JSON_WITH_LENGTH: [(&str, &str); 2] = [("Content-Type", "application/json"), ("Content-Length", "100")];

#[test]
fn as_many_connections_are_held_as_the_limit_of_open_files_allows() {
    for (files, connections) in [("400:400", "144"), ("300:400", "144"), ("300:300", "44")] {
        let app = TestApp::builder().under(&["prlimit", &format!("--nofile={files}")]).start();
        let line = app.wait_for_log("bounded");
        assert!(line.contains(&format!("connections={connections}")), "{files}: {line}");
    }
}

#[test]
fn connections_beyond_the_bound_wait_for_their_turn() {
    let app = TestApp::builder().under(&["prlimit", "--nofile=300:300"]).start();
    let idle: Vec<TcpStream> = (0..44).map(|_| TcpStream::connect(app.address).unwrap()).collect();
    let address = app.address;
    let waiting =
        std::thread::spawn(move || crate::support::client::request(address, "GET", "/api/liveness", &[], b""));
    // Nothing is closed but what was idle for too long.
    assert_eq!(waiting.join().unwrap().status, 200);
    drop(idle);
}

#[test]
fn browsers_on_other_origins_may_do_nothing_unless_theirs_is_listed() {
    let ask = |app: &TestApp, origin: &str| {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "PUT"),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        ];
        app.send("OPTIONS", "/api/nodegroups/workers", &headers, b"")
    };
    let allowed = "access-control-allow-origin";
    let app = TestApp::builder()
        .file("tokens", tokens::file())
        .env("AUTH_TOKENS_FILE", "tokens")
        .env("CORS_ORIGINS", "https://backstage.example.com,http://localhost:3000")
        .start();
    for origin in ["https://backstage.example.com", "http://localhost:3000"] {
        let answer = ask(&app, origin);
        assert_eq!((answer.status, answer.header(allowed)), (200, Some(origin)), "without credentials");
        assert!(answer.header("access-control-allow-methods").unwrap().contains("PUT"));
        assert!(answer.header("access-control-allow-headers").unwrap().contains("authorization"));
        assert_eq!(answer.header("access-control-allow-credentials"), None, "no cookies");
        let refused = app.send("GET", "/api/nodegroups", &[("Origin", origin)], b"");
        assert_eq!((refused.status, refused.header(allowed)), (401, Some(origin)), "a page may read the error");
        assert!(refused.header("vary").unwrap().contains("origin"));
    }
    assert_eq!(ask(&app, "https://evil.example.com").header(allowed), None);
    let closed = TestApp::start();
    assert_eq!(ask(&closed, "https://backstage.example.com").header(allowed), None);
    assert_eq!(closed.send("GET", "/api/liveness", &[("Origin", "http://localhost:3000")], b"").header(allowed), None);

    let output = TestApp::builder().env("CORS_ORIGINS", "*").env("WRITES_PER_MINUTE", "0").output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("CORS_ORIGINS") && told.contains("WRITES_PER_MINUTE"), "{told}");
}
