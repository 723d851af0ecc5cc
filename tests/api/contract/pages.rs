//! Lists: order, filters, pages, cursors.

use serde_json::{Value, json};

use super::assert_error;
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::{Checkout, TestApp, wait_for};

/// Puts nodegroups and secrets on the base branch, in direct mode.
fn filled() -> TestApp {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    for (namespace, name, cluster) in [
        ("team-b", "aa", "prod"),
        ("team-a", "workers", "prod"),
        ("team-a", "batch", "test"),
        ("team-c", "workers", "prod"),
    ] {
        let members = json!({"namespace": namespace, "cluster": cluster, "component": name});
        assert_eq!(app.post("/api/nodegroups", &with(nodegroup(name), &members)).status, 201);
    }
    for (namespace, name) in [("team-b", "db"), ("team-a", "db"), ("team-a", "cache")] {
        assert_eq!(app.post("/api/secrets", &with(secret(name), &json!({"namespace": namespace}))).status, 201);
    }
    app
}

fn names(list: &Value) -> Vec<String> {
    let name = |item: &Value| format!("{}/{}", item["namespace"].as_str().unwrap(), item["name"].as_str().unwrap());
    list["items"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn lists_are_in_order_filtered_and_counted_after_the_filters() {
    let app = filled();
    let get = |path: &str| app.get(path).json();
    let all = ["team-a/batch", "team-a/workers", "team-b/aa", "team-c/workers"];
    assert_eq!(names(&get("/api/nodegroups")), all);
    for (filters, expected) in [
        ("namespace=team-a", &["team-a/batch", "team-a/workers"][..]),
        ("name=w*", &["team-a/workers", "team-c/workers"]),
        ("name=?a", &["team-b/aa"]),
        ("cluster=test", &["team-a/batch"]),
        ("component=workers&namespace=team-c", &["team-c/workers"]),
        ("phase=Pending&name=batch", &["team-a/batch"]),
        ("phase=Active", &[]),
        ("name=nothing", &[]),
    ] {
        let list = get(&format!("/api/nodegroups?{filters}"));
        assert_eq!(names(&list), expected, "{filters}");
        assert_eq!(list["total_items"], expected.len(), "{filters}");
    }
    assert_eq!(names(&get("/api/secrets")), ["team-a/cache", "team-a/db", "team-b/db"]);
    assert_eq!(names(&get("/api/secrets?name=d*&namespace=team-b")), ["team-b/db"]);
}

#[test]
fn pages_follow_each_other_without_repeating_or_missing_an_item() {
    let app = filled();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/nodegroups?limit=1{cursor}")).json();
        assert_eq!(page["total_items"], 4);
        seen.extend(names(&page));
        match page["page_info"]["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["team-a/batch", "team-a/workers", "team-b/aa", "team-c/workers"]);
    assert_eq!(app.get("/api/nodegroups?limit=4").json()["page_info"]["next_cursor"], Value::Null);
}

#[test]
fn a_list_is_sent_with_its_length_and_pages_are_cut_out_of_the_same_items() {
    let app = filled();
    for path in ["/api/nodegroups", "/api/secrets"] {
        let whole = app.get(path);
        assert_eq!(whole.header("content-length"), Some(whole.body.len().to_string().as_str()));
        assert_eq!(whole.header("content-type"), Some("application/json"));
        let items = whole.json()["items"].as_array().unwrap().clone();
        for (query, expected) in [("limit=1000", &items[..]), ("name=*", &items[..]), ("limit=2", &items[..2])] {
            assert_eq!(app.get(&format!("{path}?{query}")).json()["items"].as_array().unwrap(), expected, "{query}");
        }
        let (first, name) = (&items[0], items[0]["name"].as_str().unwrap());
        assert_eq!(app.get(&format!("{path}/{name}?namespace=team-a")).json(), *first, "alone it is the same");
    }
}

#[test]
fn a_change_between_two_pages_repeats_nothing() {
    let app = filled();
    let page = app.get("/api/nodegroups?limit=2").json();
    let cursor = page["page_info"]["next_cursor"].as_str().unwrap();
    // The item that the cursor names goes, another comes before it.
    assert_eq!(app.delete("/api/nodegroups/workers?namespace=team-a").status, 201);
    let new = with(nodegroup("aaa"), &json!({"namespace": "team-a"}));
    assert_eq!(app.post("/api/nodegroups", &new).status, 201);
    let rest = app.get(&format!("/api/nodegroups?limit=2&cursor={cursor}")).json();
    assert_eq!(names(&rest), ["team-b/aa", "team-c/workers"]);
}

#[test]
fn a_cursor_of_another_query_is_a_400() {
    let app = filled();
    let page = app.get("/api/nodegroups?limit=1").json();
    let cursor = page["page_info"]["next_cursor"].as_str().unwrap();
    for path in [
        format!("/api/nodegroups?limit=1&namespace=team-a&cursor={cursor}"),
        format!("/api/secrets?limit=1&cursor={cursor}"),
        format!("/api/pull_requests?limit=1&cursor={cursor}"),
        format!("/api/nodegroups?limit=1&cursor={}", &cursor[1..]),
        format!("/api/nodegroups?limit=1&cursor={cursor}x"),
        "/api/nodegroups?cursor=".to_owned(),
    ] {
        assert_error(&app.get(&path), 400, "InputError", &["?cursor"]);
    }
    let answer = app.get(&format!("/api/nodegroups?limit=3&cursor={cursor}"));
    assert_eq!(
        names(&answer.json()),
        ["team-a/workers", "team-b/aa", "team-c/workers"],
        "another limit is no other query"
    );
}

#[test]
fn pull_requests_are_newest_first_filtered_and_paged() {
    let app = TestApp::start_ready();
    for name in ["first", "second", "third"] {
        assert_eq!(app.post("/api/nodegroups", &nodegroup(name)).status, 201);
    }
    assert_eq!(app.post("/api/secrets", &secret("db")).status, 201);
    assert_eq!(app.delete("/api/pull_requests/2").status, 200);
    Checkout::of(&app).merge_pull_request(&app, &json!({"pull_request": app.get("/api/pull_requests/1").json()}));
    let names = |query: &str| names(&app.get(&format!("/api/pull_requests{query}")).json());
    assert_eq!(names(""), ["team-a/db", "team-a/third", "team-a/second", "team-a/first"]);
    assert_eq!(names("?state=open"), ["team-a/db", "team-a/third"]);
    assert_eq!(names("?state=closed"), ["team-a/second"]);
    assert_eq!(names("?state=merged"), ["team-a/first"]);
    assert_eq!(names("?kind=nodegroup&name=*ir*"), ["team-a/third", "team-a/first"]);
    assert_eq!(names("?namespace=team-b"), Vec::<String>::new());
    let page = app.get("/api/pull_requests?limit=1").json();
    let cursor = page["page_info"]["next_cursor"].as_str().unwrap();
    assert_eq!(names(&format!("?limit=1&cursor={cursor}")), ["team-a/third"]);
    wait_for("the listing", || (app.get("/api/nodegroups").json()["total_items"] == 1).then_some(()));
}
