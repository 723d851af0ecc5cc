//! 400: what can't be read, each thing named by its pointer, no value echoed.

use serde_json::{Value, json};

use super::{CANARY, assert_error};
use crate::support::TestApp;
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::git::refs;

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

/// The writes with a body: method and address.
const BODIES: [(&str, &str); 4] = [
    ("POST", "/api/nodegroups"),
    ("PUT", "/api/nodegroups/workers?namespace=team-a"),
    ("POST", "/api/secrets"),
    ("PUT", "/api/secrets/db?namespace=team-a"),
];

#[test]
fn what_is_no_json_is_a_400_with_line_and_column() {
    let app = TestApp::start_ready();
    let before = refs(&app);
    let texts = [
        String::new(),
        "{".to_owned(),
        format!("{{\"name\": \"{CANARY}\""),
        format!("{{\"name\": {CANARY}}}"),
        format!("{{\"name\": \"{CANARY}\"}} x"),
        format!("{{\"name\": \"{CANARY}\",}}"),
        format!("{{\"string_data\": {{\"a\": \"{CANARY}\n\"}}}}"),
        format!("\u{feff}{{\"name\": \"{CANARY}\"}}"),
        format!("{{\"a\": NaN, \"b\": \"{CANARY}\"}}"),
        format!("{{\"a\": 01, \"b\": \"{CANARY}\"}}"),
        format!("{{\"a\": \"\\ud800\", \"b\": \"{CANARY}\"}}"),
        format!("{}\"{CANARY}\"{}", "[".repeat(5000), "]".repeat(5000)),
    ];
    for (method, path) in BODIES {
        for text in &texts {
            let answer = app.send(method, path, &JSON, text.as_bytes());
            assert_error(&answer, 400, "InputError", &[""]);
            assert!(answer.json()["detail"].as_str().unwrap().contains("line 1, column "), "{}", answer.text());
        }
        let no_utf8 = [b"{\"name\": \"", &[0xff][..], b"\"}"].concat();
        assert_error(&app.send(method, path, &JSON, &no_utf8), 400, "InputError", &[""]);
    }
    assert_eq!(refs(&app), before);
}

#[test]
fn a_body_that_is_no_object_is_a_400() {
    let app = TestApp::start_ready();
    for (method, path) in BODIES {
        for body in [json!(null), json!([]), json!(CANARY), json!(1), json!(true)] {
            let answer = app.send(method, path, &JSON, body.to_string().as_bytes());
            assert_error(&answer, 400, "InputError", &[""]);
        }
    }
}

#[test]
fn wrong_types_of_a_nodegroup_are_told_all_at_once() {
    let app = TestApp::start_ready();
    let bad = json!({
        "name": 1, "namespace": null, "cluster": [CANARY], "instance_types": CANARY, "capacity_type": {"a": CANARY},
        "scaling": {"min": 1.5, "max": "5", "desired": true}, "disk_size_gib": 1e100, "labels": {"a/b": 1, "c": null},
        "taints": [CANARY, {"key": 1, "value": null, "effect": []}], "component": 1,
    });
    let scaling = ["/scaling/desired", "/scaling/max", "/scaling/min"];
    let shared =
        ["/capacity_type", "/cluster", "/component", "/disk_size_gib", "/instance_types", "/labels/a~1b", "/labels/c"];
    let taints = ["/taints/0", "/taints/1/effect", "/taints/1/key", "/taints/1/value"];
    let created = [&shared[..], &["/name", "/namespace"], &scaling, &taints].concat();
    assert_error(&app.post("/api/nodegroups", &bad), 400, "InputError", &created);
    let mut bad = bad;
    for fixed in ["name", "namespace"] {
        bad.as_object_mut().unwrap().remove(fixed);
    }
    let changed = [&shared[..], &scaling, &taints].concat();
    assert_error(&app.put("/api/nodegroups/workers?namespace=team-a", &bad), 400, "InputError", &changed);
    let items = with(nodegroup("workers"), &json!({"instance_types": ["m5.xlarge", 1, null]}));
    assert_error(&app.post("/api/nodegroups", &items), 400, "InputError", &["/instance_types/1", "/instance_types/2"]);
}

#[test]
fn wrong_types_of_a_secret_are_told_all_at_once_without_a_value() {
    let app = TestApp::start_ready();
    let bad = json!({
        "name": 1, "namespace": [], "type": 1, "scope": false, "string_data": {"user": 1, "b": [CANARY]},
        "data": {"password": {"x": CANARY}}, "labels": CANARY, "annotations": {"a": 1}, "immutable": CANARY, "component": [],
    });
    let all = [
        "/annotations/a",
        "/component",
        "/data/password",
        "/immutable",
        "/labels",
        "/name",
        "/namespace",
        "/scope",
        "/string_data/b",
        "/string_data/user",
        "/type",
    ];
    assert_error(&app.post("/api/secrets", &bad), 400, "InputError", &all);
    let bad = json!({"set": {"string_data": CANARY, "data": {"a": 1}}, "remove": [1, CANARY], "component": 1});
    let all = ["/component", "/remove/0", "/set/data/a", "/set/string_data"];
    assert_error(&app.put("/api/secrets/db?namespace=team-a", &bad), 400, "InputError", &all);
    let set = json!({"set": [CANARY], "remove": CANARY});
    assert_error(&app.put("/api/secrets/db?namespace=team-a", &set), 400, "InputError", &["/remove", "/set"]);
}

