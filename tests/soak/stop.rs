//! A stop under load: no request is lost, and no pull request is left half done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;

use super::say;
use crate::support::bodies::nodegroup;
use crate::support::client::try_request;
use crate::support::git::{change_branches, fsck};
use crate::support::{TestApp, wait_for};

#[test]
#[ignore = "load: make soak"]
fn a_stop_under_load_answers_what_it_took_and_leaves_nothing_half_done() {
    for round in 0..5 {
        let mut app = TestApp::builder().ready_to_write().start_ready();
        let (address, stopped) = (app.address, Arc::new(AtomicBool::new(false)));
        let writers: Vec<_> = (0..16)
            .map(|writer| {
                let stopped = stopped.clone();
                std::thread::spawn(move || {
                    let (mut made, mut unanswered) = (Vec::new(), Vec::new());
                    for number in 0.. {
                        let name = format!("w-{writer}-{number}");
                        let body = nodegroup(&name).to_string();
                        let headers = [("Content-Type", "application/json")];
                        let after = stopped.load(Ordering::SeqCst);
                        match try_request(address, "POST", "/api/nodegroups", &headers, body.as_bytes()) {
                            Some(answer) if answer.status == 201 => made.push(name),
                            Some(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
                            None if after => return (made, unanswered),
                            // Sent at the moment of the stop: refused, or never taken.
                            None => unanswered.push(name),
                        }
                    }
                    unreachable!()
                })
            })
            .collect();
        wait_for("some changes", || (change_branches(&app).len() > 20).then_some(()));
        app.signal(Signal::TERM);
        stopped.store(true, Ordering::SeqCst);
        assert!(app.wait_for_exit().success(), "{}", app.log());
        let (mut made, mut unanswered) = (Vec::new(), Vec::new());
        for writer in writers {
            let (of_this_made, of_this_unanswered) = writer.join().unwrap();
            made.extend(of_this_made);
            unanswered.extend(of_this_unanswered);
        }
        let again = app.again().start_ready();
        let open = again.get("/api/pull_requests?state=open").json();
        let names: Vec<&str> =
            open["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
        for name in &made {
            assert!(names.contains(&name.as_str()), "{name} was answered with 201");
        }
        let untold: Vec<_> = names.iter().filter(|name| !made.iter().any(|made| made == *name)).collect();
        assert!(
            untold.is_empty(),
            "{untold:?} have a pull request, but who asked wasn't told; unanswered: {unanswered:?}"
        );
        assert_eq!(change_branches(&again).len(), names.len(), "a branch for each pull request and no other");
        fsck(&again);
        say(&format!("round {round}: {} changes made, {} requests found nobody", made.len(), unanswered.len()));
    }
}
