//! 422: values that break rules, all at once, each with its pointer and without the value.

use serde_json::{Value, json};

use super::{CANARY, assert_error};
use crate::support::TestApp;
use crate::support::bodies::{nodegroup, secret, with, without};
use crate::support::git::refs;

#[test]
fn missing_fields_are_told_all_at_once() {
    let app = TestApp::start_ready();
    let all = ["/cluster", "/instance_types", "/name", "/namespace", "/scaling"];
    assert_error(&app.post("/api/nodegroups", &json!({})), 422, "InputError", &all);
    let scaling = with(nodegroup("workers"), &json!({"scaling": {}}));
    assert_error(&app.post("/api/nodegroups", &scaling), 422, "InputError", &["/scaling/max", "/scaling/min"]);
    assert_error(&app.post("/api/secrets", &json!({})), 422, "InputError", &["/name", "/namespace", "/string_data"]);
    let taint = with(nodegroup("workers"), &json!({"taints": [{}, {"key": "a", "effect": "NO_SCHEDULE"}]}));
    assert_error(&app.post("/api/nodegroups", &taint), 422, "InputError", &["/taints/0/effect", "/taints/0/key"]);
}

#[test]
fn broken_rules_of_a_nodegroup_are_told_all_at_once() {
    let app = TestApp::start_ready();
    let before = refs(&app);
    let bad = json!({
        "name": "-Workers", "namespace": "team_a", "cluster": "-prod", "instance_types": ["m5.xlrge", "m5.large", "m5.large"],
        "capacity_type": CANARY, "scaling": {"min": 6, "max": 5}, "disk_size_gib": 16385,
        "labels": {"": "x", "kubernetes.io/x": "y", "ok": ""},
        "taints": [{"key": "a", "value": "x", "effect": CANARY}], "component": "",
    });
    let answer = app.post("/api/nodegroups", &bad);
    let all = [
        "/capacity_type",
        "/cluster",
        "/component",
        "/disk_size_gib",
        "/instance_types/0",
        "/instance_types/2",
        "/labels/",
        "/labels/kubernetes.io~1x",
        "/labels/ok",
        "/name",
        "/namespace",
        "/scaling/max",
        "/taints/0/effect",
    ];
    assert_error(&answer, 422, "InputError", &all);
    assert!(answer.json()["suggestions"].as_array().unwrap().contains(&json!("m5.xlarge")), "{}", answer.text());
    assert_eq!(refs(&app), before);
}

/// One member replaced, and the pointer that must be told.
#[track_caller]
fn refused(app: &TestApp, path: &str, body: Value, member: &Value, pointer: &str) {
    assert_error(&app.post(path, &with(body, member)), 422, "InputError", &[pointer]);
}

