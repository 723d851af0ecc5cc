//! `/api/instance_types`: the AWS instance types, one of them, and where they come from.

mod conditional;
mod csv;
mod envelope;
mod fields;
mod list;
mod parameters;
mod prepared;
mod source;
mod view;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::conditional::{Validators, fingerprint};
use self::list::{__path_list_instance_types, list_instance_types};
use self::prepared::{Cache, Prepared};
use self::source::{__path_get_instance_type_source, get_instance_type_source};
use self::view::InstanceTypeView;
use super::error::ApiError;
use super::path::PathName;
use super::query::Query;
use super::responses::ReadErrors;
use super::state::AppState;
use crate::domain::error::Failure;

/// The media type of lists and items.
const JSON: &str = "application/json";
/// The media type of lists for spreadsheets (RFC 4180, RFC 7111).
const CSV: &str = "text/csv; charset=utf-8; header=present";

/// The routes. No type is called `source`: names have a dot.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_instance_types))
        .routes(routes!(get_instance_type_source))
        .routes(routes!(get_instance_type))
        .layer(Extension(Arc::new(Cache::default())))
}

/// One instance type.
#[utoipa::path(
    get, path = "/api/instance_types/{name}", tag = "instance types",
    params(
        ("name" = String, Path, description = "The type's name, such as `m5.xlarge`"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that is kept"),
        ("If-Modified-Since" = Option<String>, Header, description = "The Last-Modified of an answer that is kept"),
    ),
    responses(
        (status = 200, body = InstanceTypeView, headers(("ETag" = String), ("Last-Modified" = String))),
        (status = 304, description = "The answer that is kept still holds"),
        ReadErrors,
    )
)]
async fn get_instance_type(
    State(state): State<AppState>,
    Extension(cache): Extension<Arc<Cache>>,
    PathName(name): PathName,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    query.finish()?;
    let prepared = prepared(&state, &cache).await?;
    let bytes = prepared.item(&name).ok_or_else(|| Failure::NotFound {
        message: "no instance type of this name; GET /api/instance_types lists them".to_owned(),
        suggestions: prepared.loaded().catalog.near(&name),
    })?;
    let validators = Validators::new(&fingerprint(&bytes), prepared.modified());
    if validators.are_known_to(&headers) {
        return Ok(validators.unchanged());
    }
    Ok(validators.answer(JSON, None, bytes))
}

/// The types as bytes.
///
/// # Errors
/// 503 before the first load.
async fn prepared(state: &AppState, cache: &Cache) -> Result<Arc<Prepared>, ApiError> {
    cache.of(state.instance_types.loaded()?, &state.instance_types.status()).await
}

#[cfg(test)]
mod tests;
