//! What holds for every answer: 413, 415, 405, 404 of routes, media types, ids.

use serde_json::json;

use super::{CANARY, assert_error};
use crate::support::bodies::nodegroup;
use crate::support::documented::document;
use crate::support::{TestApp, request_raw};

#[test]
fn another_media_type_than_json_is_a_415() {
    let app = TestApp::start_ready();
    let body = nodegroup("workers").to_string();
    for (method, path) in
        [("POST", "/api/nodegroups"), ("PUT", "/api/secrets/db?namespace=a"), ("POST", "/api/secrets")]
    {
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "application/yaml",
            CANARY,
        ] {
            let answer = app.send(method, path, &[("Content-Type", media_type)], body.as_bytes());
            assert_error(&answer, 415, "UnsupportedMediaTypeError", &[]);
        }
        assert_eq!(app.send(method, path, &[], body.as_bytes()).status, 415, "none at all");
    }
    let answer = app.send(
        "POST",
        "/api/nodegroups?dry_run=true",
        &[("Content-Type", "application/json; charset=utf-8")],
        body.as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_body_over_two_mebibytes_is_a_413_announced_or_chunked() {
    let app = TestApp::start_ready();
    let large = format!("{{\"name\": \"{CANARY}{}\"}}", "x".repeat(2 * 1024 * 1024));
    for path in ["/api/nodegroups", "/api/secrets"] {
        let answer = app.send("POST", path, &[("Content-Type", "application/json")], large.as_bytes());
        assert_error(&answer, 413, "PayloadTooLargeError", &[]);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n",
            large.len()
        );
        let answer = request_raw(app.address, format!("{head}{large}\r\n0\r\n\r\n").as_bytes());
        assert_error(&answer, 413, "PayloadTooLargeError", &[]);
    }
    assert_eq!(app.get("/api/liveness").status, 200);
}

#[test]
fn a_method_that_a_route_does_not_take_is_a_405_that_names_those_it_takes() {
    let app = TestApp::start_ready();
    for (route, operations) in document()["paths"].as_object().unwrap() {
        let path = route.replace("{name}", "workers").replace("{number}", "1");
        let mut takes: Vec<String> =
            operations.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        if takes.contains(&"GET".to_owned()) {
            takes.push("HEAD".to_owned());
        }
        takes.sort();
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            if takes.iter().any(|taken| taken == method) {
                continue;
            }
            let answer = app.send(method, &path, &[], b"");
            assert_error(&answer, 405, "MethodNotAllowedError", &[]);
            let mut allowed: Vec<&str> = answer.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert_eq!(allowed, takes, "{method} {path}");
        }
    }
}

#[test]
fn an_error_is_problem_json_for_those_who_ask_and_the_same_object() {
    let app = TestApp::start_ready();
    let headers =
        [("Accept", "application/problem+json"), ("Content-Type", "application/json"), ("X-Request-Id", "id-1")];
    let problem = app.send("POST", "/api/nodegroups", &headers, b"{}");
    let plain = app.send("POST", "/api/nodegroups", &headers[1..], b"{}");
    assert_eq!(problem.header("content-type"), Some("application/problem+json"));
    assert_eq!(plain.header("content-type"), Some("application/json"));
    assert_eq!(problem.json(), plain.json());
    let fine = app.send("GET", "/api/nodegroups", &headers[..1], b"");
    assert_eq!(fine.header("content-type"), Some("application/json"), "only errors are problems");
}

#[test]
fn every_answer_has_an_id_which_is_the_clients_when_it_is_plain() {
    let app = TestApp::start_ready();
    let plain = "A-z0-9".repeat(10);
    let answer = app.send("GET", "/api/nodegroups/none", &[("X-Request-Id", &plain)], b"");
    assert_eq!((answer.header("x-request-id"), &answer.json()["instance"]), (Some(plain.as_str()), &json!(plain)));
    for bad in ["", "a b", "a_b", &"x".repeat(65), "ü", "<script>"] {
        let answer = app.send("GET", "/api/nodegroups", &[("X-Request-Id", bad)], b"");
        let id = answer.header("x-request-id").unwrap();
        assert!(id != bad && id.len() == 36, "{id}");
    }
    let [one, two] = [0, 1].map(|_| app.get("/api/options").header("x-request-id").unwrap().to_owned());
    assert_ne!(one, two);
    assert!(app.get("/api/options").header("x-content-type-options").is_some());
}

#[test]
fn addresses_that_are_no_route_are_a_404() {
    let app = TestApp::start_ready();
    for path in [
        "/",
        "/api",
        "/api/",
        "/api/nodegroups/",
        "/api/nodegroups/a/b",
        "/api/Nodegroups",
        "//api/nodegroups",
        "/api/pull_requests/1/x",
    ] {
        assert_error(&app.get(path), 404, "NotFoundError", &[]);
    }
    for number in ["0", "x", "-1", "1.0", "99999999999999999999999"] {
        assert_error(&app.get(&format!("/api/pull_requests/{number}")), 404, "NotFoundError", &[]);
    }
    for name in ["%2e%2e", "a%2fb", "%00", "%F0%9F%98%80", &"a".repeat(2000)] {
        let answer = app.get(&format!("/api/nodegroups/{name}"));
        assert_error(&answer, 404, "NotFoundError", &[]);
    }
    let broken = app.get("/api/nodegroups/%ff");
    assert!([400, 404].contains(&broken.status), "{}", broken.text());
}
