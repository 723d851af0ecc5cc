//! Rights per namespace: what somebody may not see isn't there, and what they may not change is refused.

use serde_json::{Value, json};

use crate::support::backstage::Backstage;
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::client::Answer;
use crate::support::file_server::Reply;
use crate::support::git::Checkout;
use crate::support::tokens::{READER, WRITER, file};
use crate::support::{TestApp, wait_for};

fn send(app: &TestApp, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    app.send(method, path, &headers, body.as_bytes())
}

fn get(app: &TestApp, token: &str, path: &str) -> Answer {
    send(app, token, "GET", path, &Value::Null)
}

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().unwrap().clone();
    items
        .iter()
        .map(|item| format!("{}/{}", item["namespace"].as_str().unwrap(), item["name"].as_str().unwrap()))
        .collect()
}

/// Two namespaces with a nodegroup and a secret each, merged, and one open change in each. `bob` may write to both, `ada` reads one.
fn scene() -> TestApp {
    let app = TestApp::builder()
        .ready_to_write()
        .file("tokens", file())
        .file("access", "# rights\nteam-a read ada\n* write bob\n")
        .env("AUTH_TOKENS_FILE", "tokens")
        .env("NAMESPACE_ACCESS_FILE", "access")
        .start_ready();
    for namespace in ["team-a", "team-b"] {
        let at = json!({"namespace": namespace});
        for (path, body) in [("/api/nodegroups", nodegroup("workers")), ("/api/secrets", secret("db"))] {
            let answer = send(&app, WRITER, "POST", path, &with(body, &at));
            assert_eq!(answer.status, 201, "{}", answer.text());
            let branch = answer.json()["pull_request"]["branch"].as_str().unwrap().to_owned();
            let checkout = Checkout::of(&app);
            checkout.merge(&branch);
        }
    }
    wait_for("what was merged", || (names(&get(&app, WRITER, "/api/secrets")).len() == 2).then_some(()));
    for namespace in ["team-a", "team-b"] {
        let body = with(nodegroup("batch"), &json!({"namespace": namespace, "cluster": format!("of-{namespace}")}));
        assert_eq!(send(&app, WRITER, "POST", "/api/nodegroups", &body).status, 201);
    }
    app
}

#[test]
fn what_somebody_may_not_see_is_nowhere() {
    let app = scene();
    for path in ["/api/nodegroups", "/api/secrets"] {
        // Whoever may see more asked first: what is kept for them is nobody else's.
        assert_eq!(names(&get(&app, WRITER, path)).len(), 2);
        let list = get(&app, READER, path);
        assert_eq!((names(&list).len(), &list.json()["total_items"]), (1, &json!(1)), "{path}");
        assert!(names(&list)[0].starts_with("team-a/"));
        assert_eq!(get(&app, READER, &format!("{path}?namespace=team-b")).json()["total_items"], 0);
        assert_eq!(get(&app, READER, &format!("{path}?limit=1")).json()["page_info"]["next_cursor"], Value::Null);
    }
    // The name alone is the one that they may see; for who sees both it isn't enough.
    assert_eq!(get(&app, READER, "/api/nodegroups/workers").json()["namespace"], "team-a");
    assert_eq!(get(&app, WRITER, "/api/nodegroups/workers").status, 409);
    for (there, nowhere) in [
        ("/api/secrets/db?namespace=team-b", "/api/secrets/db?namespace=team-c"),
        ("/api/nodegroups/workers?namespace=team-b", "/api/nodegroups/workers?namespace=team-c"),
        ("/api/nodegroups/worker?namespace=team-b", "/api/nodegroups/worker?namespace=team-c"),
    ] {
        let [hidden, missing] = [there, nowhere].map(|path| {
            let answer = get(&app, READER, path);
            let text = answer.json()["detail"].as_str().unwrap().replace("team-b", "…").replace("team-c", "…");
            (answer.status, text, answer.json()["suggestions"].clone())
        });
        assert_eq!(hidden, missing, "as if it weren't there");
        assert_eq!(hidden.0, 404);
    }
    let pulls = get(&app, READER, "/api/pull_requests");
    assert!(names(&pulls).iter().all(|name| name.starts_with("team-a/")), "{:?}", names(&pulls));
    assert_eq!((names(&pulls).len(), names(&get(&app, WRITER, "/api/pull_requests")).len()), (3, 6));
    let hidden = get(&app, WRITER, "/api/pull_requests?namespace=team-b").json()["items"][0]["number"].to_string();
    assert_eq!(get(&app, READER, &format!("/api/pull_requests/{hidden}")).status, 404);
    let options = get(&app, READER, "/api/options").json();
    assert_eq!(options["namespaces"], json!([{"name": "team-a", "writable": false}]));
    assert_eq!((&options["any_namespace"], &options["clusters"]), (&json!(false), &json!(["prod"])));
    for path in ["/api/nodegroups", "/api/secrets", "/api/pull_requests", "/api/options"] {
        assert!(!get(&app, READER, path).text().contains("team-b"), "{path}");
    }
}