#[test]
fn a_number_with_a_fraction_is_no_whole_number_even_when_the_fraction_is_zero() {
    let app = TestApp::start_ready();
    for number in ["1.0", "1e0", "1.5", "-0.0"] {
        let body = nodegroup("workers").to_string().replace("\"min\":1", &format!("\"min\":{number}"));
        let answer = app.send("POST", "/api/nodegroups", &JSON, body.as_bytes());
        assert_error(&answer, 400, "InputError", &["/scaling/min"]);
    }
    for number in ["9223372036854775807", "99999999999999999999", "-99999999999999999999"] {
        let body = nodegroup("workers").to_string().replace("\"min\":1", &format!("\"min\":{number}"));
        assert_eq!(app.send("POST", "/api/nodegroups", &JSON, body.as_bytes()).status, 422, "{number}");
    }
}

#[test]
fn unknown_fields_are_named_at_every_depth_with_near_names() {
    let app = TestApp::start_ready();
    let body = with(
        nodegroup("workers"),
        &json!({
            "labls": {"a": CANARY}, "a/b~c": CANARY, "scaling": {"min": 1, "max": 2, "maximum": CANARY},
            "taints": [{"key": "a", "effect": "NO_SCHEDULE", "colour": CANARY}],
        }),
    );
    let answer = app.post("/api/nodegroups", &body);
    assert_error(&answer, 400, "InputError", &["/a~1b~0c", "/labls", "/scaling/maximum", "/taints/0/colour"]);
    assert!(answer.json()["suggestions"].as_array().unwrap().contains(&json!("labels")));

    let unknown = with(secret("db"), &json!({"stringData": {"a": CANARY}, "values": CANARY}));
    let answer = app.post("/api/secrets", &unknown);
    assert_error(&answer, 400, "InputError", &["/stringData", "/values"]);
    assert!(answer.json()["suggestions"].as_array().unwrap().contains(&json!("string_data")));
    let edit = json!({"set": {"string_data": {}, "datas": {"a": CANARY}}, "string_data": {"a": CANARY}, "name": "db"});
    let answer = app.put("/api/secrets/db?namespace=team-a", &edit);
    assert_error(&answer, 400, "InputError", &["/name", "/set/datas", "/string_data"]);
    let names = json!({"name": "workers", "namespace": "team-a"});
    let answer = app.put("/api/nodegroups/workers?namespace=team-a", &names);
    assert_error(&answer, 400, "InputError", &["/name", "/namespace"]);
}

#[test]
fn a_repeated_key_is_named_by_its_pointer() {
    let app = TestApp::start_ready();
    let body =
        format!("{{\"name\": \"a\", \"labels\": {{\"x/y\": \"{CANARY}\", \"x/y\": \"b\"}}, \"name\": \"{CANARY}\"}}");
    for (method, path) in BODIES {
        let answer = app.send(method, path, &JSON, body.as_bytes());
        assert_error(&answer, 400, "InputError", &["/labels/x~1y", "/name"]);
    }
    let escaped = format!("{{\"string_data\": {{\"user\": \"{CANARY}\", \"us\\u0065r\": \"b\"}}}}");
    let answer = app.send("POST", "/api/secrets", &JSON, escaped.as_bytes());
    assert_error(&answer, 400, "InputError", &["/string_data/user"]);
}

#[test]
fn parameters_that_are_unknown_repeated_or_unreadable_are_a_400_that_names_them() {
    let app = TestApp::start_ready();
    let lists = ["/api/nodegroups", "/api/secrets", "/api/pull_requests"];
    for path in lists {
        let bad = format!("{path}?limit=0&limt=1&namespace=Team_A&name=a&name=b&cursor=c");
        let all = ["?cursor", "?limit", "?limt", "?name", "?namespace"];
        assert_error(&app.get(&bad), 400, "InputError", &all);
        for limit in ["", "1001", "-1", "1.0", "%2B1", "99999999999999999999"] {
            assert_error(&app.get(&format!("{path}?limit={limit}")), 400, "InputError", &["?limit"]);
        }
        assert_error(&app.get(&format!("{path}?name=%ff")), 400, "InputError", &["?name"]);
    }
    assert_error(&app.get("/api/nodegroups?phase=active&cluster=-"), 400, "InputError", &["?cluster", "?phase"]);
    assert_error(&app.get("/api/pull_requests?state=opened&kind=pod"), 400, "InputError", &["?kind", "?state"]);
    assert_error(&app.get("/api/secrets?cluster=prod&phase=Active"), 400, "InputError", &["?cluster", "?phase"]);
    for path in ["/api/nodegroups/workers", "/api/secrets/db"] {
        assert_error(&app.get(&format!("{path}?namespace=")), 400, "InputError", &["?namespace"]);
        assert_error(&app.get(&format!("{path}?revision=1")), 400, "InputError", &["?revision"]);
        let answer = app.delete(&format!("{path}?dry_run=yes&force=true&namespace=A"));
        assert_error(&answer, 400, "InputError", &["?dry_run", "?force", "?namespace"]);
        let answer = app.put(&format!("{path}?dry_run=1&forse=true"), &json!({}));
        assert_error(&answer, 400, "InputError", &["?dry_run", "?forse"]);
    }
    for path in ["/api/certificate?a=1", "/api/options?a=1", "/api/pull_requests/1?a=1"] {
        assert_error(&app.get(path), 400, "InputError", &["?a"]);
    }
    assert_error(&app.delete("/api/pull_requests/1?dry_run=maybe"), 400, "InputError", &["?dry_run"]);
    let answer = app.post("/api/nodegroups?namespace=team-a&dry_run=TRUE", &nodegroup("workers"));
    assert_error(&answer, 400, "InputError", &["?dry_run", "?namespace"]);
    let answer = app.post("/api/secrets?revision=1", &secret("db"));
    assert_error(&answer, 400, "InputError", &["?revision"]);
    assert_eq!(app.get("/api/pull_requests").json()["items"], Value::Array(vec![]));
}
