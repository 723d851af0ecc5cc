//! The OpenAPI document, and Swagger UI, which shows it without a network.

use std::io::Read;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use flate2::read::MultiGzDecoder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::Config;

use super::error::ApiError;
use super::error_body::ErrorBody;
use super::negotiation::TakesGzip;
use super::query::Query;

/// Where the document is.
pub const DOCUMENT: &str = "/api/openapi.json";
/// Where it is shown.
pub const DOCS: &str = "/api/docs";

/// The document before the resources are added: what it is about, how to authenticate, what an error looks like.
#[must_use]
pub fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(env!("CARGO_PKG_DESCRIPTION")));
    let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
    ErrorBody::schemas(&mut schemas);
    schemas.push((ErrorBody::name().into_owned(), ErrorBody::schema()));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of AUTH_TOKENS_FILE, of a person or plugin of Backstage, or of a service account; not asked for where authentication is off."))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .build();
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(components))
        .security(Some([SecurityRequirement::new("bearer", Vec::<String>::new())]))
        .build()
}

/// OpenAPI wants a description of every response; a response that has none to tell gets one by its status.
fn describe(document: &mut OpenApi) {
    let items = document.paths.paths.values_mut();
    let operations = items
        .flat_map(|item| [&mut item.get, &mut item.put, &mut item.post, &mut item.delete])
        .filter_map(Option::as_mut);
    for (status, response) in operations.flat_map(|operation| &mut operation.responses.responses) {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            let told = match status.as_str() {
                "200" => "What was asked for",
                "201" => "The change is made: a pull request is open, or in direct mode a commit is on the base branch",
                status => status,
            };
            told.clone_into(&mut response.description);
        }
    }
}

/// The routes of the document and of Swagger UI. The document is written once.
pub(super) fn routes(mut document: OpenApi) -> Router {
    describe(&mut document);
    let json = Bytes::from(document.to_json().unwrap_or_default());
    let config = Arc::new(Config::from(DOCUMENT).validator_url("none"));
    let ui = Router::new()
        .route(DOCS, get(to_slash))
        .route("/api/docs/", get(|gzip, config| serve_ui(Path(String::new()), gzip, config)))
        .route("/api/docs/{*file}", get(serve_ui))
        .layer(Extension(config));
    Router::new()
        .route(
            DOCUMENT,
            get(move |query: Query| async move { query.finish().map(|()| of_type("application/json", json)) }),
        )
        .merge(ui)
}

/// Swagger UI's files are relative to its folder. The target is relative too: a proxy may stand before it with a prefix.
async fn to_slash() -> Response {
    (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "docs/")]).into_response()
}

/// The files are packed in the binary, and stay so for whoever takes them packed.
async fn serve_ui(
    Path(file): Path<String>,
    TakesGzip(gzip): TakesGzip,
    Extension(config): Extension<Arc<Config<'static>>>,
) -> Response {
    match utoipa_swagger_ui::serve(&file, config) {
        Ok(Some(file)) if !file.gzpipped => of_type(&file.content_type, Bytes::from(file.bytes.into_owned())),
        Ok(Some(file)) => {
            let mut response = if gzip {
                let mut response = of_type(&file.content_type, Bytes::from(file.bytes.into_owned()));
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                response
            } else {
                let mut plain = Vec::new();
                match MultiGzDecoder::new(&*file.bytes).read_to_end(&mut plain) {
                    Ok(_) => of_type(&file.content_type, Bytes::from(plain)),
                    Err(error) => return ApiError::defect(error.to_string()).into_response(),
                }
            };
            response.headers_mut().insert(VARY, HeaderValue::from(ACCEPT_ENCODING));
            response
        }
        Ok(None) => {
            ApiError::new(StatusCode::NOT_FOUND, "the documentation has no such file; see /api/docs").into_response()
        }
        Err(_) => ApiError::defect("Swagger UI's configuration can't be written").into_response(),
    }
}

fn of_type(media_type: &str, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    if let Ok(media_type) = HeaderValue::from_str(media_type) {
        response.headers_mut().insert(CONTENT_TYPE, media_type);
    }
    response
}
