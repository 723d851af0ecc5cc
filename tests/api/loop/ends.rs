//! The ways in which a pull request ends, and that its object is free again after each.

use serde_json::{Value, json};

use super::opened;
use crate::support::bodies::{nodegroup, secret};
use crate::support::git::{change_branches, fsck, wait_for_state};
use crate::support::{Checkout, TestApp, wait_for};

#[track_caller]
fn create(app: &TestApp, path: &str, body: &Value) -> (u64, String) {
    let answer = app.post(path, body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    opened(&answer.json())
}

#[test]
fn a_squash_merge_counts_as_a_merge() {
    let app = TestApp::start_ready();
    let (number, branch) = create(&app, "/api/nodegroups", &nodegroup("workers"));
    Checkout::of(&app).squash(&branch);
    assert!(wait_for_state(&app, number, "merged")["merged_at"].is_string());
    wait_for("the listing", || (app.get("/api/nodegroups/workers").status == 200).then_some(()));
    wait_for("the branch's deletion", || change_branches(&app).is_empty().then_some(()));
}

#[test]
fn a_deleted_branch_closes_its_pull_request_and_frees_the_object() {
    let app = TestApp::start_ready();
    let checkout = Checkout::of(&app);
    for (path, body) in [("/api/nodegroups", nodegroup("workers")), ("/api/secrets", secret("db"))] {
        let (first, branch) = create(&app, path, &body);
        checkout.delete(&branch);
        wait_for_state(&app, first, "closed");
        let (second, same_branch) = create(&app, path, &body);
        assert!(second > first);
        assert_eq!(branch, same_branch, "the branch is the object's");
        wait_for_state(&app, first, "closed");
    }
    fsck(&app);
}

#[test]
fn a_withdrawn_pull_request_is_closed_its_branch_deleted_and_its_object_free() {
    let app = TestApp::start_ready();
    let (number, _) = create(&app, "/api/nodegroups", &nodegroup("workers"));
    let address = format!("/api/pull_requests/{number}");
    let withdrawn = app.delete(&address);
    assert_eq!((withdrawn.status, &withdrawn.json()["state"]), (200, &json!("closed")));
    assert_eq!(change_branches(&app), Vec::<String>::new());
    let again = app.delete(&address);
    assert_eq!((again.status, again.json()), (200, withdrawn.json()), "repeated, the same");
    let (second, _) = create(&app, "/api/nodegroups", &nodegroup("workers"));
    assert_eq!(second, number + 1);
    assert_eq!(app.delete(&format!("/api/pull_requests/{second}")).status, 200);
}

#[test]
fn a_merged_pull_request_cannot_be_withdrawn_and_a_deleted_object_can_be_made_again() {
    let app = TestApp::start_ready();
    let checkout = Checkout::of(&app);
    let created = app.post("/api/nodegroups", &nodegroup("workers")).json();
    checkout.merge_pull_request(&app, &created);
    let refused = app.delete(&format!("/api/pull_requests/{}", created["pull_request"]["number"]));
    assert_eq!((refused.status, refused.error_name().as_str()), (409, "ConflictError"));
    let deleted = app.delete("/api/nodegroups/workers");
    assert_eq!(deleted.status, 201, "{}", deleted.text());
    checkout.merge_pull_request(&app, &deleted.json());
    let created = app.post("/api/nodegroups", &nodegroup("workers"));
    assert_eq!(created.status, 201, "the very same request makes it anew: {}", created.text());
    checkout.merge_pull_request(&app, &created.json());
    wait_for("the listing", || (app.get("/api/nodegroups/workers").status == 200).then_some(()));
    let all = app.get("/api/pull_requests").json();
    let told: Vec<_> = all["items"].as_array().unwrap().iter().map(|item| (&item["action"], &item["state"])).collect();
    let (create, delete, merged) = (json!("create"), json!("delete"), json!("merged"));
    assert_eq!(told, [(&create, &merged), (&delete, &merged), (&create, &merged)], "newest first");
}

#[test]
fn commits_of_a_reviewer_on_the_branch_do_not_hide_the_request() {
    let app = TestApp::start_ready();
    let (number, branch) = create(&app, "/api/nodegroups", &nodegroup("workers"));
    let checkout = Checkout::of(&app);
    checkout.git(&["checkout", "--quiet", &branch]);
    std::fs::write(checkout.path().join("REVIEW.md"), "looks good").unwrap();
    checkout.git(&["add", "--all"]);
    checkout.git(&["commit", "--quiet", "--message", "a note"]);
    checkout.git(&["push", "--quiet", "origin", &branch]);
    let again = app.post("/api/nodegroups", &nodegroup("workers"));
    assert_eq!((again.status, again.json()["pull_request"]["number"].as_u64()), (200, Some(number)));
    checkout.merge(&branch);
    wait_for_state(&app, number, "merged");
}
