//! Tokens over a socket: who gets in, what comes first, and a file that changes.

mod access;
mod backstage;

use std::fs;

use crate::support::tokens::{READER, WRITER, line};
use crate::support::{TestApp, wait_for};

fn app(tokens: &str) -> TestApp {
    TestApp::builder().with_prices().file("tokens", tokens).env("AUTH_TOKENS_FILE", "tokens").start()
}

fn status(app: &TestApp, token: &str, path: &str) -> u16 {
    app.send("GET", path, &[("Authorization", &format!("Bearer {token}"))], b"").status
}

#[test]
fn a_known_token_gets_in_and_is_named_in_the_log() {
    let app = app(&format!("# people\n{}", line("ada", "read", READER)));
    assert_eq!(status(&app, READER, "/api/nothing"), 404);
    assert!(app.wait_for_log("answered").contains("subject=\"ada\""));
    assert!(!app.log().contains(READER));
}

#[test]
fn without_credentials_nothing_is_told_about_routes_or_methods() {
    let app = app(&line("ada", "read", READER));
    for (method, path) in [("GET", "/api/nothing"), ("DELETE", "/"), ("GET", "/api/pull_requests"), ("PUT", "/api/x")] {
        let answer = app.send(method, path, &[], b"");
        assert_eq!((answer.status, answer.error_name().as_str()), (401, "AuthenticationError"), "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    for token in ["wrong", WRITER, &READER.to_uppercase()] {
        assert_eq!(status(&app, token, "/api/nothing"), 401);
    }
}

#[test]
fn the_open_paths_ask_for_no_credentials() {
    let app = app("");
    app.wait_until_ready();
    for path in ["/api/liveness", "/api/readiness", "/api/openapi.json", "/api/docs/", "/api/docs/index.css"] {
        assert_eq!(app.get(path).status, 200, "{path}");
    }
    for path in ["/api/docsx", "/api/liveness/", "/api//liveness", "/api/%6civeness"] {
        assert_eq!(app.get(path).status, 401, "{path}");
    }
}

#[test]
fn the_file_is_read_again_when_it_changes() {
    let app = app(&line("ada", "read", READER));
    assert_eq!(status(&app, READER, "/api/nothing"), 404);
    fs::write(app.path("tokens"), line("bob", "write", WRITER)).unwrap();
    wait_for("the new token", || (status(&app, WRITER, "/api/nothing") == 404).then_some(()));
    assert_eq!(status(&app, READER, "/api/nothing"), 401, "the old one is out");
}

#[test]
fn a_malformed_or_missing_file_lets_nobody_in_and_is_told_once_by_line_number() {
    let app = app(&format!("{}ada write hunter2\n", line("ada", "read", READER)));
    assert_eq!(status(&app, READER, "/api/nothing"), 401);
    assert!(app.wait_for_log("nobody gets in").contains("line 2"));
    fs::remove_file(app.path("tokens")).unwrap();
    wait_for("the second complaint", || {
        assert_eq!(status(&app, READER, "/api/nothing"), 401);
        (app.log().matches("nobody gets in").count() == 2).then_some(())
    });
    fs::write(app.path("tokens"), line("ada", "read", READER)).unwrap();
    wait_for("the mended file", || (status(&app, READER, "/api/nothing") == 404).then_some(()));
    assert_eq!(app.log().matches("nobody gets in").count(), 2);
    assert!(!app.log().contains("hunter2"));
}

#[test]
fn with_tokens_any_host_is_answered_unless_hosts_are_named() {
    let get = |app: &TestApp, token: &str| {
        let bearer = format!("Bearer {token}");
        app.send("GET", "/api/nothing", &[("Host", "other.example.com"), ("Authorization", &bearer)], b"").status
    };
    let open = app(&line("ada", "read", READER));
    assert_eq!(get(&open, READER), 404);
    let builder = TestApp::builder().file("tokens", line("ada", "read", READER)).env("AUTH_TOKENS_FILE", "tokens");
    let named = builder.env("ALLOWED_HOSTS", "api.example.com").start();
    assert_eq!((get(&named, READER), get(&named, "wrong")), (403, 401));
}
