//! The README's loop: an empty folder, create, pull request, plain git merge, listed; changed, deleted, gone.

mod ends;
mod secrets;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::bodies::{nodegroup, with};
use crate::support::git::{change_branches, wait_for_state};
use crate::support::{Checkout, TestApp, wait_for};

/// Whether this build has the listing of instance types.
fn lists_instance_types() -> bool {
    crate::support::documented::document()["paths"]["/api/instance_types"].is_object()
}

/// The pull request's number and branch in a write's answer.
#[track_caller]
fn opened(answer: &Value) -> (u64, String) {
    let pull_request = &answer["pull_request"];
    (pull_request["number"].as_u64().unwrap(), pull_request["branch"].as_str().unwrap().to_owned())
}

#[test]
fn from_an_empty_folder_a_nodegroup_is_created_merged_listed_changed_and_deleted() {
    let app = TestApp::builder().with_prices().start();
    assert_eq!(std::fs::read_dir(app.folder()).unwrap().count(), 1, "the folder was empty: .gitops alone is there now");
    app.wait_until_ready();
    if lists_instance_types() {
        assert_eq!(app.get("/api/instance_types?limit=1").json()["total_items"], 1345);
    }
    assert_eq!(app.get("/api/nodegroups").json()["total_items"], 0);

    // Created, asked for again, asked for otherwise.
    let body = with(
        nodegroup("workers"),
        &json!({
            "disk_size_gib": 50, "labels": {"team": "a"}, "component": "shop",
            "taints": [{"key": "dedicated", "value": "gpu", "effect": "NO_SCHEDULE"}],
        }),
    );
    let created = app.post("/api/nodegroups", &body);
    assert_eq!(created.status, 201, "{}", created.text());
    let created = created.json();
    let (number, branch) = opened(&created);
    let again = app.post("/api/nodegroups", &body);
    assert_eq!((again.status, again.json()), (200, created.clone()), "the first answer again");
    let other = app.post("/api/nodegroups", &with(body.clone(), &json!({"scaling": {"min": 1, "max": 6}})));
    assert_eq!((other.status, other.error_name().as_str()), (409, "ConflictError"));
    assert_eq!(other.json()["pull_request"], created["pull_request"]);
    assert_eq!(change_branches(&app), std::slice::from_ref(&branch));
    assert_eq!(app.get("/api/nodegroups").json()["total_items"], 0, "not before it is merged");

    // Merged with plain git, listed soon; the bound is generous, as the machine may be busy.
    let checkout = Checkout::of(&app);
    checkout.merge(&branch);
    let merged = Instant::now();
    let item = wait_for("the nodegroup", || app.get("/api/nodegroups").json()["items"].get(0).cloned());
    assert!(merged.elapsed() < Duration::from_secs(10), "{:?}", merged.elapsed());
    let types = json!([{"name": "m5.xlarge", "known": true, "vcpu": 4, "memory_mib": 16384, "usd_per_hour": "0.192"}]);
    assert_eq!((&item["instance_types"], &item["architecture"]), (&types, &json!("x86_64")));
    assert_eq!(
        item["cost"],
        json!({
            "basis": "m5.xlarge", "upper_bound": false,
            "usd_per_hour": {"min": "0.192", "desired": "0.384", "max": "0.960"},
            "usd_per_month": {"min": "140.16", "desired": "280.32", "max": "700.80"},
        })
    );
    assert_eq!((&item["phase"], &item["component"]), (&json!("Pending"), &json!("shop")));
    for field in ["disk_size_gib", "labels", "taints", "cluster"] {
        assert_eq!(item[field], body[field], "{field}");
    }
    let pull_request = wait_for_state(&app, number, "merged");
    assert!(pull_request["merged_at"].is_string());
    wait_for("the branch's deletion", || change_branches(&app).is_empty().then_some(()));
    let equal = app.post("/api/nodegroups", &body).json();
    assert_eq!((&equal["changed"], &equal["pull_request"]), (&json!(false), &Value::Null));

    // Changed: only what was sent changes.
    let wanted = json!({"scaling": {"min": 2, "max": 8}});
    let changed = app.put("/api/nodegroups/workers?namespace=team-a", &wanted);
    assert_eq!(changed.status, 201, "{}", changed.text());
    let shown = app.get("/api/nodegroups/workers").json();
    assert_eq!(shown["pull_request"], changed.json()["pull_request"]);
    assert_eq!(shown["scaling"], json!({"min": 1, "max": 5, "desired": 2}), "not before it is merged");
    checkout.merge_pull_request(&app, &changed.json());
    let item = wait_for("the change", || {
        let item = app.get("/api/nodegroups/workers?namespace=team-a").json();
        (item["scaling"] == json!({"min": 2, "max": 8, "desired": 2})).then_some(item)
    });
    assert_eq!((&item["taints"], &item["pull_request"]), (&body["taints"], &Value::Null));
    assert_eq!(item["cost"]["usd_per_hour"]["max"], "1.536");

    // Deleted: gone, and the folder kept.
    let deleted = app.delete("/api/nodegroups/workers?namespace=team-a");
    assert_eq!(deleted.status, 201, "{}", deleted.text());
    checkout.merge_pull_request(&app, &deleted.json());
    wait_for("the end", || (app.get("/api/nodegroups").json()["total_items"] == 0).then_some(()));
    assert_eq!(app.get("/api/nodegroups/workers").status, 404);
    let left = checkout.update().git(&["ls-files", "nodegroups/team-a"]);
    assert_eq!(left, "nodegroups/team-a/.gitkeep\n");
}
