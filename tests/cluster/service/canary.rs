//! The values of a cluster's secrets: in no log at trace level, in no answer, and soon not in the memory either.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Scene;
use super::access::wait_for_long;
use crate::api::canary::search::Haystack;
use crate::support::cluster::Cluster;
use crate::support::{TestApp, wait_for};

const SECRETS: usize = 60;

/// A value that stands nowhere else.
fn value(number: usize) -> String {
    format!("canary-of-the-cluster-{number:04}-4355a46b19d348dc")
}

/// What would be found of it: itself, and the middle of its base64, as that is how the API server sends it.
fn needles(number: usize) -> [Vec<u8>; 2] {
    [value(number).into_bytes(), STANDARD.encode(value(number)).into_bytes()]
}

/// Everything that a process has in memory and may be read.
fn memory(id: u32) -> Vec<u8> {
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).unwrap();
    let mut file = File::open(format!("/proc/{id}/mem")).unwrap();
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|address| u64::from_str_radix(address, 16).unwrap());
        file.seek(SeekFrom::Start(from)).unwrap();
        let mut part = vec![0; usize::try_from(to - from).unwrap()];
        // What can't be read has no values either.
        if file.read_exact(&mut part).is_ok() {
            all.extend(part);
        }
    }
    all
}

fn app(scene: &Scene<'_>) -> TestApp {
    // kube's own words as well, which are off unless they are named.
    let app = scene.settings().env("RUST_LOG", "trace,kube_client=trace,kube_runtime=trace").start();
    app.wait_until_ready();
    app
}

#[test]
fn values_of_the_cluster_are_in_no_log_and_no_answer() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    scene.apply_secret("listed", &json!({"password": value(0)}));
    let app = app(&scene);
    scene.apply_secret("watched", &json!({"password": value(1)}));
    scene.wait_for_names(&app, "secrets", &["listed", "watched"]);
    let mut haystack = Haystack::default();
    for path in ["/api/secrets", "/api/secrets/listed", "/api/readiness", "/api/options"] {
        haystack.add(path, &app.get(path).body);
    }
    haystack.add_folder(app.folder());
    let log = app.log();
    assert!(log.contains("kube_runtime") || log.contains("kube_client"), "kube's words are in the log");
    haystack.add("the log", log.as_bytes());
    for needle in (0..2).flat_map(needles) {
        assert_eq!(haystack.find(&needle), None);
    }
    haystack.add("the search itself", value(0).as_bytes());
    assert!(haystack.find(&needles(0)[0]).is_some(), "the search can find");
}

#[test]
fn values_of_the_cluster_dont_stay_in_memory() {
    let Some(cluster) = Cluster::get() else { return };
    let scene = Scene::of(cluster);
    for number in 0..SECRETS / 2 {
        scene.apply_secret(&format!("listed-{number}"), &json!({"password": value(number)}));
    }
    let app = scene.app();
    for number in SECRETS / 2..SECRETS {
        scene.apply_secret(&format!("watched-{number}"), &json!({"password": value(number)}));
    }
    let all = || scene.list(&app, "secrets")["total_items"] == SECRETS;
    wait_for("all secrets", || all().then_some(()));
    // The buffers of a connection hold what was read last, until the watch is made anew on another one.
    wait_for_long("the end of the values", || {
        let mut haystack = Haystack::default();
        haystack.add("memory", &memory(app.id()));
        assert!(haystack.find(scene.namespace.name().as_bytes()).is_some(), "the search can find what is kept");
        let here = |number: usize| needles(number).iter().any(|needle| haystack.find(needle).is_some());
        !(0..SECRETS).any(here)
    });
}
