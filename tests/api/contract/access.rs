//! 401 and 403: credentials, rights, namespaces.

use serde_json::{Value, json};

use super::{CANARY, assert_error};
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::client::Answer;
use crate::support::git::{Checkout, refs};
use crate::support::tokens::{READER, WRITER, bearer, file};
use crate::support::{TestApp, wait_for};

fn with_tokens() -> TestApp {
    TestApp::builder().ready_to_write().file("tokens", file()).env("AUTH_TOKENS_FILE", "tokens").start()
}

#[track_caller]
fn send(app: &TestApp, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = bearer(token);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    app.send(method, path, &headers, body.as_bytes())
}

fn ready(app: TestApp, token: &str) -> TestApp {
    app.wait_until_ready();
    wait_for("the certificate", || {
        (send(&app, token, "GET", "/api/certificate", &Value::Null).status == 200).then_some(())
    });
    app
}

/// Every write: method, address, body.
fn writes() -> [(&'static str, &'static str, Value); 7] {
    [
        ("POST", "/api/nodegroups", nodegroup("workers")),
        ("PUT", "/api/nodegroups/workers?namespace=team-a", json!({"scaling": {"max": 9}})),
        ("DELETE", "/api/nodegroups/workers?namespace=team-a", Value::Null),
        ("POST", "/api/secrets", secret("db")),
        ("PUT", "/api/secrets/db?namespace=team-a", json!({"remove": ["user"]})),
        ("DELETE", "/api/secrets/db?namespace=team-a", Value::Null),
        ("DELETE", "/api/pull_requests/1", Value::Null),
    ]
}

#[test]
fn every_route_but_the_open_ones_asks_for_credentials() {
    let app = with_tokens();
    let reads = [
        "nodegroups",
        "nodegroups/a",
        "secrets",
        "secrets/a",
        "pull_requests",
        "pull_requests/1",
        "certificate",
        "options",
    ];
    for path in reads {
        let answer = app.get(&format!("/api/{path}"));
        assert_error(&answer, 401, "AuthenticationError", &[]);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    for (method, path, body) in writes() {
        assert_error(
            &send(&app, "wrong-0123456789abcdef0123456789abc", method, path, &body),
            401,
            "AuthenticationError",
            &[],
        );
    }
    for value in
        ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", CANARY, &format!("Bearer {CANARY}"), &format!("bearer  {WRITER} x")]
    {
        let answer = app.send("GET", "/api/options", &[("Authorization", value)], b"");
        assert_error(&answer, 401, "AuthenticationError", &[]);
    }
    let twice = [("Authorization", bearer(WRITER)), ("Authorization", bearer(READER))];
    let twice: Vec<(&str, &str)> = twice.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(app.send("GET", "/api/options", &twice, b"").status, 401, "which of them is meant?");
}

#[test]
fn who_may_only_read_reads_everything_and_writes_nothing() {
    let app = ready(with_tokens(), READER);
    let before = refs(&app);
    for (method, path, body) in writes() {
        let answer = send(&app, READER, method, path, &body);
        assert_error(&answer, 403, "NotAllowedError", &[]);
        let and = if path.contains('?') { '&' } else { '?' };
        if !path.contains("pull_requests") {
            let dry = send(&app, READER, method, &format!("{path}{and}dry_run=true"), &body);
            assert_error(&dry, 403, "NotAllowedError", &[]);
        }
    }
    assert_eq!(refs(&app), before);
    let options = send(&app, READER, "GET", "/api/options", &Value::Null).json();
    assert_eq!(options["subject"], json!({"name": "ada", "can_write": false}));
    assert_eq!(send(&app, READER, "GET", "/api/nodegroups", &Value::Null).status, 200);
}

#[test]
fn the_subject_stands_in_the_commit_and_the_pull_request_and_no_header_sets_it() {
    let app = ready(with_tokens(), WRITER);
    let bearer = bearer(WRITER);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("X-Forwarded-User", "mallory"),
        ("X-Remote-User", "mallory"),
        ("From", "mallory"),
    ];
    let answer = app.send("POST", "/api/nodegroups", &headers, nodegroup("workers").to_string().as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    let pull_request = answer.json()["pull_request"].clone();
    assert_eq!(pull_request["requested_by"], "bob");
    let commit =
        Checkout::of(&app).git(&["show", "--no-patch", "--format=%B", pull_request["commit"].as_str().unwrap()]);
    assert!(commit.contains("Requested-By: bob\n") && !commit.contains("mallory"), "{commit}");
    assert!(app.wait_for_log("status=201").contains("subject=\"bob\""));
}

#[test]
fn writes_go_to_the_named_namespaces_only() {
    let builder = TestApp::builder().ready_to_write().env("WRITE_NAMESPACES", "team-b,argocd");
    let app = builder.start_ready();
    let before = refs(&app);
    for (method, path, body) in &writes()[..6] {
        let answer = send(&app, "", method, path, body);
        assert_error(&answer, 403, "NotAllowedError", &[]);
        assert!(answer.text().contains("WRITE_NAMESPACES"), "the reason: {}", answer.text());
    }
    assert_eq!(refs(&app), before);
    for namespace in ["team-b", "argocd"] {
        let body = with(nodegroup("workers"), &json!({"namespace": namespace}));
        assert_eq!(app.post("/api/nodegroups", &body).status, 201, "{namespace}");
    }
    let namespaces = app.get("/api/options").json()["namespaces"].clone();
    assert_eq!(namespaces, json!([{"name": "argocd", "writable": true}, {"name": "team-b", "writable": true}]));
}

#[test]
fn reserved_namespaces_are_refused_unless_named() {
    let app = TestApp::start_ready();
    for namespace in ["kube-system", "kube-public", "kube-node-lease", "argocd"] {
        for (path, body) in [("/api/nodegroups", nodegroup("workers")), ("/api/secrets", secret("db"))] {
            let answer = app.post(path, &with(body, &json!({"namespace": namespace})));
            assert_error(&answer, 403, "NotAllowedError", &[]);
        }
        assert_eq!(app.delete(&format!("/api/secrets/db?namespace={namespace}")).status, 403);
    }
}

#[test]
fn a_pull_request_of_a_namespace_that_is_not_writable_any_more_is_not_withdrawn() {
    let mut app = TestApp::start_ready();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 201);
    app.kill();
    let app = app.again().env("WRITE_NAMESPACES", "team-b").start_ready();
    assert_error(&app.delete("/api/pull_requests/1"), 403, "NotAllowedError", &[]);
    assert_eq!(app.get("/api/pull_requests/1").json()["state"], "open");
}

#[test]
fn only_named_clusters_are_accepted_where_some_are_named() {
    let app = TestApp::builder().ready_to_write().env("CLUSTERS", "test,stage").start_ready();
    let answer = app.post("/api/nodegroups", &nodegroup("workers"));
    assert_error(&answer, 422, "InputError", &["/cluster"]);
    let options = app.get("/api/options").json();
    assert_eq!((&options["clusters"], &options["any_cluster"]), (&json!(["stage", "test"]), &json!(false)));
}
