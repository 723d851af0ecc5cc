//! `GET /api/instance_types/source`: where the types come from, how old they are, and why a load failed.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CACHE_CONTROL;
use serde::Serialize;
use utoipa::ToSchema;

use crate::adapters::http::error::ApiError;
use crate::adapters::http::list::source::seconds;
use crate::adapters::http::query::Query;
use crate::adapters::http::responses::ReadErrors;
use crate::adapters::http::state::AppState;
use crate::application::catalog::CatalogStatus;
use crate::domain::instance_type::IngestReport;

/// Where the instance types come from. Before the first load, what a load tells is null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypeSource)]
pub struct StatusView {
    /// `file` or `url`.
    kind: &'static str,
    /// A path or an address, without credentials.
    location: String,
    /// The offer file's `version`.
    #[schema(required = true)]
    version: Option<String>,
    /// The offer file's `publicationDate`, RFC 3339.
    #[schema(required = true)]
    published_at: Option<String>,
    /// When what is served was loaded, RFC 3339.
    #[schema(required = true)]
    loaded_at: Option<String>,
    /// When the source was last looked at with success, RFC 3339.
    #[schema(required = true)]
    checked_at: Option<String>,
    /// Seconds since what is served was last known to be what the source has.
    #[schema(required = true)]
    age_seconds: Option<f64>,
    /// Whether that is too long ago.
    stale: bool,
    /// Why the last load failed or was refused; null after a good one.
    #[schema(required = true)]
    last_error: Option<String>,
    /// How the file was read.
    #[schema(required = true)]
    ingest: Option<IngestView>,
}

/// How an offer file was read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypeIngest)]
pub struct IngestView {
    /// Products seen.
    rows: u64,
    /// Products that became a type.
    kept: u64,
    /// Products that didn't, by reason.
    dropped: BTreeMap<&'static str, u64>,
    /// Types without a price.
    unpriced: u64,
    /// Bytes read.
    bytes: u64,
    /// Seconds it took.
    seconds: f64,
}

impl From<CatalogStatus> for StatusView {
    fn from(status: CatalogStatus) -> Self {
        let catalog = status.current.as_ref().map(|loaded| &loaded.catalog);
        Self {
            kind: status.source.kind.as_str(),
            version: catalog.and_then(|catalog| catalog.version.clone()),
            published_at: catalog.and_then(|catalog| catalog.published_at).map(|at| at.to_string()),
            loaded_at: status.current.as_ref().map(|loaded| loaded.loaded_at.to_string()),
            checked_at: status.checked_at.map(|at| at.to_string()),
            age_seconds: catalog.map(|_| seconds(status.age)),
            stale: status.stale,
            ingest: status.current.as_ref().map(|loaded| IngestView::of(&loaded.report)),
            last_error: status.last_error,
            location: status.source.location,
        }
    }
}

impl IngestView {
    fn of(report: &IngestReport) -> Self {
        let IngestReport { rows, kept, dropped, unpriced, bytes, seconds } = report.clone();
        Self { rows, kept, dropped, unpriced, bytes, seconds }
    }
}

/// Where the instance types come from. Answers also before the first load, as it tells what hinders it.
#[utoipa::path(
    get, path = "/api/instance_types/source", tag = "instance types",
    responses((status = 200, body = StatusView), ReadErrors)
)]
pub async fn get_instance_type_source(
    State(state): State<AppState>,
    query: Query,
) -> Result<([(HeaderName, &'static str); 1], Json<StatusView>), ApiError> {
    query.finish()?;
    // An age is out of date as soon as it is told.
    Ok(([(CACHE_CONTROL, "no-store")], Json(StatusView::from(state.instance_types.status()))))
}
