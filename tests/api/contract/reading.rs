//! Reading: what the answers hold, 404 with near names, 503 before there is something to answer with.

use serde_json::{Value, json};

use super::assert_error;
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::{Checkout, TestApp, wait_for};

#[test]
fn what_is_not_there_is_a_404_with_near_names() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 201);
    assert_eq!(app.post("/api/secrets", &secret("database")).status, 201);
    for (path, near) in [("/api/nodegroups/wokers", "workers"), ("/api/secrets/databse", "database")] {
        let body = json!({});
        for answer in [
            app.get(path),
            app.get(&format!("{path}?namespace=team-a")),
            app.put(path, &body),
            app.put(&format!("{path}?namespace=team-a"), &body),
            app.delete(path),
            app.delete(&format!("{path}?namespace=team-a")),
        ] {
            assert_error(&answer, 404, "NotFoundError", &[]);
            assert_eq!(answer.json()["suggestions"], json!([near]), "{}", answer.text());
        }
        let answer = app.get("/api/nodegroups/quite-another");
        assert_error(&answer, 404, "NotFoundError", &[]);
        assert_eq!(answer.json().get("suggestions"), None);
    }
    assert_error(&app.get("/api/nodegroups/workers?namespace=team-b"), 404, "NotFoundError", &[]);
    for answer in [app.get("/api/pull_requests/7"), app.delete("/api/pull_requests/7")] {
        assert_error(&answer, 404, "NotFoundError", &[]);
    }
}

#[test]
fn without_a_price_list_a_new_nodegroup_is_a_503_that_says_when_to_try_again() {
    let app = TestApp::builder().with_sealing_key().start();
    let answer = app.post("/api/nodegroups", &nodegroup("workers"));
    assert_error(&answer, 503, "ServiceUnavailableError", &[]);
    let seconds = answer.json()["retry_after_seconds"].as_u64().unwrap();
    assert_eq!(answer.header("retry-after"), Some(seconds.to_string().as_str()));
    assert!(seconds >= 1);
    assert_eq!(app.post("/api/secrets", &secret("db")).status, 201, "a secret needs no prices");
}

#[test]
fn a_nodegroup_whose_type_the_price_list_lacks_is_listed_without_cost() {
    let app = TestApp::start_ready();
    let created = app.post("/api/nodegroups", &nodegroup("workers")).json();
    let checkout = Checkout::of(&app);
    checkout.merge_pull_request(&app, &created);
    let path = "nodegroups/team-a/workers.yaml";
    let manifest = checkout.show("dev", path).replace("m5.xlarge", "m99.xlarge");
    checkout.commit_file(path, &manifest);
    let item = wait_for("the change", || {
        let item = app.get("/api/nodegroups/workers").json();
        (item["instance_types"][0]["name"] == "m99.xlarge").then_some(item)
    });
    let unknown = json!({"name": "m99.xlarge", "known": false, "vcpu": null, "memory_mib": null, "usd_per_hour": null});
    assert_eq!(item["instance_types"], json!([unknown]));
    assert_eq!((&item["cost"], &item["architecture"]), (&Value::Null, &Value::Null));
}

#[test]
fn spot_costs_at_most_what_its_dearest_type_costs() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    let spot = json!({"capacity_type": "SPOT", "instance_types": ["m5.xlarge", "m5.2xlarge"], "scaling": {"min": 0, "max": 2}});
    assert_eq!(app.post("/api/nodegroups", &with(nodegroup("spot"), &spot)).status, 201);
    let item = app.get("/api/nodegroups/spot").json();
    assert_eq!(item["scaling"], json!({"min": 0, "max": 2, "desired": 1}), "the default of desired");
    let cost = &item["cost"];
    assert_eq!((&cost["basis"], &cost["upper_bound"]), (&json!("m5.2xlarge"), &json!(true)));
    assert_eq!(cost["usd_per_hour"], json!({"min": "0.000", "desired": "0.384", "max": "0.768"}));
}

#[test]
fn what_two_files_declare_is_shown_as_invalid_and_not_touched() {
    let app = TestApp::start_ready();
    let checkout = Checkout::of(&app);
    let manifest = "apiVersion: eks.services.k8s.aws/v1alpha1\nkind: Nodegroup\nmetadata: {name: odd, namespace: team-a}\nspec: {name: odd}\n";
    for file in ["odd.yaml", "again.yaml"] {
        checkout.commit_file(&format!("nodegroups/team-a/{file}"), manifest);
    }
    let invalid =
        || app.get("/api/nodegroups").json()["items"].get(0).filter(|item| item["phase"] == "Invalid").cloned();
    let item = wait_for("the second file", invalid);
    assert_eq!(item["name"], "odd");
    assert!(item["message"].is_string());
    assert_eq!(app.get("/api/nodegroups?phase=Invalid").json()["total_items"], 1);
    assert_error(
        &app.put("/api/nodegroups/odd?namespace=team-a", &json!({"scaling": {"max": 3}})),
        409,
        "ConflictError",
        &[],
    );
    assert_error(&app.post("/api/nodegroups", &nodegroup("odd")), 409, "ConflictError", &[]);
}