#[test]
fn each_limit_of_a_nodegroup_is_held() {
    let app = TestApp::start_ready();
    let long = |n: usize| "a".repeat(n);
    let types: Vec<String> = (0..21).map(|n| format!("m5.{n}")).collect();
    let taints =
        |n: usize| (0..n).map(|i| json!({"key": format!("k{i}"), "effect": "NO_SCHEDULE"})).collect::<Vec<_>>();
    let same =
        json!([{"key": "a", "value": "x", "effect": "NO_EXECUTE"}, {"key": "a", "value": "y", "effect": "NO_EXECUTE"}]);
    for (member, pointer) in [
        (json!({"name": long(64)}), "/name"),
        (json!({"namespace": long(64)}), "/namespace"),
        (json!({"cluster": long(101)}), "/cluster"),
        (json!({"instance_types": []}), "/instance_types"),
        (json!({"scaling": {"min": -1, "max": 5}}), "/scaling/min"),
        (json!({"scaling": {"min": 0, "max": 0}}), "/scaling/max"),
        (json!({"scaling": {"min": 0, "max": 10001}}), "/scaling/max"),
        (json!({"scaling": {"min": 2, "max": 5, "desired": 1}}), "/scaling/desired"),
        (json!({"scaling": {"min": 2, "max": 5, "desired": 6}}), "/scaling/desired"),
        (json!({"disk_size_gib": 0}), "/disk_size_gib"),
        (json!({"labels": {"a": long(64)}}), "/labels/a"),
        (json!({"labels": {"x.eks.amazonaws.com/a": "b"}}), "/labels/x.eks.amazonaws.com~1a"),
        (json!({"taints": taints(51)}), "/taints"),
        (json!({"taints": same}), "/taints/1"),
        (json!({"taints": [{"key": "a", "value": long(64), "effect": "NO_SCHEDULE"}]}), "/taints/0/value"),
        (json!({"component": long(64)}), "/component"),
        (json!({"instance_types": ["m5.xlarge", "m6g.large"]}), "/instance_types/1"),
    ] {
        refused(&app, "/api/nodegroups", nodegroup("workers"), &member, pointer);
    }
    let many = app.post("/api/nodegroups", &with(nodegroup("workers"), &json!({"instance_types": types})));
    assert_eq!(many.status, 422);
    // The limits themselves pass.
    let largest = json!({
        "name": long(63), "namespace": long(63), "cluster": long(100), "disk_size_gib": 16384, "component": long(63),
        "scaling": {"min": 0, "max": 10000, "desired": 10000}, "labels": {"a": long(63)}, "taints": taints(50),
    });
    let answer = app.post("/api/nodegroups?dry_run=true", &with(nodegroup("workers"), &largest));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn each_rule_of_a_secret_is_held_without_a_value_being_told() {
    let app = TestApp::start_ready();
    let long = |n: usize| "a".repeat(n);
    for (member, pointer) in [
        (json!({"name": long(249)}), "/name"),
        (json!({"name": "Db"}), "/name"),
        (json!({"type": "kubernetes.io/service-account-token"}), "/type"),
        (json!({"scope": CANARY}), "/scope"),
        (json!({"string_data": {"..": CANARY}}), "/string_data/.."),
        (json!({"string_data": {"a b": CANARY}}), "/string_data/a b"),
        (json!({"string_data": {"": CANARY}}), "/string_data/"),
        (json!({"data": {"x": CANARY}}), "/data/x"),
        (json!({"data": {"x": "YQ"}}), "/data/x"),
        (json!({"data": {"x": "YQ==\n"}}), "/data/x"),
        (json!({"data": {"x": "-_=="}}), "/data/x"),
        (json!({"data": {"user": "YQ=="}}), "/data/user"),
        (json!({"labels": {"app.kubernetes.io/instance": "x"}}), "/labels/app.kubernetes.io~1instance"),
        (
            json!({"annotations": {"sealedsecrets.bitnami.com/managed": "true"}}),
            "/annotations/sealedsecrets.bitnami.com~1managed",
        ),
        (json!({"annotations": {"argocd.argoproj.io/sync-wave": "1"}}), "/annotations/argocd.argoproj.io~1sync-wave"),
        (json!({"labels": {"a": "no good"}}), "/labels/a"),
    ] {
        refused(&app, "/api/secrets", secret("db"), &member, pointer);
    }
    let none = with(without(secret("db"), "data"), &json!({"string_data": {}}));
    assert_error(&app.post("/api/secrets", &none), 422, "InputError", &["/string_data"]);
    let big = with(secret("db"), &json!({"string_data": {"user": "x".repeat(1024 * 1024 + 1)}}));
    assert_error(&app.post("/api/secrets", &big), 422, "InputError", &["/data"]);
    let tls = json!({
        "name": "tls", "namespace": "team-a", "type": "kubernetes.io/tls", "string_data": {"tls.crt": CANARY},
    });
    assert_error(&app.post("/api/secrets", &tls), 422, "InputError", &["/data/tls.key", "/string_data/tls.crt"]);
    let edit = json!({"set": {"string_data": {"a": "x", "..b": CANARY}, "data": {"c": CANARY}}, "remove": [".."]});
    let all = ["/remove/0", "/set/data/c", "/set/string_data/..b"];
    assert_error(&app.put("/api/secrets/db?namespace=team-a", &edit), 422, "InputError", &all);
    let both = json!({"set": {"string_data": {"a": CANARY}}, "remove": ["a"]});
    assert_error(&app.put("/api/secrets/db?namespace=team-a", &both), 422, "InputError", &["/remove/0"]);
}

#[test]
fn what_a_put_may_not_change_is_a_422_that_says_to_make_a_new_one() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    let body = with(nodegroup("workers"), &json!({"disk_size_gib": 50}));
    assert_eq!(app.post("/api/nodegroups", &body).status, 201);
    let path = "/api/nodegroups/workers?namespace=team-a";
    let other =
        json!({"cluster": "test", "instance_types": ["m5.large"], "capacity_type": "SPOT", "disk_size_gib": 51});
    let answer = app.put(path, &other);
    assert_error(&answer, 422, "InputError", &["/capacity_type", "/cluster", "/disk_size_gib", "/instance_types"]);
    assert!(answer.text().contains("make a new nodegroup"));
    let equal =
        json!({"cluster": "prod", "instance_types": ["m5.xlarge"], "capacity_type": "ON_DEMAND", "disk_size_gib": 50});
    let answer = app.put(path, &equal);
    assert_eq!((answer.status, &answer.json()["changed"]), (200, &json!(false)), "equal ones may be sent");
    let answer = app.put(path, &json!({"scaling": {"min": 6}}));
    assert_error(&answer, 422, "InputError", &["/scaling/min"]);

    assert_eq!(app.post("/api/secrets", &secret("db")).status, 201);
    let nothing_left = app.put("/api/secrets/db?namespace=team-a", &json!({"remove": ["user", "password"]}));
    assert_error(&nothing_left, 422, "InputError", &["/remove"]);
}
