//! The shapes of all answers: the members are those of the contract's examples, and snapshots show the whole.

use serde_json::{Value, json};

use super::members;
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::client::Answer;
use crate::support::{Checkout, TestApp, wait_for};

/// What is another at every run, by the member's name.
const CHANGING: [&str; 14] = [
    "instance",
    "commit",
    "created_at",
    "updated_at",
    "merged_at",
    "revision",
    "as_of",
    "age_seconds",
    "pem",
    "fingerprint",
    "certificate_fingerprint",
    "not_before",
    "not_after",
    "next_cursor",
];

/// An answer with everything replaced that is another at every run.
fn redacted(app: &TestApp, mut value: Value) -> Value {
    redact(app, &mut value);
    value.sort_all_objects();
    value
}

fn redact(app: &TestApp, value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                if CHANGING.contains(&key.as_str()) && !value.is_null() {
                    *value = json!(format!("[{key}]"));
                }
                redact(app, value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(app, item)),
        Value::String(text) => {
            let plain = text.replace(&app.address.to_string(), "[address]");
            *text = plain.replace(&app.folder().canonicalize().unwrap().display().to_string(), "[folder]");
        }
        _ => {}
    }
}

const PULL_REQUEST: [&str; 18] = [
    "action",
    "base",
    "branch",
    "cluster",
    "commit",
    "created_at",
    "draft",
    "files",
    "kind",
    "merged_at",
    "name",
    "namespace",
    "number",
    "requested_by",
    "state",
    "title",
    "updated_at",
    "url",
];
const NODEGROUP: [&str; 25] = [
    "ami_type",
    "architecture",
    "capacity_type",
    "cluster",
    "component",
    "conditions",
    "cost",
    "created_at",
    "disk_size_gib",
    "health_issues",
    "instance_types",
    "labels",
    "managed",
    "manifest",
    "message",
    "name",
    "namespace",
    "phase",
    "pull_request",
    "revision",
    "scaling",
    "status",
    "taints",
    "updated_at",
    "version",
];
const SECRET: [&str; 18] = [
    "certificate_fingerprint",
    "component",
    "created_at",
    "immutable",
    "keys",
    "labels",
    "managed",
    "manifest",
    "message",
    "name",
    "namespace",
    "pull_request",
    "revision",
    "scope",
    "sealed",
    "stale_seal",
    "synced",
    "type",
];

/// A service with a nodegroup and a secret, and an open change of each.
fn filled() -> TestApp {
    let app = TestApp::start_ready();
    let checkout = Checkout::of(&app);
    let full = json!({
        "component": "shop", "disk_size_gib": 50, "labels": {"team": "a"},
        "taints": [{"key": "dedicated", "value": "gpu", "effect": "NO_SCHEDULE"}],
    });
    for (path, body) in [
        ("/api/nodegroups", with(nodegroup("workers"), &full)),
        ("/api/secrets", with(secret("db"), &json!({"component": "shop"}))),
    ] {
        let created = app.post(path, &body);
        assert_eq!(created.status, 201, "{}", created.text());
        checkout.merge_pull_request(&app, &created.json());
    }
    wait_for("the nodegroup", || (app.get("/api/nodegroups/workers").status == 200).then_some(()));
    wait_for("the secret", || (app.get("/api/secrets/db").status == 200).then_some(()));
    app
}

