//! The whole loop: asked for, reviewed on GitHub, merged, listed, changed, withdrawn.

use serde_json::{Value, json};

use super::{Scene, ready};
use crate::support::bodies::{nodegroup, with};
use crate::support::git::wait_for_state;
use crate::support::wait_for;

#[test]
fn a_nodegroup_is_asked_for_merged_on_github_and_listed() {
    let scene = Scene::start();
    let app = scene.app();
    let body = nodegroup("workers");

    let preview = app.post("/api/nodegroups?dry_run=true", &body);
    assert_eq!((preview.status, &preview.json()["dry_run"]), (200, &json!(true)), "{}", preview.text());
    assert_eq!((scene.branches().len(), scene.pull_requests()), (0, 0), "a dry run writes nothing");

    let created = app.post("/api/nodegroups", &body);
    assert_eq!(created.status, 201, "{}", created.text());
    let created = created.json();
    assert_eq!(created["pull_request"]["url"], "https://github.com/acme/unicron/pull/1");
    assert_eq!(scene.branches(), [created["pull_request"]["branch"].as_str().unwrap()]);
    let again = app.post("/api/nodegroups", &body);
    assert_eq!((again.status, &again.json()["pull_request"]), (200, &created["pull_request"]), "{}", again.text());
    let other = app.post("/api/nodegroups", &with(body.clone(), &json!({"scaling": {"min": 1, "max": 6}})));
    assert_eq!((other.status, other.error_name().as_str()), (409, "ConflictError"));
    assert_eq!(other.json()["pull_request"]["number"], 1);
    assert_eq!(scene.pull_requests(), 1);
    assert_eq!(app.get("/api/nodegroups/workers").status, 404, "not before it is merged");

    scene.github.merge(1);
    let merged = wait_for_state(&app, 1, "merged");
    assert!(merged["merged_at"].is_string());
    assert_eq!(app.get("/api/pull_requests?state=merged").json()["total_items"], 1);
    let item = wait_for("the nodegroup", || {
        let answer = app.get("/api/nodegroups/workers");
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!((&item["cluster"], &item["scaling"]), (&body["cluster"], &body["scaling"]));
    wait_for("the branch's deletion", || scene.branches().is_empty().then_some(()));
    let equal = app.post("/api/nodegroups", &body).json();
    assert_eq!((&equal["changed"], &equal["pull_request"]), (&json!(false), &Value::Null));
}

#[test]
fn a_change_names_the_manifest_that_it_is_for_and_is_withdrawn() {
    let scene = Scene::start();
    let app = scene.app();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 201);
    scene.github.merge(1);
    let item = wait_for("the nodegroup", || {
        let answer = app.get("/api/nodegroups/workers");
        (answer.status == 200).then(|| answer.json())
    });
    let wanted = json!({"scaling": {"min": 2, "max": 8}});
    let put =
        |revision: &str| app.put(&format!("/api/nodegroups/workers?namespace=team-a&revision={revision}"), &wanted);
    let stale = put(&"0".repeat(40));
    assert_eq!(stale.status, 409, "{}", stale.text());
    let changed = put(item["revision"].as_str().unwrap());
    assert_eq!((changed.status, &changed.json()["pull_request"]["number"]), (201, &json!(2)), "{}", changed.text());

    let withdrawn = app.delete("/api/pull_requests/2");
    assert_eq!((withdrawn.status, &withdrawn.json()["state"]), (200, &json!("closed")), "{}", withdrawn.text());
    wait_for("the branch's deletion", || scene.branches().is_empty().then_some(()));
    assert!(!scene.github.state().pulls[&2].open);
    assert_eq!(app.delete("/api/pull_requests/2").status, 200, "once more does no harm");
    assert_eq!(app.delete("/api/pull_requests/1").status, 409, "it is merged");
    let anew = put(item["revision"].as_str().unwrap());
    assert_eq!((anew.status, &anew.json()["pull_request"]["number"]), (201, &json!(3)), "{}", anew.text());
}

#[test]
fn a_pull_request_gets_what_the_settings_ask_for_and_a_failure_there_is_a_warning() {
    let scene = Scene::start();
    let settings = scene.settings().env("GITHUB_LABELS", "gitops, nodes").env("GITHUB_ASSIGNEES", "ada");
    let app = ready(settings.env("GITHUB_REVIEWERS", "nobody").env("GITHUB_DRAFT", "true"));
    let created = app.post("/api/nodegroups", &nodegroup("workers"));
    assert_eq!((created.status, &created.json()["pull_request"]["draft"]), (201, &json!(true)), "{}", created.text());
    assert_eq!(created.json()["warnings"].as_array().map(Vec::len), Some(1), "{}", created.text());
    let pull = scene.github.state().pulls[&1].clone();
    let words = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!((words(&pull.labels).as_str(), words(&pull.assignees).as_str()), ("gitops nodes", "ada"));
    assert!(pull.draft && pull.reviewers.is_empty());
}
