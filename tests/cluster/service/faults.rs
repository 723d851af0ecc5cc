//! An API server that is killed, that freezes, that forgets.

use serde_json::json;

use super::access::wait_for_long;
use super::{Scene, part};
use crate::support::cluster::Cluster;
use crate::support::wait_for;

#[test]
fn a_server_that_is_killed_and_comes_back_is_followed_again() {
    let Some(cluster) = Cluster::start() else { return };
    let scene = Scene::of(&cluster);
    scene.apply_secret("db", &json!({"password": "hunter2"}));
    let app = scene.app();
    cluster.kill();
    wait_for("the reason", || (part(&app, "secrets")["reason"] == "unreachable").then_some(()));
    assert_eq!(scene.names(&app, "secrets"), ["db"], "old answers are better than none");
    assert_eq!(app.get("/api/readiness").status, 200);
    cluster.restart();
    scene.apply_secret("more", &json!({"a": "b"}));
    scene.wait_for_names(&app, "secrets", &["db", "more"]);
    wait_for("health", || (part(&app, "secrets")["reason"] == json!(null)).then_some(()));
}

#[test]
fn a_server_that_freezes_is_noticed_and_followed_again_when_it_thaws() {
    let Some(cluster) = Cluster::start() else { return };
    let scene = Scene::of(&cluster);
    scene.apply_secret("db", &json!({"password": "hunter2"}));
    let app = scene.app();
    let frozen = std::time::Instant::now();
    cluster.stop();
    wait_for_long("the reason", || part(&app, "secrets")["reason"] == "timed_out");
    assert_eq!(scene.names(&app, "secrets"), ["db"]);
    wait_for_long("a minute", || frozen.elapsed().as_secs() >= 60);
    let age = scene.list(&app, "secrets")["source"]["age_seconds"].as_f64().unwrap();
    assert!(age >= 59.0, "it says how old it is: {age}");
    cluster.cont();
    scene.apply_secret("more", &json!({"a": "b"}));
    wait_for_long("the thaw", || scene.names(&app, "secrets") == ["db", "more"]);
    wait_for_long("health", || part(&app, "secrets")["reason"] == json!(null));
}

#[test]
fn a_server_that_forgot_is_listed_anew_and_what_went_meanwhile_is_gone() {
    let Some(cluster) = Cluster::start() else { return };
    let scene = Scene::of(&cluster);
    for name in ["gone", "kept"] {
        scene.apply_secret(name, &json!({"a": "b"}));
    }
    let app = scene.app();
    // While the service sees nothing, an object goes and etcd forgets that it ever was there.
    app.signal(rustix::process::Signal::STOP);
    // What is sent to the connection that it had would be read later: it ends first.
    cluster.kill();
    cluster.restart();
    cluster.admin().delete(&scene.secret_path("gone")).ok();
    scene.apply_secret("new", &json!({"a": "b"}));
    cluster.kill();
    cluster.restart();
    cluster.compact();
    app.signal(rustix::process::Signal::CONT);
    wait_for_long("the new list", || scene.names(&app, "secrets") == ["kept", "new"]);
    wait_for_long("a relist", || part(&app, "secrets")["watches"][0]["relists"].as_u64() >= Some(1));
}

#[test]
fn a_cluster_that_isnt_there_at_the_start_is_waited_for() {
    let Some(cluster) = Cluster::start() else { return };
    let scene = Scene::of(&cluster);
    scene.apply_secret("db", &json!({"password": "hunter2"}));
    cluster.kill();
    let app = scene.settings().start();
    wait_for("the reason", || (part(&app, "secrets")["reason"] == "unreachable").then_some(()));
    let answer = app.get("/api/secrets");
    assert_eq!(answer.status, 503);
    assert!(answer.json()["retry_after_seconds"].as_u64() >= Some(1), "{}", answer.text());
    assert_eq!(app.get("/api/instance_types/m5.xlarge").status, 200, "the rest works");
    cluster.restart();
    wait_for_long("readiness", || app.get("/api/readiness").status == 200);
    assert_eq!(scene.names(&app, "secrets"), ["db"]);
}