#[test]
fn every_object_has_the_members_of_the_contract() {
    let app = filled();
    let change = app.put("/api/nodegroups/workers", &json!({"scaling": {"max": 6}})).json();
    assert_eq!(members(&change), ["changed", "commit", "files", "pull_request", "warnings"]);
    assert_eq!(app.delete("/api/secrets/db").status, 201);
    let snapshot = |name: &str, value: Value| insta::assert_json_snapshot!(name, redacted(&app, value));

    let nodegroups = app.get("/api/nodegroups").json();
    assert_eq!(members(&nodegroups), ["items", "page_info", "source", "total_items"]);
    assert_eq!(members(&nodegroups["page_info"]), ["next_cursor"]);
    assert_eq!(members(&nodegroups["source"]), ["age_seconds", "as_of", "kind", "stale"]);
    let item = &nodegroups["items"][0];
    assert_eq!(members(item), NODEGROUP);
    assert_eq!(members(&item["instance_types"][0]), ["known", "memory_mib", "name", "usd_per_hour", "vcpu"]);
    assert_eq!(members(&item["cost"]), ["basis", "upper_bound", "usd_per_hour", "usd_per_month"]);
    assert_eq!(members(&item["manifest"]), ["path", "url"]);
    assert_eq!(members(&item["pull_request"]), PULL_REQUEST);
    assert_eq!(&app.get("/api/nodegroups/workers").json(), item, "one looks as it does in the list");
    snapshot("nodegroups", nodegroups);

    let secrets = app.get("/api/secrets").json();
    assert_eq!(members(&secrets["items"][0]), SECRET);
    assert_eq!(members(&secrets["items"][0]["keys"][0]), ["bytes", "name", "state"]);
    assert_eq!(app.get("/api/secrets/db").json(), secrets["items"][0]);
    snapshot("secrets", secrets);

    let pull_requests = app.get("/api/pull_requests").json();
    for item in pull_requests["items"].as_array().unwrap() {
        assert_eq!(members(item), PULL_REQUEST);
        assert_eq!(&app.get(&format!("/api/pull_requests/{}", item["number"])).json(), item);
    }
    snapshot("pull_requests", pull_requests);
    snapshot("change", change);

    let certificate = app.get("/api/certificate").json();
    assert_eq!(members(&certificate), ["age_seconds", "fingerprint", "not_after", "not_before", "pem", "source"]);
    assert_eq!(certificate["fingerprint"].as_str().unwrap().len(), 64);
    snapshot("certificate", certificate);
    snapshot("options", app.get("/api/options").json());
}

#[test]
fn dry_runs_look_as_the_contract_says() {
    let app = filled();
    let snapshot = |name: &str, answer: Answer| insta::assert_json_snapshot!(name, redacted(&app, answer.json()));
    let new = with(nodegroup("new"), &json!({"labels": {"a": "b"}}));
    snapshot("dry_run_create", app.post("/api/nodegroups?dry_run=true", &new));
    snapshot("dry_run_update", app.put("/api/nodegroups/workers?dry_run=true", &json!({"scaling": {"max": 6}})));
    let mut deletion = app.delete("/api/secrets/db?dry_run=true").json();
    let diff = deletion["diff"].as_str().unwrap();
    assert!(diff.lines().skip(3).all(|line| line.starts_with('-')), "{diff}");
    deletion["diff"] = json!("[ciphertext]");
    insta::assert_json_snapshot!("dry_run_delete", redacted(&app, deletion));
}

#[test]
fn every_error_has_the_members_of_the_contract() {
    let app = filled();
    assert_eq!(app.put("/api/nodegroups/workers", &json!({"scaling": {"max": 6}})).status, 201);
    let plain = ["detail", "error", "errors", "instance", "request", "response", "status", "title", "type"];
    let cases = [
        ("400_body", app.post("/api/nodegroups", &json!({"name": 1, "bogus": 1})), &[][..]),
        ("400_parameter", app.get("/api/nodegroups?limt=1"), &["suggestions"]),
        ("403", app.post("/api/secrets", &with(secret("db"), &json!({"namespace": "argocd"}))), &[]),
        ("404_route", app.get("/api/none"), &[]),
        ("404_near", app.get("/api/nodegroups/worker"), &["suggestions"]),
        ("405", app.delete("/api/nodegroups"), &[]),
        ("409_open", app.delete("/api/nodegroups/workers"), &["pull_request"]),
        ("409_revision", app.delete("/api/secrets/db?revision=1"), &["pull_request"]),
        ("409_secret", app.post("/api/secrets", &secret("db")), &["pull_request"]),
        ("413", app.send("POST", "/api/secrets", &[("Content-Type", "application/json")], &vec![b'x'; 2_097_153]), &[]),
        ("415", app.send("POST", "/api/secrets", &[], b"{}"), &[]),
        (
            "422",
            app.post("/api/nodegroups", &with(nodegroup("n"), &json!({"instance_types": ["m5.xlrge"]}))),
            &["suggestions"],
        ),
    ];
    for (name, answer, more) in cases {
        let body = answer.json();
        let mut all = [&plain[..], more].concat();
        all.sort_unstable();
        assert_eq!(members(&body), all, "{name}");
        assert_eq!(body["status"], answer.status);
        insta::assert_json_snapshot!(format!("error_{name}"), redacted(&app, body));
    }
}
