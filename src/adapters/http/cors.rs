//! What browsers on other origins may do: nothing, unless their origins are listed.

use std::time::Duration;

use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER};
use axum::http::{HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id::REQUEST_ID;

/// How long a browser may keep what it was told.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Answers for browsers on these origins; `None` when there are none. Credentials are those of the `Authorization` header, which a
/// page sets itself: cookies are never asked for.
#[must_use]
pub fn layer(origins: &[HeaderValue]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, ACCEPT, IF_NONE_MATCH, REQUEST_ID])
        .expose_headers([ETAG, RETRY_AFTER, CONTENT_DISPOSITION, REQUEST_ID])
        .max_age(MAX_AGE);
    Some(layer)
}