#[test]
fn what_somebody_may_not_change_is_refused_whether_it_is_there_or_not() {
    let app = scene();
    std::fs::write(app.path("access"), "team-a read bob\nteam-b write bob\nteam-c write ada\n").unwrap();
    wait_for("the new rights", || {
        (get(&app, WRITER, "/api/options").json()["any_namespace"] == json!(false)).then_some(())
    });
    let at = |namespace: &str| json!({"namespace": namespace});
    for namespace in ["team-a", "team-c"] {
        for (path, body) in [("/api/nodegroups", nodegroup("new")), ("/api/secrets", secret("new"))] {
            for dry in ["", "?dry_run=true"] {
                let answer = send(&app, WRITER, "POST", &format!("{path}{dry}"), &with(body.clone(), &at(namespace)));
                assert_eq!(
                    (answer.status, answer.error_name().as_str()),
                    (403, "NotAllowedError"),
                    "{path} {namespace}"
                );
                assert!(answer.text().contains("NAMESPACE_ACCESS_FILE"), "{}", answer.text());
            }
        }
        for (method, path, body) in [
            ("PUT", "/api/nodegroups/workers", json!({"scaling": {"min": 1, "max": 9}})),
            ("DELETE", "/api/nodegroups/workers", Value::Null),
            ("PUT", "/api/secrets/db", json!({"set": {"string_data": {"a": "b"}}})),
            ("DELETE", "/api/secrets/db", Value::Null),
        ] {
            let answer = send(&app, WRITER, method, &format!("{path}?namespace={namespace}"), &body);
            assert_eq!(answer.status, 403, "{method} {path} {namespace}: {}", answer.text());
        }
    }
    let of = |namespace: &str| {
        let list = get(&app, WRITER, &format!("/api/pull_requests?namespace={namespace}&state=open"));
        list.json()["items"][0]["number"].to_string()
    };
    assert_eq!(send(&app, WRITER, "DELETE", &format!("/api/pull_requests/{}", of("team-a")), &Value::Null).status, 403);
    assert_eq!(send(&app, WRITER, "DELETE", &format!("/api/pull_requests/{}", of("team-b")), &Value::Null).status, 200);
    assert_eq!(send(&app, WRITER, "POST", "/api/nodegroups", &with(nodegroup("new"), &at("team-b"))).status, 201);
    assert_eq!(
        send(&app, READER, "POST", "/api/nodegroups", &with(nodegroup("x"), &at("team-c"))).status,
        403,
        "its token may only read"
    );
    // What can't be changed of a nodegroup that isn't to be seen isn't told either.
    std::fs::write(app.path("access"), "team-b write bob\n").unwrap();
    wait_for("the newest rights", || {
        names(&get(&app, WRITER, "/api/nodegroups")).iter().all(|name| name.starts_with("team-b")).then_some(())
    });
    let fixed = json!({"scaling": {"min": 1, "max": 9}, "disk_size_gib": 99});
    assert_eq!(send(&app, WRITER, "PUT", "/api/nodegroups/workers?namespace=team-a", &fixed).status, 403);
    assert_eq!(send(&app, WRITER, "PUT", "/api/nodegroups/workers?namespace=team-b", &fixed).status, 422);
}

#[test]
fn a_file_that_is_missing_or_has_a_mistake_gives_no_right_to_anybody() {
    let app = TestApp::builder()
        .ready_to_write()
        .file("access", "* write anonymous\n")
        .env("NAMESPACE_ACCESS_FILE", "access")
        .start_ready();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 201);
    std::fs::write(app.path("access"), "* write anonymous\nhunter2 everything *\n").unwrap();
    wait_for("no right", || (app.post("/api/nodegroups", &nodegroup("more")).status == 403).then_some(()));
    assert!(app.wait_for_log("can't be used").contains("line 2") && !app.log().contains("hunter2"));
    assert_eq!(app.get("/api/pull_requests").json()["total_items"], 0);
}

#[test]
fn rights_are_given_to_groups_of_backstage_too() {
    let backstage = Backstage::start();
    let app = TestApp::builder()
        .ready_to_write()
        .file("access", "team-a write group:default/a\n")
        .env("BACKSTAGE_URL", &backstage.url())
        .env("NAMESPACE_ACCESS_FILE", "access")
        .start_ready();
    let groups = |groups: &[&str]| Reply::ok(json!({"claims": {"sub": "user:default/ada", "ent": groups}}).to_string());
    backstage.answer("auth/v1/userinfo", Reply::status(503));
    let token = backstage.user("user:default/ada");
    assert_eq!(get(&app, &token, "/api/nodegroups").status, 503, "nobody knows what they may see");
    backstage.answer("auth/v1/userinfo", groups(&["user:default/ada", "group:default/a"]));
    assert_eq!(send(&app, &token, "POST", "/api/nodegroups", &nodegroup("workers")).status, 201);
    assert_eq!(backstage.asked("auth/v1/userinfo"), 2, "the groups are kept for a while");
    backstage.answer("auth/v1/userinfo", groups(&["user:default/ben", "group:default/b"]));
    assert_eq!(
        send(&app, &backstage.user("user:default/ben"), "POST", "/api/nodegroups", &nodegroup("more")).status,
        403
    );
}
