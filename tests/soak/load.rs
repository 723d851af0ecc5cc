//! Saturation and starvation: memory stays flat, and nothing but a full house is answered with 5xx.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{resident, say, seconds};
use crate::support::TestApp;
use crate::support::bodies::{nodegroup, secret, with};
use crate::support::client::try_request;

/// What clients ask for over and over, each for a time.
fn mix(app: &TestApp, clients: usize, time: Duration) -> Vec<std::thread::JoinHandle<()>> {
    let (address, asked) = (app.address, Arc::new(AtomicU64::new(0)));
    let client = move |client: usize| {
        let (started, asked) = (Instant::now(), asked.clone());
        move || {
            while started.elapsed() < time {
                let number = asked.fetch_add(1, Ordering::Relaxed);
                let json = [("Content-Type", "application/json")];
                let (method, path, body) = match number % 10 {
                    0 => ("POST", "/api/nodegroups?dry_run=true".to_owned(), nodegroup("workers").to_string()),
                    1 => (
                        "POST",
                        "/api/secrets?dry_run=true".to_owned(),
                        with(secret("db"), &json!({"immutable": true})).to_string(),
                    ),
                    2 => ("GET", "/api/nodegroups".to_owned(), String::new()),
                    3 => ("GET", "/api/instance_types".to_owned(), String::new()),
                    4 => ("GET", format!("/api/instance_types?vcpu_min={}&sort=price", number % 64), String::new()),
                    5 => ("GET", "/api/options".to_owned(), String::new()),
                    6 => ("GET", format!("/api/secrets/none-{number}"), String::new()),
                    7 => ("POST", "/api/nodegroups".to_owned(), format!("{{\"name\": \"bad-{number}\"")),
                    8 => ("GET", "/api/readiness".to_owned(), String::new()),
                    _ => ("GET", "/api/instance_types?format=csv".to_owned(), String::new()),
                };
                let answer = try_request(address, method, &path, &json, body.as_bytes());
                let answer = answer.unwrap_or_else(|| panic!("client {client}: no answer to {method} {path}"));
                assert!(
                    answer.status < 500 || answer.status == 503,
                    "{method} {path}: {} {}",
                    answer.status,
                    answer.text()
                );
            }
        }
    };
    (0..clients).map(|number| std::thread::spawn(client(number))).collect()
}

#[test]
#[ignore = "load: make soak"]
fn minutes_at_saturation_leave_memory_flat() {
    let time = Duration::from_secs(seconds());
    let app = TestApp::builder()
        .ready_to_write()
        .env("WRITES_PER_MINUTE", "1000000")
        .env("RUST_LOG", "warn,cre_backend_api::app=info")
        .start_ready();
    let clients = mix(&app, 16, time);
    let started = Instant::now();
    let mut seen = Vec::new();
    while started.elapsed() < time {
        seen.push(resident(&app));
        std::thread::sleep(Duration::from_millis(500));
    }
    for client in clients {
        client.join().unwrap();
    }
    // The first tenth warms up: caches and the allocator's arenas fill.
    let steady = &seen[seen.len() / 10..];
    let (first, second) = steady.split_at(steady.len() / 2);
    let [first, second] = [first, second].map(|half| *half.iter().max().unwrap());
    say(&format!(
        "{time:?} at saturation: at most {} MiB in the first half, {} MiB in the second",
        first >> 10,
        second >> 10
    ));
    assert!(second * 100 <= first * 110, "{first} {second}");
}

#[test]
#[ignore = "load: make soak"]
fn without_processor_time_answers_are_late_and_right() {
    let (stop, cores) = (Arc::new(AtomicBool::new(false)), std::thread::available_parallelism().unwrap().get());
    let burning: Vec<_> = (0..cores * 8)
        .map(|_| {
            let stop = stop.clone();
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    let app = TestApp::builder()
        .ready_to_write()
        .env("WRITES_PER_MINUTE", "1000000")
        .env("RUST_LOG", "warn,cre_backend_api::app=info")
        .start_ready();
    let clients = mix(&app, 4, Duration::from_secs(20));
    let (mut slowest, started) = (Duration::ZERO, Instant::now());
    while started.elapsed() < Duration::from_secs(19) {
        let asked = Instant::now();
        assert_eq!(app.get("/api/liveness").status, 200);
        slowest = slowest.max(asked.elapsed());
    }
    for client in clients {
        client.join().unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    for burner in burning {
        burner.join().unwrap();
    }
    say(&format!("with {} busy threads on {cores} cores, the slowest probe took {slowest:?}", cores * 8));
    // What a probe of Kubernetes usually waits for, three times in a row.
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
}
