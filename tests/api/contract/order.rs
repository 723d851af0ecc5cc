//! Several things wrong at once: which is told first.

use serde_json::json;

use super::CANARY;
use crate::support::TestApp;
use crate::support::bodies::{nodegroup, with};
use crate::support::tokens::{READER, WRITER, bearer, file};

/// A step of the order: what it takes away from a request that has everything wrong.
struct Wrong {
    token: &'static str,
    method: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
}

#[track_caller]
fn status(app: &TestApp, wrong: &Wrong) -> u16 {
    let bearer = bearer(wrong.token);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", wrong.content_type)];
    let answer = app.send(wrong.method, wrong.path, &headers, &wrong.body);
    assert!(!answer.text().contains(CANARY));
    answer.status
}

#[test]
fn several_wrong_things_are_told_in_the_contracts_order() {
    let tokens =
        |builder: crate::support::process::Builder| builder.file("tokens", file()).env("AUTH_TOKENS_FILE", "tokens");
    let app = tokens(TestApp::builder().ready_to_write().env("WRITE_NAMESPACES", "team-a")).start();
    app.wait_until_ready();
    // The nodegroup has an open change, which is a 409 of its own.
    let seed = Wrong {
        token: WRITER,
        method: "POST",
        path: "/api/nodegroups",
        content_type: "application/json",
        body: nodegroup("workers").to_string().into_bytes(),
    };
    assert_eq!(status(&app, &seed), 201);

    let large = vec![b'x'; 2 * 1024 * 1024 + 1];
    let elsewhere = "/api/nodegroups/none?namespace=team-b";
    let everything = || Wrong {
        token: "wrong",
        method: "PATCH",
        path: "/api/none",
        content_type: "text/plain",
        body: large.clone(),
    };
    assert_eq!(status(&app, &everything()), 401);
    let known = || Wrong { token: READER, ..everything() };
    assert_eq!(status(&app, &known()), 404, "of the route");
    let routed = || Wrong { path: "/api/nodegroups/none?namespace=team-b&bogus=1", ..known() };
    assert_eq!(status(&app, &routed()), 405);
    let put = || Wrong { method: "PUT", ..routed() };
    assert_eq!(status(&app, &put()), 415);
    let json = || Wrong { content_type: "application/json", ..put() };
    assert_eq!(status(&app, &json()), 413);
    let bad_parameter = json!({"scaling": {"min": 6, "max": 5}}).to_string().into_bytes();
    assert_eq!(status(&app, &Wrong { body: bad_parameter.clone(), ..json() }), 400);
    let broken_rule = || Wrong { path: elsewhere, body: bad_parameter.clone(), ..json() };
    assert_eq!(status(&app, &broken_rule()), 422);
    let fine = || Wrong { body: b"{}".to_vec(), ..broken_rule() };
    assert_eq!(status(&app, &fine()), 403, "who may only read");
    assert_eq!(
        status(&app, &Wrong { token: WRITER, ..fine() }),
        403,
        "a namespace that isn't writable, before the 404"
    );
    let open = || Wrong { token: WRITER, path: "/api/nodegroups/workers?namespace=team-a&revision=0", ..fine() };
    assert_eq!(status(&app, &open()), 409, "the open change, though Git has no such nodegroup yet");
    assert_eq!(status(&app, &Wrong { path: "/api/nodegroups/none?namespace=team-a&revision=0", ..open() }), 404);
}

#[test]
fn both_kinds_of_wrong_shape_are_told_before_any_broken_rule() {
    let app = TestApp::start_ready();
    let body = with(nodegroup("-"), &json!({"bogus": 1, "cluster": 5}));
    let answer = app.post("/api/nodegroups", &body);
    super::assert_error(&answer, 400, "InputError", &["/bogus", "/cluster"]);
}

#[test]
fn what_an_object_can_never_become_is_told_before_the_change_that_is_in_the_way() {
    let direct = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    assert_eq!(direct.post("/api/nodegroups", &nodegroup("workers")).status, 201);
    let app = direct.again().env("GITOPS_DIRECT", "false").start_ready();
    let path = "/api/nodegroups/workers?namespace=team-a";
    crate::support::wait_for("the nodegroup", || (app.get(path).status == 200).then_some(()));
    assert_eq!(app.put(path, &json!({"scaling": {"min": 1, "max": 9}})).status, 201);
    assert_eq!(app.put(path, &json!({"cluster": "other"})).status, 422);
    assert_eq!(app.put(path, &json!({"labels": {"team": "b"}})).status, 409);
}
