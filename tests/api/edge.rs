//! The edge over a socket: errors, hosts, probes, documentation, logs.

use serde_json::json;

use crate::support::{TestApp, request_raw};

#[test]
fn the_routers_own_404_and_405_have_the_contracts_shape() {
    let app = TestApp::start();
    let answer = app.get("/api/nothing?x=1");
    assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/json")));
    let body = answer.json();
    assert_eq!(body["error"]["name"], "NotFoundError");
    assert_eq!(body["request"], json!({"method": "GET", "url": "/api/nothing?x=1"}));
    assert_eq!(body["response"], json!({"statusCode": 404}));
    assert_eq!(
        (&body["type"], &body["title"], &body["status"]),
        (&json!("about:blank"), &json!("Not Found"), &json!(404))
    );
    assert_eq!((&body["detail"], &body["errors"]), (&body["error"]["message"], &json!([])));
    assert_eq!(Some(body["instance"].as_str().unwrap()), answer.header("x-request-id"));

    let answer = app.delete("/api/liveness");
    assert_eq!((answer.status, answer.error_name().as_str()), (405, "MethodNotAllowedError"));
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
}

#[test]
fn problem_json_is_answered_to_those_who_ask_for_it() {
    let app = TestApp::start();
    let answer = app.send("GET", "/api/nothing", &[("Accept", "application/problem+json")], b"");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["error"]["name"], "NotFoundError", "the object is the same");
}

#[test]
fn a_request_id_is_taken_over_when_it_is_plain() {
    let app = TestApp::start();
    let answer = app.send("GET", "/api/nothing", &[("X-Request-Id", "from-me-1")], b"");
    assert_eq!((answer.header("x-request-id"), &answer.json()["instance"]), (Some("from-me-1"), &json!("from-me-1")));
    let answer = app.send("GET", "/api/nothing", &[("X-Request-Id", "no good")], b"");
    assert_ne!(answer.header("x-request-id"), Some("no good"));
    assert_eq!(answer.header("x-request-id").map(str::len), Some(36));
}

#[test]
fn only_loopback_hosts_are_answered_and_the_open_paths_are_exempt() {
    let app = TestApp::builder().with_prices().start();
    app.wait_until_ready();
    let from = |host, path| app.send("GET", path, &[("Host", host)], b"").status;
    assert_eq!(from("localhost:1", "/api/nothing"), 404);
    assert_eq!(from("evil.example.com", "/api/nothing"), 403);
    for open in ["/api/liveness", "/api/readiness", "/api/openapi.json", "/api/docs/"] {
        assert_eq!(from("evil.example.com", open), 200, "{open}");
    }
    let answer = app.send("GET", "/api/nothing", &[("Host", "evil.example.com")], b"");
    assert_eq!(answer.error_name(), "NotAllowedError");
    let without = request_raw(app.address, b"GET /api/nothing HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(without.status, 403);
}

#[test]
fn allowed_hosts_widen_the_rule_and_a_star_lifts_it() {
    let app = TestApp::builder().env("ALLOWED_HOSTS", "api.example.com").start();
    let from = |app: &TestApp, host| app.send("GET", "/api/nothing", &[("Host", host)], b"").status;
    assert_eq!((from(&app, "api.example.com"), from(&app, "evil.example.com")), (404, 403));
    let app = TestApp::builder().env("ALLOWED_HOSTS", "*").start();
    assert_eq!(from(&app, "evil.example.com"), 404);
}

#[test]
fn the_probes_answer() {
    let app = TestApp::builder().env("INSTANCE_TYPES_FILE_SOURCE", "none.json").start();
    assert_eq!(app.get("/api/liveness").json(), json!({"status": "ok"}));
    let answer = app.get("/api/readiness");
    assert_eq!((answer.status, &answer.json()["ready"]), (503, &json!(false)), "no price list, no instance types");
    let app = TestApp::start_ready();
    let body = app.get("/api/readiness").json();
    assert_eq!(body["ready"], json!(true));
    let parts: Vec<&str> = body["parts"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(parts, ["instance_types", "nodegroups", "secrets", "version_control", "sealing"]);
    for part in body["parts"].as_array().unwrap() {
        let mut members: Vec<&String> = part.as_object().unwrap().keys().collect();
        members.sort_unstable();
        assert_eq!(members, ["adapter", "age_seconds", "name", "ready", "reason"]);
    }
}

#[test]
fn an_unknown_parameter_is_named_by_the_open_paths_too() {
    let app = TestApp::start();
    for path in ["/api/liveness", "/api/readiness", "/api/openapi.json"] {
        let answer = app.get(&format!("{path}?colour=red"));
        assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (400, &json!("?colour")), "{path}");
    }
}

#[test]
fn the_openapi_document_is_served_and_shown_without_a_network() {
    let app = TestApp::start();
    let document = app.get("/api/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["info"]["title"], "cre-backend-api");
    assert!(document["paths"]["/api/readiness"]["get"].is_object());
    assert!(document["components"]["schemas"]["Error"]["properties"]["errors"].is_object());
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");

    let redirect = app.get("/api/docs");
    assert_eq!((redirect.status, redirect.header("location")), (307, Some("docs/")));
    let page = app.get("/api/docs/").text();
    for part in page.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
        assert!(!part.contains("://"), "{part} would need a network");
        let name = part.trim_start_matches("./");
        assert_eq!(app.get(&format!("/api/docs/{name}")).status, 200, "{name}");
    }
    assert!(app.get("/api/docs/swagger-initializer.js").text().contains("/api/openapi.json"));
    assert_eq!(app.get("/api/docs/nothing.js").status, 404);
}

#[test]
fn every_schema_that_the_document_names_is_in_it() {
    let document = TestApp::start().get("/api/openapi.json").text();
    let json: serde_json::Value = serde_json::from_str(&document).unwrap();
    for reference in document.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(json["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[test]
fn each_request_is_one_line_of_the_log() {
    let app = TestApp::start();
    app.send("GET", "/api/liveness", &[("X-Request-Id", "line-1")], b"");
    let line = app.wait_for_log("answered");
    for part in ["id=\"line-1\"", "method=\"GET\"", "route=\"/api/liveness\"", "status=200", "subject="] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(!line.contains('\u{1b}'), "no colours in a pipe");
    assert_eq!(app.log().matches("answered").count(), 1);
}

#[test]
fn the_log_as_json_is_flat() {
    let app = TestApp::builder().env("LOG_FORMAT", "json").start();
    let line: serde_json::Value = serde_json::from_str(&app.wait_for_log("listening")).unwrap();
    assert_eq!((&line["message"], &line["address"]), (&json!("listening"), &json!(app.address.to_string())));
}
