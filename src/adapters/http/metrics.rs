//! `/metrics` in Prometheus' text format, beside the probes: served on an address of its own, for the operators' network.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use super::state::AppState;
use super::{finish, probes};

/// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all metrics.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// The operators' routes. Open to whoever reaches them: metrics and probes name no things.
pub fn metrics_router(state: &AppState, render: Render) -> Router {
    let (probes, _) = probes::routes().split_for_parts();
    let routes =
        probes.with_state(state.clone()).route("/metrics", get(get_metrics).with_state((state.clone(), render)));
    Router::new().fallback_service(routes).layer(from_fn_with_state(state.time_limit, finish::finish))
}

async fn get_metrics(State((state, render)): State<(AppState, Render)>) -> ([(HeaderName, &'static str); 1], String) {
    state.instance_types.observe();
    ([(CONTENT_TYPE, TEXT)], render())
}
