//! Liveness and readiness: open to all, so that they tell fixed codes and nothing else.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::ApiError;
use super::finish::AsIs;
use super::query::Query;
use super::responses::ProbeErrors;
use super::state::AppState;
use crate::application::readiness::PartReport;
use crate::domain::watch::{Trouble, WatchReport};

/// The process runs.
#[derive(Serialize, ToSchema)]
struct Liveness {
    /// Always `ok`.
    status: &'static str,
}

/// Whether requests should be sent here.
#[derive(Serialize, ToSchema)]
struct ReadinessView {
    /// Every required part was ready once, and the service isn't stopping.
    ready: bool,
    /// The parts.
    parts: Vec<PartView>,
}

/// How a part of the service does.
#[derive(Serialize, ToSchema)]
struct PartView {
    /// What it is.
    name: &'static str,
    /// What fills it.
    adapter: &'static str,
    /// Whether it does its work.
    ready: bool,
    /// Seconds since its source was last heard from; null without a source.
    #[schema(required = true)]
    age_seconds: Option<u64>,
    /// A fixed code of what is wrong.
    #[schema(required = true)]
    reason: Option<&'static str>,
    /// The watches of a cluster that it gets its data through; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    watches: Vec<ProbedWatch>,
}

/// How a watch does, as far as everybody may know.
#[derive(Serialize, ToSchema)]
struct ProbedWatch {
    /// The kind.
    #[schema(example = "secrets")]
    kind: &'static str,
    /// Seconds since the API server last sent anything.
    #[schema(required = true)]
    contact_age_seconds: Option<u64>,
    /// Seconds since an object last came, changed or went.
    #[schema(required = true)]
    event_age_seconds: Option<u64>,
    /// How often everything was listed anew.
    relists: u64,
    /// How often the watch failed.
    errors: u64,
    /// Objects that can't be decoded.
    undecodable: u64,
    /// A fixed code of what is wrong.
    #[schema(required = true)]
    reason: Option<&'static str>,
}

impl From<WatchReport> for ProbedWatch {
    fn from(watch: WatchReport) -> Self {
        let age = |at: Timestamp| Timestamp::now().duration_since(at).as_secs().unsigned_abs();
        Self {
            kind: watch.kind,
            contact_age_seconds: watch.last_contact.map(age),
            event_age_seconds: watch.last_event.map(age),
            relists: watch.relists,
            errors: watch.errors,
            undecodable: watch.undecodable,
            reason: watch.trouble.map(Trouble::as_str),
        }
    }
}

impl From<PartReport> for PartView {
    fn from(part: PartReport) -> Self {
        let PartReport { name, adapter, ready, age, reason, required: _, watches } = part;
        let watches = watches.into_iter().map(ProbedWatch::from).collect();
        Self { name, adapter, ready, age_seconds: age.map(|age| age.as_secs()), reason, watches }
    }
}

/// The two probes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_liveness)).routes(routes!(get_readiness))
}

/// Whether the process runs.
#[utoipa::path(
    get, path = "/api/liveness", tag = "probes", security(()),
    responses((status = 200, body = Liveness), ProbeErrors)
)]
async fn get_liveness(query: Query) -> Result<Json<Liveness>, ApiError> {
    query.finish()?;
    Ok(Json(Liveness { status: "ok" }))
}

/// Whether requests should be sent here.
#[utoipa::path(
    get, path = "/api/readiness", tag = "probes", security(()),
    responses(
        (status = 200, body = ReadinessView),
        (status = 503, body = ReadinessView, description = "Not ready"),
        ProbeErrors,
    )
)]
async fn get_readiness(State(state): State<AppState>, query: Query) -> Result<Response, ApiError> {
    query.finish()?;
    let report = state.readiness.report();
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let view = ReadinessView { ready: report.ready, parts: report.parts.into_iter().map(PartView::from).collect() };
    let mut response = (status, Json(view)).into_response();
    response.extensions_mut().insert(AsIs);
    Ok(response)
}
