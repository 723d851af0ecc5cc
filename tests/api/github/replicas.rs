//! Two processes on one repository, each with a mirror of its own: the branch is the lock between them.

use std::collections::BTreeSet;
use std::thread;

use serde_json::Value;

use super::{Scene, ready};
use crate::support::TestApp;
use crate::support::bodies::nodegroup;
use crate::support::client::{Answer, request};

const REQUESTS: usize = 16;

fn two(scene: &Scene) -> [TestApp; 2] {
    let first = scene.app();
    let key = first.path(".gitops/keys/request-hash.key");
    let second = ready(scene.settings().env("REQUEST_HASH_KEY_FILE", key.to_str().unwrap()));
    [first, second]
}

/// Sends all at once, in turns to each process.
fn send(apps: &[TestApp; 2], bodies: &[Value]) -> Vec<Answer> {
    let post = |(index, body): (usize, &Value)| {
        let (address, body) = (apps[index % 2].address, body.to_string());
        thread::spawn(move || {
            request(address, "POST", "/api/nodegroups", &[("Content-Type", "application/json")], body.as_bytes())
        })
    };
    let sent: Vec<_> = bodies.iter().enumerate().map(post).collect();
    sent.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn equal_requests_to_two_processes_are_one_pull_request() {
    let scene = Scene::start();
    let apps = two(&scene);
    let answers = send(&apps, &vec![nodegroup("workers"); REQUESTS]);
    let told: Vec<String> = answers.iter().map(|answer| format!("{} {}", answer.status, answer.text())).collect();
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(201), with(200)), (1, REQUESTS - 1), "{told:#?}");
    assert!(answers.iter().all(|answer| answer.json()["pull_request"]["number"] == 1), "{told:#?}");
    assert_eq!((scene.branches().len(), scene.pull_requests()), (1, 1));
}

#[test]
fn different_requests_to_two_processes_are_a_pull_request_each() {
    let scene = Scene::start();
    let apps = two(&scene);
    let bodies: Vec<Value> = (0..REQUESTS).map(|number| nodegroup(&format!("workers-{number}"))).collect();
    let answers = send(&apps, &bodies);
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let numbers: BTreeSet<String> =
        answers.iter().map(|answer| answer.json()["pull_request"]["number"].to_string()).collect();
    assert_eq!((numbers.len(), scene.branches().len(), scene.pull_requests()), (REQUESTS, REQUESTS, REQUESTS));
}
