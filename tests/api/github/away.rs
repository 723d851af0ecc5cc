//! GitHub away, at the start and later: the probes and reads say so, and nothing has to be started again.

use serde_json::Value;

use super::Scene;
use crate::support::bodies::nodegroup;
use crate::support::github::TOKEN;
use crate::support::smart_http::Fault;
use crate::support::{TestApp, wait_for};

const REFS: &str = "info/refs";

fn version_control(app: &TestApp) -> Value {
    let parts = app.get("/api/readiness").json()["parts"].clone();
    parts.as_array().unwrap().iter().find(|part| part["name"] == "version_control").unwrap().clone()
}

#[test]
fn away_at_the_start_it_is_waited_for() {
    for (status, reason) in [(502, "unreachable"), (404, "refused")] {
        let scene = Scene::start();
        scene.remote.server.fault(REFS, usize::MAX, Fault::Status(status, Vec::new(), ""));
        let app = scene.settings().start();
        wait_for(reason, || (version_control(&app)["reason"] == reason).then_some(()));
        let part = version_control(&app);
        assert_eq!((&part["adapter"], &part["ready"]), (&Value::from("github"), &Value::from(false)));
        assert_eq!((app.get("/api/readiness").status, app.get("/api/liveness").status), (503, 200));
        assert_eq!(app.get("/api/nodegroups").status, 503);
        assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 503);
        scene.remote.server.heal();
        app.wait_until_ready();
        assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 201);
        assert_eq!(version_control(&app)["reason"], Value::Null);
    }
}

#[test]
fn nobody_at_the_address_is_a_reason_of_its_own() {
    let settings = TestApp::builder().with_few_prices().env("GITOPS_ORGANIZATION", "acme").env("GITHUB_TOKEN", TOKEN);
    // Bound and let go: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nowhere = format!("http://127.0.0.1:{port}");
    let app = settings.env("GITHUB_URL", &nowhere).env("GITHUB_API_URL", &nowhere).start();
    wait_for("the reason", || (version_control(&app)["reason"] == "unreachable").then_some(()));
    assert_eq!(app.get("/api/liveness").status, 200);
}

#[test]
fn away_later_reads_go_on_and_writes_say_so() {
    let scene = Scene::start();
    let app = scene.app();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 201);
    scene.remote.server.fault(REFS, usize::MAX, Fault::Status(503, Vec::new(), ""));
    wait_for("the reason", || (version_control(&app)["reason"] == "unreachable").then_some(()));
    for path in ["/api/nodegroups", "/api/secrets", "/api/pull_requests/1", "/api/readiness"] {
        assert_eq!(app.get(path).status, 200, "{path}");
    }
    let told = app.post("/api/nodegroups", &nodegroup("others"));
    assert_eq!((told.status, told.error_name().as_str()), (503, "ServiceUnavailableError"), "{}", told.text());
    scene.remote.server.heal();
    assert_eq!(app.post("/api/nodegroups", &nodegroup("others")).status, 201);
}
