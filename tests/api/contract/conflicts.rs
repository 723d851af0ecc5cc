//! 409: open changes, ambiguous names, revisions, what stands in a path's way.

use serde_json::{Value, json};

use super::assert_error;
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::git::{refs, repository};
use crate::support::{Checkout, TestApp, wait_for};

#[test]
fn another_change_of_the_same_object_is_a_409_with_the_open_pull_request() {
    let app = TestApp::start_ready();
    let cases = [
        ("nodegroups", nodegroup("one"), json!({"cluster": "test"}), json!({"scaling": {"max": 9}})),
        ("secrets", secret("one"), json!({"string_data": {"user": "another"}}), json!({"remove": ["user"]})),
    ];
    for (resource, body, other, edit) in cases {
        let created = app.post(&format!("/api/{resource}"), &body).json();
        let before = refs(&app);
        let one = format!("/api/{resource}/one");
        for answer in [
            app.post(&format!("/api/{resource}"), &with(body.clone(), &other)),
            app.put(&one, &edit),
            app.put(&format!("{one}?namespace=team-a"), &edit),
            app.delete(&one),
            app.delete(&format!("{one}?namespace=team-a&dry_run=true")),
        ] {
            assert_error(&answer, 409, "ConflictError", &[]);
            assert_eq!(answer.json()["pull_request"], created["pull_request"]);
        }
        assert_eq!(refs(&app), before);
    }
}

#[test]
fn a_name_of_several_namespaces_is_a_409_that_lists_them() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    for namespace in ["team-b", "team-a"] {
        for (path, body) in [("/api/nodegroups", nodegroup("one")), ("/api/secrets", secret("one"))] {
            assert_eq!(app.post(path, &with(body, &json!({"namespace": namespace}))).status, 201);
        }
    }
    let candidates = json!([{"namespace": "team-a", "name": "one"}, {"namespace": "team-b", "name": "one"}]);
    for path in ["/api/nodegroups/one", "/api/secrets/one"] {
        for answer in [app.get(path), app.put(path, &json!({})), app.delete(path)] {
            assert_error(&answer, 409, "ConflictError", &[]);
            assert_eq!(answer.json()["candidates"], candidates);
        }
        assert_eq!(app.get(&format!("{path}?namespace=team-b")).json()["namespace"], "team-b");
    }
}

#[test]
fn the_same_name_for_another_cluster_is_a_409() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("one")).status, 201);
    let again = app.post("/api/nodegroups", &nodegroup("one"));
    assert_eq!((again.status, &again.json()["changed"]), (200, &json!(false)), "an equal one changes nothing");
    let other = app.post("/api/nodegroups", &with(nodegroup("one"), &json!({"cluster": "test"})));
    assert_error(&other, 409, "ConflictError", &[]);
    assert_eq!(other.json()["pull_request"], Value::Null);
    assert_eq!(app.post("/api/secrets", &secret("one")).status, 201);
    assert_error(&app.post("/api/secrets", &secret("one")), 409, "ConflictError", &[]);
}

#[test]
fn another_revision_than_the_one_that_was_read_is_a_409() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("one")).status, 201);
    assert_eq!(app.post("/api/secrets", &secret("one")).status, 201);
    for (path, edit) in
        [("/api/nodegroups/one", json!({"scaling": {"max": 9}})), ("/api/secrets/one", json!({"remove": ["user"]}))]
    {
        let old = app.get(path).json()["revision"].as_str().unwrap().to_owned();
        assert_eq!(app.put(&format!("{path}?revision={old}"), &edit).status, 201);
        for answer in [
            app.put(&format!("{path}?revision={old}"), &json!({"component": "shop"})),
            app.put(&format!("{path}?revision={old}&dry_run=true"), &json!({"component": "shop"})),
            app.delete(&format!("{path}?revision={old}")),
            app.delete(&format!("{path}?revision=")),
        ] {
            assert_error(&answer, 409, "ConflictError", &[]);
        }
        let new = app.get(path).json()["revision"].as_str().unwrap().to_owned();
        assert_eq!(app.delete(&format!("{path}?revision={new}")).status, 201);
    }
}

/// Waits until a dry run of a creation is refused: the service has seen what was pushed.
#[track_caller]
fn refused_after_push(app: &TestApp, path: &str, body: &Value) -> Value {
    let answer = wait_for("the push to be seen", || {
        let answer = app.post(&format!("{path}?dry_run=true"), body);
        (answer.status != 200).then_some(answer)
    });
    assert_error(&answer, 409, "ConflictError", &[]);
    let before = refs(app);
    let real = app.post(path, body);
    assert_error(&real, 409, "ConflictError", &[]);
    assert_eq!(refs(app), before);
    real.json()
}

#[test]
fn a_path_that_something_else_takes_is_a_409() {
    let app = TestApp::start_ready();
    let checkout = Checkout::of(&app);
    checkout
        .commit_file("nodegroups/team-a/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\n");
    checkout.commit_file("nodegroups/team-file", "a file where a folder should be\n");
    checkout.update();
    std::os::unix::fs::symlink("/etc", checkout.path().join("nodegroups/team-link")).unwrap();
    std::os::unix::fs::symlink("config.yaml", checkout.path().join("nodegroups/team-a/link.yaml")).unwrap();
    checkout.commit_all();
    checkout.update();
    let commit = checkout.git(&["rev-parse", "HEAD"]);
    checkout.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{},nodegroups/team-module", commit.trim()),
    ]);
    checkout.git(&["commit", "--quiet", "--message", "a submodule"]);
    checkout.push();
    for (namespace, name, reason) in [
        ("team-a", "config", "nodegroups/team-a/config.yaml"),
        ("team-file", "workers", "nodegroups/team-file"),
        ("team-link", "workers", "symlink"),
        ("team-a", "link", "symlink"),
        ("team-module", "workers", "submodule"),
    ] {
        let body = with(nodegroup(name), &json!({"namespace": namespace}));
        let told = refused_after_push(&app, "/api/nodegroups", &body);
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains(reason) && !detail.contains(repository(&app).to_str().unwrap()), "{detail}");
    }
}

#[test]
fn several_documents_in_one_file_are_listed_but_not_edited() {
    let app = TestApp::start_ready();
    let created = app.post("/api/nodegroups", &nodegroup("one")).json();
    let checkout = Checkout::of(&app);
    checkout.merge_pull_request(&app, &created);
    let path = "nodegroups/team-a/one.yaml";
    let one = checkout.show("dev", path);
    let both = format!("{one}---\n{}", one.replace("\"one\"", "\"two\""));
    checkout.commit_file(path, &both);
    wait_for("both", || (app.get("/api/nodegroups").json()["total_items"] == 2).then_some(()));
    let before = refs(&app);
    for name in ["one", "two"] {
        let path = format!("/api/nodegroups/{name}");
        for answer in [app.put(&path, &json!({"scaling": {"max": 9}})), app.delete(&path)] {
            assert_error(&answer, 409, "ConflictError", &[]);
            assert!(answer.text().contains("2 documents"), "{}", answer.text());
        }
    }
    assert_eq!(refs(&app), before);
}
