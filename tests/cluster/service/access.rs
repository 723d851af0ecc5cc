//! Credentials and rights: what is missing is told, and what comes is taken up without a restart.

use serde_json::json;

use super::{Scene, part, rights};
use crate::support::cluster::assets::skip;
use crate::support::cluster::{Cluster, pod};
use crate::support::{TestApp, wait_for};

#[test]
fn a_right_that_is_missing_is_told_and_one_that_is_given_is_taken_up() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    scene.account.forbid_in(scene.namespace.name());
    scene.apply_secret("db", &json!({"password": "hunter2"}));
    let app = scene.settings().start();
    wait_for("the reason", || (part(&app, "secrets")["reason"] == "forbidden").then_some(()));
    assert_eq!(app.get("/api/readiness").status, 503);
    let refused = app.get("/api/secrets");
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("doesn't allow"), "{}", refused.text());
    let line = app.wait_for_log("kind=\"secrets\"");
    assert!(line.contains("forbidden") && line.contains("cannot list resource"), "{line}");
    scene.account.allow_in(scene.namespace.name(), &rights());
    app.wait_until_ready();
    assert_eq!(scene.names(&app, "secrets"), ["db"]);
}

#[test]
fn without_the_right_tries_become_rarer_and_the_log_says_it_once() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    scene.account.forbid_in(scene.namespace.name());
    let app = scene.settings().start();
    let errors = || part(&app, "secrets")["watches"][0]["errors"].as_u64().unwrap();
    // 0.5 + 1 + 2 + 4 s and some jitter: the fifth failure takes longer than the four before it together.
    wait_for("four failures", || (errors() >= 4).then_some(()));
    let told = app.log().lines().filter(|line| line.contains("kind=\"secrets\"") && line.contains("forbidden")).count();
    assert_eq!(told, 1, "{}", app.log());
}

#[test]
fn a_right_that_is_taken_away_leaves_what_was_known_and_its_age() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    scene.apply_secret("db", &json!({"password": "hunter2"}));
    let app = scene.app();
    scene.account.forbid_in(scene.namespace.name());
    // The watch that runs goes on until its time is over; then the next one is refused.
    wait_for_long("the refusal", || part(&app, "secrets")["reason"] == "forbidden");
    assert_eq!(app.get("/api/readiness").status, 200, "it was ready once");
    assert_eq!(scene.names(&app, "secrets"), ["db"]);
    let age = || scene.list(&app, "secrets")["source"]["age_seconds"].as_f64().unwrap();
    wait_for("the age", || (age() > 2.0).then_some(()));
    scene.account.allow_in(scene.namespace.name(), &rights());
    wait_for_long("the right", || part(&app, "secrets")["reason"] == json!(null));
    scene.apply_secret("more", &json!({"a": "b"}));
    scene.wait_for_names(&app, "secrets", &["db", "more"]);
}

#[test]
fn a_token_file_that_is_replaced_is_read_again() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    let app = scene.app();
    // The old token ends at once, and with it whatever is asked with it.
    scene.account.recreate();
    scene.account.allow_in(scene.namespace.name(), &rights());
    wait_for_long("the refusal", || part(&app, "secrets")["reason"] == "unauthorized");
    scene.account.renew();
    wait_for_long("the new token", || part(&app, "secrets")["reason"] == json!(null));
    scene.apply_secret("db", &json!({"password": "hunter2"}));
    scene.wait_for_names(&app, "secrets", &["db"]);
}

#[test]
fn in_a_pod_the_service_account_and_its_namespace_are_taken() {
    let Some(cluster) = Cluster::own() else { return };
    if let Err(reason) = pod::is_possible() {
        return skip("the service in a pod", &reason);
    }
    let scene = Scene::of(cluster);
    scene.apply_nodegroup("workers", 5);
    let mut builder =
        TestApp::builder().with_few_prices().under(&pod::before(&scene.account)).env("PATH", "/usr/bin:/bin");
    for (name, value) in pod::variables(&scene.account) {
        builder = builder.env(&name, &value);
    }
    let app = builder.start();
    app.wait_until_ready();
    assert_eq!(scene.names(&app, "nodegroups"), ["workers"]);
    let line = app.wait_for_log("namespaces=");
    assert!(line.contains(&format!("namespaces=\"{}\"", scene.namespace)), "{line}");
}

#[test]
fn a_kubeconfig_that_cant_be_used_ends_the_start_with_what_to_mend() {
    for (text, told) in
        [("", "has no current-context"), ("current-context: here\ntoken: [hunter2", "isn't a kubeconfig")]
    {
        let builder = TestApp::builder().file("kubeconfig", text).env("KUBECONFIG", "kubeconfig").env("NAMESPACE", "*");
        let output = builder.output();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("KUBECONFIG") && said.contains(told) && !said.contains("hunter2"), "{said}");
    }
    let output = TestApp::builder().env("NAMESPACE", "team-a").output();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("set KUBECONFIG"), "{said}");
}

/// Waits for what takes a watch's whole time to be noticed.
#[track_caller]
pub fn wait_for_long(what: &str, condition: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !condition() {
        assert!(began.elapsed().as_secs() < 120, "waited too long for {what}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
