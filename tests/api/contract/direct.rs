//! `GITOPS_DIRECT=true`: a write is a commit on the base branch, and no pull request.

use serde_json::{Value, json};

use super::members;
use crate::support::bodies::{nodegroup, secret};
use crate::support::client::Answer;
use crate::support::git::{change_branches, fsck, git, repository};
use crate::support::{Checkout, TestApp};

#[track_caller]
fn committed(app: &TestApp, answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(members(&answer), ["changed", "commit", "files", "pull_request", "warnings"]);
    assert_eq!((&answer["changed"], &answer["pull_request"]), (&json!(true), &Value::Null));
    assert_eq!(git(&repository(app), &["rev-parse", "dev"]).trim(), answer["commit"].as_str().unwrap());
    answer
}

#[test]
fn each_write_is_a_commit_on_the_base_branch_and_seen_at_once() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    assert_eq!(app.get("/api/options").json()["repository"]["direct"], true);
    let answer = committed(&app, &app.post("/api/nodegroups", &nodegroup("one")));
    assert_eq!(answer["files"], json!([{"path": "nodegroups/team-a/one.yaml", "action": "create"}]));
    committed(&app, &app.put("/api/nodegroups/one", &json!({"scaling": {"max": 9}})));
    assert_eq!(app.get("/api/nodegroups/one").json()["scaling"]["max"], 9);
    committed(&app, &app.post("/api/secrets", &secret("one")));
    committed(&app, &app.put("/api/secrets/one", &json!({"remove": ["user"]})));
    assert_eq!(app.get("/api/secrets/one").json()["keys"][0]["name"], "password");
    committed(&app, &app.delete("/api/secrets/one"));
    let answer = committed(&app, &app.delete("/api/nodegroups/one"));
    let files = json!([
        {"path": "nodegroups/team-a/one.yaml", "action": "delete"},
        {"path": "nodegroups/team-a/.gitkeep", "action": "create"},
    ]);
    assert_eq!(answer["files"], files);
    assert_eq!(app.get("/api/nodegroups").json()["total_items"], 0);
    assert_eq!(app.get("/api/pull_requests").json()["total_items"], 0);
    assert_eq!(change_branches(&app), Vec::<String>::new());
    fsck(&app);
}

#[test]
fn a_commit_that_somebody_pushed_in_between_is_built_upon() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    let checkout = Checkout::of(&app);
    for round in 0..5 {
        checkout.commit_file("notes.md", &format!("round {round}\n"));
        committed(&app, &app.post("/api/nodegroups", &nodegroup(&format!("n{round}"))));
        assert_eq!(checkout.show("dev", "notes.md"), format!("round {round}\n"));
    }
    assert_eq!(app.get("/api/nodegroups").json()["total_items"], 5);
}

#[test]
fn values_of_one_mebibyte_are_sealed_and_listed_and_one_byte_more_is_a_422() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    let of =
        |length: usize| json!({"name": "big", "namespace": "team-a", "string_data": {"value": "x".repeat(length)}});
    let mebibyte = 1024 * 1024;
    let refused = app.post("/api/secrets", &of(mebibyte + 1));
    assert_eq!((refused.status, super::pointers(&refused)), (422, vec!["/data".to_owned()]));
    assert_eq!(app.post("/api/secrets", &of(mebibyte)).status, 201);
    let listed = app.get("/api/secrets/big").json();
    assert_eq!(listed["keys"], json!([{"name": "value", "bytes": mebibyte, "state": "ok"}]));
    let put = app.put("/api/secrets/big", &json!({"set": {"string_data": {"value": "y".repeat(mebibyte)}}}));
    assert_eq!(put.status, 201, "{}", put.text());
}
