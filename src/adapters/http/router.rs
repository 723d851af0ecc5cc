//! The router: every resource's routes, and around them what holds for all.

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa_axum::router::OpenApiRouter;

use super::state::AppState;
use super::{auth, finish, host, instance_types, nodegroups, openapi, options, probes, pull_requests, secrets};

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
pub fn router(state: &AppState) -> Router {
    let (routes, document) = resources().split_for_parts();
    wrap(routes.with_state(state.clone()).merge(openapi::routes(&document)), state)
}

/// What holds for every route, and for those that don't exist. The last layer is the outermost. `finish` stands outside of
/// the router as a whole, which adds `Allow` to its 405 after its own layers.
pub(super) fn wrap(router: Router, state: &AppState) -> Router {
    let guarded = router
        .layer(from_fn_with_state(state.clone(), host::check))
        .layer(from_fn_with_state(state.clone(), auth::authenticate));
    Router::new().fallback_service(guarded).layer(from_fn_with_state(state.time_limit, finish::finish))
}
