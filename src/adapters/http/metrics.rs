//! `/metrics` in Prometheus' text format, beside the probes: served on an address of its own, for the operators' network.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use super::edge::Edge;
use super::measured;
use super::probes;
use super::state::AppState;

/// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all metrics.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// The operators' routes. Open to whoever reaches them: metrics and probes name no things.
pub fn metrics_router(state: &AppState, render: Render) -> Edge {
    measured::describe();
    let (probes, _) = probes::routes().split_for_parts();
    let routes =
        probes.with_state(state.clone()).route("/metrics", get(get_metrics).with_state((state.clone(), render)));
    Edge::open(state, routes)
}

async fn get_metrics(State((state, render)): State<(AppState, Render)>) -> ([(HeaderName, &'static str); 1], String) {
    state.instance_types.observe();
    state.changes.observe().await;
    measured::observe(&state.limits, &state.readiness.report());
    ([(CONTENT_TYPE, TEXT)], render())
}
