//! The router: every resource's routes, and around them what holds for all.

use utoipa_axum::router::OpenApiRouter;

use super::edge::Edge;
use super::state::AppState;
use super::{instance_types, nodegroups, openapi, options, probes, pull_requests, secrets};

/// The routes of every resource. A new resource is added here, and nowhere else.
fn resources() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::document())
        .merge(instance_types::routes())
        .merge(nodegroups::routes())
        .merge(secrets::routes())
        .merge(pull_requests::routes())
        .merge(options::routes())
        .merge(probes::routes())
}

/// The whole API.
pub fn router(state: &AppState) -> Edge {
    let (routes, document) = resources().split_for_parts();
    Edge::guarded(state, routes.with_state(state.clone()).merge(openapi::routes(document)))
}
