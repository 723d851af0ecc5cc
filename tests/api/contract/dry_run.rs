//! Dry runs: the same answer as the real write would give, and nothing written.

use serde_json::{Value, json};

use super::{CANARY, assert_error, members};
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::git::{git, refs, repository};
use crate::support::{Checkout, TestApp};

/// Every object in the repository.
fn objects(app: &TestApp) -> String {
    git(&repository(app), &["cat-file", "--batch-all-objects", "--batch-check"])
}

#[track_caller]
fn dry(app: &TestApp, method: &str, path: &str, body: &Value) -> Value {
    let (before, objects_before) = (refs(app), objects(app));
    let and = if path.contains('?') { '&' } else { '?' };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer =
        app.send(method, &format!("{path}{and}dry_run=true"), &[("Content-Type", "application/json")], body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(refs(app), before, "no ref moved");
    assert_eq!(objects(app), objects_before, "no object was written");
    assert!(!answer.text().contains(CANARY));
    let answer = answer.json();
    let all = ["action", "changed", "cost", "diff", "dry_run", "files", "pull_request", "warnings"];
    assert_eq!(members(&answer), all);
    assert_eq!(answer["dry_run"], true);
    answer
}

#[test]
fn a_dry_run_of_each_write_tells_what_the_write_then_does() {
    let app = TestApp::start_ready();
    let checkout = Checkout::of(&app);
    let nothing = Value::Null;
    let writes = [
        ("create", "POST", "/api/nodegroups", nodegroup("one")),
        ("update", "PUT", "/api/nodegroups/one?namespace=team-a", json!({"scaling": {"max": 9}})),
        ("delete", "DELETE", "/api/nodegroups/one?namespace=team-a", nothing.clone()),
        ("create", "POST", "/api/secrets", with(secret("one"), &json!({"string_data": {"user": CANARY}}))),
        ("update", "PUT", "/api/secrets/one?namespace=team-a", json!({"set": {"string_data": {"user": CANARY}}})),
        ("delete", "DELETE", "/api/secrets/one?namespace=team-a", nothing),
    ];
    for (action, method, path, body) in writes {
        let told = dry(&app, method, path, &body);
        assert_eq!((&told["action"], &told["changed"]), (&json!(action), &json!(true)));
        assert_eq!(members(&told["pull_request"]), ["base", "body", "branch", "title"]);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let done = app.send(method, path, &[("Content-Type", "application/json")], text.as_bytes());
        assert_eq!(done.status, 201, "{}", done.text());
        let done = done.json();
        for field in ["branch", "base", "title"] {
            assert_eq!(told["pull_request"][field], done["pull_request"][field], "{field}");
        }
        let mut files = told["files"].clone();
        for file in files.as_array_mut().unwrap() {
            assert_eq!(file["content"].is_null(), file["action"] == "delete");
            let path = file["path"].as_str().unwrap();
            assert!(told["diff"].as_str().unwrap().contains(path) || file["content"] == "", "{told}");
            if !path.starts_with("secrets") && file["action"] != "delete" {
                let written = checkout.show(done["pull_request"]["branch"].as_str().unwrap(), path);
                assert_eq!(file["content"], written, "byte for byte");
            }
            file.as_object_mut().unwrap().remove("content");
        }
        assert_eq!(files, done["files"]);
        checkout.merge_pull_request(&app, &done);
    }
}

#[test]
fn a_dry_run_tells_the_cost_before_and_after() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    let told = dry(&app, "POST", "/api/nodegroups", &nodegroup("one"));
    assert_eq!(
        (&told["cost"]["before"], &told["pull_request"]),
        (&Value::Null, &Value::Null),
        "direct mode opens none"
    );
    assert_eq!(told["cost"]["after"]["usd_per_hour"]["max"], "0.960");
    assert_eq!(app.post("/api/nodegroups", &nodegroup("one")).status, 201);
    let told = dry(&app, "PUT", "/api/nodegroups/one", &json!({"scaling": {"max": 10}}));
    let max = |when: &str| told["cost"][when]["usd_per_hour"]["max"].clone();
    assert_eq!((max("before"), max("after")), (json!("0.960"), json!("1.920")));
    let told = dry(&app, "DELETE", "/api/nodegroups/one", &Value::Null);
    assert_eq!((told["cost"]["before"].is_null(), told["cost"]["after"].is_null()), (false, true));
    let told = dry(&app, "POST", "/api/nodegroups", &nodegroup("one"));
    assert_eq!((&told["changed"], &told["files"], &told["diff"]), (&json!(false), &json!([]), &json!("")));
}

#[test]
fn a_dry_run_has_the_same_errors_and_never_tells_whether_a_value_equals_an_earlier_one() {
    let app = TestApp::start_ready();
    assert_error(
        &app.post("/api/nodegroups?dry_run=true", &json!({"name": CANARY, "bogus": 1})),
        400,
        "InputError",
        &["/bogus"],
    );
    assert_error(&app.delete("/api/nodegroups/one?namespace=team-a&dry_run=true"), 404, "NotFoundError", &[]);
    let reserved = with(nodegroup("one"), &json!({"namespace": "argocd"}));
    assert_error(&app.post("/api/nodegroups?dry_run=true", &reserved), 403, "NotAllowedError", &[]);
    assert_eq!(app.post("/api/secrets", &secret("one")).status, 201);
    for body in [secret("one"), with(secret("one"), &json!({"string_data": {"user": "other"}}))] {
        let answer = app.post("/api/secrets?dry_run=true", &body);
        assert_error(&answer, 409, "ConflictError", &[]);
    }
    assert_eq!(app.post("/api/nodegroups", &nodegroup("one")).status, 201);
    assert_eq!(
        dry(&app, "POST", "/api/nodegroups", &nodegroup("one"))["changed"],
        true,
        "the same change, tried again"
    );
}
