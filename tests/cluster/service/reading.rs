//! What the cluster has is listed, followed, and joined with what Git declares.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Scene, part};
use crate::support::cluster::Cluster;
use crate::support::git::Checkout;
use crate::support::wait_for;

#[test]
fn what_appears_changes_and_goes_is_seen_within_a_second() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    scene.apply_nodegroup("workers", 5);
    let app = scene.app();
    assert_eq!(scene.names(&app, "nodegroups"), ["workers"], "there when it is ready");

    let mut times = Vec::new();
    let mut seen = |what: &dyn Fn() -> bool| {
        let began = Instant::now();
        wait_for("the change", || what().then_some(()));
        times.push(began.elapsed());
    };
    for round in 0..3 {
        let max = 6 + round;
        scene.apply_nodegroup("workers", max);
        seen(&|| scene.list(&app, "nodegroups")["items"][0]["scaling"]["max"] == max);
        scene.apply_secret("db", &json!({"password": "hunter2"}));
        seen(&|| scene.names(&app, "secrets") == ["db"]);
        cluster.admin().delete(&scene.secret_path("db")).ok();
        seen(&|| scene.names(&app, "secrets").is_empty());
    }
    times.sort();
    assert!(times[times.len() / 2] < Duration::from_secs(1), "{times:?}");
}

#[test]
fn a_nodegroup_shows_the_cluster_s_state_and_its_cost() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    scene.apply_nodegroup("workers", 5);
    let app = scene.app();
    let item = || scene.list(&app, "nodegroups")["items"][0].clone();
    assert_eq!((&item()["phase"], &item()["managed"]), (&json!("Creating"), &json!(false)));
    let status = json!({"status": {
        "status": "ACTIVE", "desiredSize": 2,
        "conditions": [{"type": "ACK.ResourceSynced", "status": "True"}],
        "health": {"issues": [{"code": "AsgInstanceLaunchFailures", "message": "no capacity"}]},
    }});
    cluster.admin().patch(&format!("{}/status", scene.nodegroup_path("workers")), &status).ok();
    wait_for("the status", || (item()["phase"] == "Active").then_some(()));
    let item = item();
    assert_eq!(item["status"], json!({"raw": "ACTIVE", "desired": 2}));
    assert_eq!(item["cost"]["usd_per_hour"]["max"], "0.960");
    assert_eq!(item["instance_types"][0]["vcpu"], 4);
    assert_eq!(item["message"], "no capacity");
    assert!(item["created_at"].is_string() && item["manifest"].is_null(), "{item}");
}

#[test]
fn what_git_declares_and_the_cluster_hasnt_is_pending_and_becomes_managed() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    let app = scene.settings().env("WRITE_NAMESPACES", "*").with_sealing_key().start();
    app.wait_until_ready();
    let checkout = Checkout::of(&app);
    let body = json!({
        "name": "workers", "namespace": scene.namespace.name(), "cluster": "prod", "instance_types": ["m5.xlarge"],
        "scaling": {"min": 1, "max": 5},
    });
    let created = app.post("/api/nodegroups", &body);
    assert_eq!(created.status, 201, "{}", created.text());
    checkout.merge(created.json()["pull_request"]["branch"].as_str().unwrap());
    scene.wait_for_names(&app, "nodegroups", &["workers"]);
    let item = || scene.list(&app, "nodegroups")["items"][0].clone();
    assert_eq!((&item()["phase"], &item()["managed"]), (&json!("Pending"), &json!(true)));
    scene.apply_nodegroup("workers", 5);
    wait_for("the cluster's", || (item()["phase"] == "Creating").then_some(()));
    assert_eq!(item()["managed"], true);
    assert_eq!(scene.list(&app, "nodegroups")["source"]["kind"], "kubernetes");
}

#[test]
fn a_secret_shows_its_keys_and_their_lengths_and_never_a_value() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    scene.apply_secret("db", &json!({"user": "app", "password": "hunter2hunter2", "empty": ""}));
    let app = scene.app();
    let list = app.get(&format!("/api/secrets?namespace={}", scene.namespace));
    assert!(!list.text().contains("hunter2") && !list.text().contains("aHVudGVy"), "{}", list.text());
    let item = list.json()["items"][0].clone();
    let key = |name: &str, bytes: u64| json!({"name": name, "bytes": bytes, "state": "ok"});
    assert_eq!(item["keys"], json!([key("empty", 0), key("password", 14), key("user", 3)]));
    assert_eq!((&item["sealed"], &item["synced"], &item["managed"]), (&json!(false), &json!(null), &json!(false)));
}

#[test]
fn the_secrets_that_arent_for_people_are_never_asked_for() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    let make = |name: &str, kind: &str, label: &str| {
        let metadata = json!({"name": name, "namespace": scene.namespace.name(), "labels": {label: "active"}});
        let manifest =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": kind, "stringData": {"a": "b"}});
        cluster.admin().apply(&manifest.to_string());
    };
    make("sealing-key", "Opaque", "sealedsecrets.bitnami.com/sealed-secrets-key");
    make("sh.helm.release.v1.x.v1", "helm.sh/release.v1", "a");
    make("visible", "Opaque", "a");
    let app = scene.app();
    assert_eq!(scene.names(&app, "secrets"), ["visible"]);
}

#[test]
fn readiness_and_lists_tell_how_the_watches_do() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    let app = scene.app();
    scene.apply_nodegroup("workers", 5);
    scene.wait_for_names(&app, "nodegroups", &["workers"]);
    let nodegroups = part(&app, "nodegroups");
    assert_eq!(
        (&nodegroups["adapter"], &nodegroups["ready"], &nodegroups["reason"]),
        (&json!("kubernetes"), &json!(true), &json!(null))
    );
    let watch = &nodegroups["watches"][0];
    assert_eq!(
        (&watch["kind"], &watch["errors"], &watch["relists"]),
        (&json!("nodegroups.eks.services.k8s.aws"), &json!(0), &json!(0))
    );
    assert!(watch["event_age_seconds"].as_u64().unwrap() < 60, "{watch}");
    let source = scene.list(&app, "nodegroups")["source"].clone();
    assert_eq!((&source["kind"], &source["stale"]), (&json!("kubernetes"), &json!(false)));
    let watch = &source["watches"][0];
    assert_eq!(watch["namespace"], scene.namespace.name());
    assert!(watch["last_event_at"].is_string() && watch["resource_version"].is_string(), "{watch}");
}

#[test]
fn several_namespaces_are_watched_and_others_arent_seen() {
    let Some(cluster) = Cluster::get() else { return };
    let (scene, other) = (Scene::of(cluster), cluster.namespace());
    scene.account.allow_in(other.name(), &super::rights());
    let hidden = cluster.namespace();
    for namespace in [other.name(), hidden.name(), scene.namespace.name()] {
        let manifest =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": namespace}});
        cluster.admin().apply(&manifest.to_string());
    }
    let app = scene.settings().env("NAMESPACE", &format!("{},{other}", scene.namespace)).start();
    app.wait_until_ready();
    let mut expected = vec![scene.namespace.name().to_owned(), other.name().to_owned()];
    expected.sort();
    let list = app.get("/api/secrets").json();
    let namespaces: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|item| item["namespace"].as_str().unwrap()).collect();
    assert_eq!(namespaces, expected);
}
