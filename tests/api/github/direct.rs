//! `GITOPS_DIRECT=true` on GitHub: a commit on the base branch, no pull request.

use serde_json::Value;

use super::{Scene, ready};
use crate::support::bodies::nodegroup;
use crate::support::wait_for;

#[test]
fn a_direct_write_is_on_the_base_branch_at_once() {
    let scene = Scene::start();
    let app = ready(scene.settings().env("GITOPS_DIRECT", "true"));
    let created = app.post("/api/nodegroups", &nodegroup("workers"));
    assert_eq!((created.status, &created.json()["pull_request"]), (201, &Value::Null), "{}", created.text());
    assert_eq!(created.json()["commit"].as_str(), Some(scene.remote.git(&["rev-parse", "dev"]).as_str()));
    assert!(scene.show("dev", "nodegroups/team-a/workers.yaml").is_some());
    assert_eq!((scene.branches().len(), scene.pull_requests()), (0, 0));
    wait_for("the nodegroup", || (app.get("/api/nodegroups/workers").status == 200).then_some(()));
    // Somebody else's commit in between isn't overwritten.
    scene.remote.commit("dev", "README.md", "by hand\n");
    assert_eq!(app.post("/api/nodegroups", &nodegroup("others")).status, 201);
    for path in ["README.md", "nodegroups/team-a/workers.yaml", "nodegroups/team-a/others.yaml"] {
        assert!(scene.show("dev", path).is_some(), "{path}");
    }
}
