//! What GitHub's answers tell in metrics.

use super::{Scene, ready};
use crate::api::metrics::{metrics, value};
use crate::support::bodies::nodegroup;

#[test]
fn requests_to_github_and_what_is_left_of_its_limit_are_told() {
    let scene = Scene::start();
    let app = ready(scene.settings().env("METRICS_ADDRESS", "127.0.0.1:0"));
    assert_eq!(app.post("/api/nodegroups", &nodegroup("workers")).status, 201);
    let told = metrics(&app);
    assert!(
        (value(&told, "backend_api_github_requests_total{method=\"POST\",status=\"201\"}") - 1.0).abs() < f64::EPSILON
    );
    assert!(value(&told, "backend_api_github_requests_total{method=\"GET\",status=\"200\"}") >= 1.0);
    assert!((value(&told, "backend_api_github_rate_limit") - 5000.0).abs() < f64::EPSILON);
    assert!(value(&told, "backend_api_github_rate_limit_remaining") <= 5000.0);
    assert!(value(&told, "backend_api_github_rate_limit_reset_timestamp_seconds") > 1.7e9);
}
