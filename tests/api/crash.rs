//! kill -9 in the middle of a write, and several servers on one folder: always one branch and one pull request.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::bodies::{nodegroup, secret, with};
use crate::support::client::{Answer, try_request};
use crate::support::git::{change_branches, fsck};
use crate::support::{Checkout, TestApp};

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

/// Rounds of writing, killing and starting again.
const ROUNDS: u64 = 25;

/// A generator whose every run is the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Sends a write from a thread of its own; the service may be killed before it answers.
fn write(address: SocketAddr, path: &str, body: &Value) -> thread::JoinHandle<Option<Answer>> {
    let (path, body) = (path.to_owned(), body.to_string());
    thread::spawn(move || try_request(address, "POST", &path, &JSON, body.as_bytes()))
}

/// Waits for a random moment of a write and a little beyond. The moment is the point of these tests: it is drawn, not waited
/// for.
fn wait_somewhere_in(write: Duration, dice: &mut Dice) {
    let limit = u64::try_from(write.as_micros()).unwrap() * 5 / 4;
    thread::sleep(Duration::from_micros(dice.below(limit.max(1000))));
}

/// How long a write takes here: that of a first nodegroup.
fn usual_time(app: &TestApp) -> Duration {
    let started = Instant::now();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("first")).status, 201);
    started.elapsed()
}

/// The open pull requests of a name.
#[track_caller]
fn open_of(app: &TestApp, kind: &str, name: &str) -> Vec<Value> {
    let list = app.get(&format!("/api/pull_requests?state=open&kind={kind}&name={name}")).json();
    list["items"].as_array().unwrap().clone()
}

#[test]
fn after_a_kill_at_any_moment_the_same_request_finds_or_finishes_the_one_pull_request() {
    let mut app = TestApp::start_ready();
    let mut dice = Dice(0x5eed);
    let usual = usual_time(&app);
    let (mut answered, mut found, mut numbers) = (0, 0, BTreeSet::new());
    for round in 0..ROUNDS {
        let (kind, path, body) = match round % 2 {
            0 => ("nodegroup", "/api/nodegroups", nodegroup(&format!("n{round}"))),
            _ => ("secret", "/api/secrets", secret(&format!("n{round}"))),
        };
        let name = body["name"].as_str().unwrap();
        let request = write(app.address, path, &body);
        wait_somewhere_in(usual, &mut dice);
        app.kill();
        answered += u64::from(request.join().unwrap().is_some());
        app = app.again().start_ready();

        let again = app.post(path, &body);
        assert!([200, 201].contains(&again.status), "round {round}: {}", again.text());
        found += u64::from(again.status == 200);
        let answer = again.json();
        let open = open_of(&app, kind, name);
        assert_eq!(open.len(), 1, "round {round}: {open:?}");
        assert_eq!(open[0], answer["pull_request"]);
        assert!(numbers.insert(answer["pull_request"]["number"].as_u64().unwrap()));
        let branch = answer["pull_request"]["branch"].as_str().unwrap();
        let branches = change_branches(&app);
        assert_eq!(branches.iter().filter(|other| *other == branch).count(), 1);
        assert_eq!(branches.len() as u64, round + 2);
    }
    println!("{answered} of {ROUNDS} were answered before the kill; {found} were found, and the others made, after it");
    fsck(&app);
    assert_eq!(app.get("/api/pull_requests").json()["total_items"], ROUNDS + 1);
    // What survived can be merged.
    let checkout = Checkout::of(&app);
    let last = app.get("/api/pull_requests?limit=1").json()["items"][0].clone();
    checkout.merge_pull_request(&app, &json!({"pull_request": last}));
}

#[test]
fn a_kill_in_direct_mode_leaves_the_commit_whole_or_not_there() {
    let mut app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    let mut dice = Dice(0xd1ce);
    let usual = usual_time(&app);
    for round in 0..8 {
        let body = nodegroup(&format!("n{round}"));
        let request = write(app.address, "/api/nodegroups", &body);
        wait_somewhere_in(usual, &mut dice);
        app.kill();
        request.join().unwrap();
        app = app.again().start_ready();
        let again = app.post("/api/nodegroups", &body);
        assert!([200, 201].contains(&again.status), "{}", again.text());
        assert_eq!(again.json()["changed"], again.status == 201, "equal to what is there, or made now");
        assert_eq!(app.get("/api/nodegroups").json()["total_items"], round + 2);
    }
    fsck(&app);
    let log = Checkout::of(&app).git(&["log", "--format=%s"]);
    let subjects: BTreeSet<&str> = log.lines().collect();
    assert_eq!(subjects.len(), log.lines().count(), "no change was committed twice: {log}");
}

/// Two servers on one folder.
fn two() -> [TestApp; 2] {
    let first = TestApp::start_ready();
    let second = first.again().start_ready();
    [first, second]
}

/// Sends sixteen requests at once, every other one to the second server.
fn at_once(servers: &[TestApp; 2], path: &str, body: impl Fn(usize) -> Value) -> Vec<Answer> {
    let requests: Vec<_> = (0..16).map(|n| write(servers[n % 2].address, path, &body(n))).collect();
    requests.into_iter().map(|request| request.join().unwrap().expect("an answer")).collect()
}

#[test]
fn sixteen_times_the_same_request_to_two_servers_is_one_pull_request() {
    let servers = two();
    for (path, body) in [("/api/nodegroups", nodegroup("same")), ("/api/secrets", secret("same"))] {
        let answers = at_once(&servers, path, |_| body.clone());
        let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
        assert_eq!(made.len(), 1, "{:?}", answers.iter().map(Answer::text).collect::<Vec<_>>());
        let number = made[0].json()["pull_request"]["number"].clone();
        for answer in &answers {
            assert!([200, 201].contains(&answer.status), "{}", answer.text());
            assert_eq!(answer.json()["pull_request"]["number"], number);
        }
    }
    assert_eq!(change_branches(&servers[0]).len(), 2);
    fsck(&servers[0]);
}

#[test]
fn sixteen_different_requests_to_two_servers_are_sixteen_pull_requests() {
    let servers = two();
    let answers = at_once(&servers, "/api/nodegroups", |n| nodegroup(&format!("n{n}")));
    let number = |answer: &Answer| {
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["pull_request"]["number"].as_u64().unwrap()
    };
    let numbers: BTreeSet<u64> = answers.iter().map(number).collect();
    assert_eq!(numbers.len(), 16);
    assert_eq!(change_branches(&servers[0]).len(), 16);
    fsck(&servers[0]);
}

#[test]
fn sixteen_different_contents_for_one_object_are_one_pull_request_and_fifteen_conflicts() {
    let servers = two();
    let answers =
        at_once(&servers, "/api/nodegroups", |n| with(nodegroup("one"), &json!({"scaling": {"min": 1, "max": n + 2}})));
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, 15), "{:?}", answers.iter().map(Answer::text).collect::<Vec<_>>());
    assert_eq!(change_branches(&servers[0]).len(), 1);
    fsck(&servers[0]);
}
