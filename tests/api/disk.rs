//! A full disk under the repository of this machine: a write is refused whole, and works once there is room.

use crate::support::TestApp;
use crate::support::bodies::nodegroup;
use crate::support::small_disk::{fill, on_small_disk};

#[test]
fn a_write_to_a_full_disk_is_refused_whole_and_the_next_one_works_once_there_is_room() {
    let Some(run) = on_small_disk(TestApp::builder().with_few_prices()) else { return };
    let app = run.start();
    app.wait_until_ready();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("before")).status, 201);
    let filled = fill(&app);
    for _ in 0..2 {
        let refused = app.post("/api/nodegroups", &nodegroup("after"));
        let text = refused.text();
        assert_eq!((refused.status, refused.error_name().as_str()), (503, "ServiceUnavailableError"), "{text}");
        assert!(text.contains("the disk is full") && !text.contains(".gitops"), "{text}");
    }
    assert_eq!(app.get("/api/pull_requests").json()["total_items"], 1);
    std::fs::remove_file(filled).unwrap();
    let answer = app.post("/api/nodegroups", &nodegroup("after"));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(app.get("/api/pull_requests").json()["total_items"], 2);
}
