//! What GitHub refuses and where it fails: each has its answer of the contract, and the next request works.

use super::{OPEN, Scene};
use crate::support::bodies::nodegroup;
use crate::support::client::Answer;
use crate::support::github::{Fault, When};
use crate::support::{TestApp, smart_http, wait_for};

#[track_caller]
fn assert_told(answer: &Answer, status: u16, name: &str, part: &str) {
    let text = answer.text();
    assert_eq!((answer.status, answer.error_name().as_str()), (status, name), "{text}");
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(part), "{part} in {message}");
}

/// The same request goes through, and everything is there once.
#[track_caller]
fn works(scene: &Scene, app: &TestApp, name: &str) {
    let answer = app.post("/api/nodegroups", &nodegroup(name));
    assert_eq!(answer.status, 201, "{}", answer.text());
    let branch = answer.json()["pull_request"]["branch"].as_str().unwrap().to_owned();
    assert_eq!(scene.github.state().pulls.values().filter(|pull| pull.head == branch).count(), 1);
}

#[test]
fn a_refusal_names_what_is_missing() {
    let scene = Scene::start();
    let app = scene.app();
    let denied = Fault::status(403, "Resource not accessible by personal access token");
    for (name, fault, part) in [
        ("a", Fault::status(401, "Bad credentials"), "GITHUB_TOKEN"),
        ("b", denied.clone(), "pull requests: write"),
        ("c", denied.with("x-accepted-github-permissions", "pull_requests=write"), "pull_requests=write"),
        ("d", Fault::status(404, "Not Found"), "repository acme/unicron not found"),
    ] {
        scene.github.fail(OPEN, fault);
        assert_told(&app.post("/api/nodegroups", &nodegroup(name)), 502, "BadGatewayError", part);
        works(&scene, &app, name);
    }
}

#[test]
fn what_the_git_server_refuses_is_told_in_its_words() {
    let scene = Scene::start();
    let app = scene.app();
    scene.remote.hook("pre-receive", "echo 'GH013: commits must be signed' >&2; exit 1");
    let rejected = app.post("/api/nodegroups", &nodegroup("a"));
    assert_told(&rejected, 502, "BadGatewayError", "GH013: commits must be signed");
    assert_eq!((scene.branches().len(), scene.pull_requests()), (0, 0));
    scene.remote.hook("pre-receive", "exit 0");
    works(&scene, &app, "a");
    for (name, status, part) in
        [("b", 401, "GITHUB_TOKEN"), ("c", 403, "contents: write"), ("d", 404, "acme/unicron.git")]
    {
        let fault = smart_http::Fault::Status(status, Vec::new(), "");
        scene.remote.server.fault("info/refs?service=git-receive-pack", 1, fault);
        assert_told(&app.post("/api/nodegroups", &nodegroup(name)), 502, "BadGatewayError", part);
        works(&scene, &app, name);
    }
}

#[test]
fn a_rate_limit_says_when_to_come_again() {
    let scene = Scene::start();
    let app = scene.app();
    scene.github.fail(OPEN, Fault::status(429, "too fast").with("retry-after", "3"));
    let limited = app.post("/api/nodegroups", &nodegroup("a"));
    assert_told(&limited, 503, "ServiceUnavailableError", "");
    let seconds = limited.json()["retry_after_seconds"].as_u64().unwrap();
    assert!((1..=3).contains(&seconds), "{seconds}");
    assert_eq!(limited.header("retry-after"), Some(seconds.to_string().as_str()));
    let answer = wait_for("the end of the silence", || {
        let answer = app.post("/api/nodegroups", &nodegroup("a"));
        (answer.status != 503).then_some(answer)
    });
    assert_eq!((answer.status, scene.pull_requests()), (201, 1), "{}", answer.text());
}

#[test]
fn a_gateways_page_is_looked_behind_once_and_then_told() {
    let scene = Scene::start();
    let app = scene.app();
    // Lost answers and requests: found, or asked for once more.
    for (name, when) in [("a", When::After), ("b", When::Before)] {
        scene.github.fail(OPEN, Fault::html(when, 502));
        works(&scene, &app, name);
    }
    for (name, status) in [("c", 500), ("d", 502)] {
        for _ in 0..2 {
            scene.github.fail(OPEN, Fault::html(When::Before, status));
        }
        let told = app.post("/api/nodegroups", &nodegroup(name));
        assert_told(&told, 503, "ServiceUnavailableError", &status.to_string());
        assert!(told.json()["retry_after_seconds"].as_u64() >= Some(1) && !told.text().contains("Unicorn"));
        works(&scene, &app, name);
    }
}

#[test]
fn a_hang_ends_in_time() {
    let scene = Scene::start();
    let app = scene.app();
    for _ in 0..2 {
        scene.github.fail(OPEN, Fault::Hang(When::Before));
    }
    let told = app.post("/api/nodegroups", &nodegroup("a"));
    assert_told(&told, 504, "GatewayTimeoutError", "");
    works(&scene, &app, "a");
}
