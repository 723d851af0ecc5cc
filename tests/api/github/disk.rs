//! A full disk: writes say so, reads go on, and the next write works once there is room.

use super::{OPEN, Scene, ready};
use crate::support::bodies::nodegroup;
use crate::support::client::Answer;
use crate::support::small_disk::{fill, on_small_disk};

#[track_caller]
fn assert_full(answer: &Answer) {
    let text = answer.text();
    assert_eq!((answer.status, answer.error_name().as_str()), (503, "ServiceUnavailableError"), "{text}");
    assert!(text.contains("the disk is full") && !text.contains(".gitops"), "{text}");
    assert!(answer.json()["retry_after_seconds"].as_u64() >= Some(1), "{text}");
}

#[test]
fn a_write_to_a_full_disk_is_refused_and_the_next_one_works_once_there_is_room() {
    let scene = Scene::start();
    let Some(run) = on_small_disk(scene.settings()) else { return };
    let app = ready(run);
    assert_eq!(app.post("/api/nodegroups", &nodegroup("before")).status, 201);
    for base_moves in [false, true] {
        let filled = fill(&app);
        if base_moves {
            scene.remote.commit("dev", "nodegroups/team-a/big.yaml", &"by hand\n".repeat(10_000));
        }
        let opened = scene.github.count(OPEN);
        for _ in 0..2 {
            assert_full(&app.post("/api/nodegroups", &nodegroup(&format!("after-{base_moves}"))));
        }
        assert_eq!(scene.github.count(OPEN), opened);
        assert_eq!(app.get("/api/pull_requests").status, 200);
        assert_eq!(app.get("/api/readiness").status, 200, "what is here is served on");

        std::fs::remove_file(filled).unwrap();
        let answer = app.post("/api/nodegroups", &nodegroup(&format!("after-{base_moves}")));
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    assert_eq!((scene.branches().len(), scene.pull_requests()), (3, 3));
    scene.remote.git(&["fsck", "--strict"]);
}
