//! kill -9 while GitHub hangs, at each side of each effect: the next start and the same request make one of everything.

use std::thread;

use super::{OPEN, Scene};
use crate::support::bodies::nodegroup;
use crate::support::github::{Fault, When};
use crate::support::smart_http;
use crate::support::wait_for;

/// Kills a service once `reached` during a write; the same request to the next one must end what was begun.
fn killed_when(scene: &Scene, reached: impl Fn() -> bool) {
    let mut app = scene.app();
    let body = nodegroup("workers");
    thread::scope(|scope| {
        let answer = scope.spawn(|| app.try_send("POST", "/api/nodegroups", body.to_string().as_bytes()));
        wait_for("the moment to kill", || reached().then_some(()));
        let id = i32::try_from(app.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
        assert!(answer.join().unwrap().is_none(), "it was killed before it could answer");
    });
    app.wait_for_exit();
    scene.remote.server.heal();

    let next = app.again().start();
    next.wait_until_ready();
    let answer = next.post("/api/nodegroups", &body);
    assert!([200, 201].contains(&answer.status), "{}", answer.text());
    assert_eq!(answer.json()["pull_request"]["number"], 1);
    assert_eq!(next.post("/api/nodegroups", &body).status, 200);
    assert_eq!((scene.branches().len(), scene.pull_requests()), (1, 1));
}

#[test]
fn killed_before_the_pull_request_is_opened() {
    let scene = Scene::start();
    scene.github.fail(OPEN, Fault::Hang(When::Before));
    killed_when(&scene, || scene.github.count(OPEN) == 1);
}

#[test]
fn killed_after_the_pull_request_is_opened() {
    let scene = Scene::start();
    scene.github.fail(OPEN, Fault::Hang(When::After));
    killed_when(&scene, || scene.pull_requests() == 1);
}

#[test]
fn killed_before_the_branch_is_pushed() {
    let scene = Scene::start();
    let push = "POST /acme/unicron.git/git-receive-pack";
    scene.remote.server.fault(push, 1, smart_http::Fault::Hang);
    killed_when(&scene, || scene.remote.server.count(push) == 1);
}

#[test]
fn killed_after_the_branch_is_pushed() {
    let scene = Scene::start();
    scene.remote.server.fault("POST /acme/unicron.git/git-receive-pack", 1, smart_http::Fault::HangAfter(0));
    killed_when(&scene, || scene.branches().len() == 1);
}
