//! The errors of the contract as the OpenAPI document lists them under each route.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use super::error_body::ErrorBody;

/// What any read may answer beside its success.
pub struct ReadErrors;

/// What any write may answer beside its success.
pub struct WriteErrors;

/// What a probe may answer beside its own.
pub struct ProbeErrors;

impl IntoResponses for ProbeErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        errors(&[400])
    }
}

impl IntoResponses for ReadErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        errors(&[400, 401, 403, 404, 409, 500, 503, 504])
    }
}

impl IntoResponses for WriteErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        errors(&[400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 502, 503, 504])
    }
}

fn errors(statuses: &[u16]) -> BTreeMap<String, RefOr<Response>> {
    statuses.iter().map(|status| (status.to_string(), RefOr::T(error(*status)))).collect()
}

fn error(status: u16) -> Response {
    let description = match status {
        400 => "The body, a parameter or the cursor can't be read",
        401 => "No or bad credentials",
        403 => "Not allowed here",
        404 => "No such thing; near names where there are some",
        409 => "The state of things is against it",
        413 => "The body is larger than 2 MiB",
        415 => "The body isn't application/json",
        422 => "Values break rules; a pointer for each",
        429 => "Too many requests",
        502 => "The Git server refused",
        503 => "Can't be done now; try again after retry_after_seconds",
        504 => "No answer in time",
        _ => "A defect of the service",
    };
    let schema = Ref::from_schema_name(ErrorBody::name());
    ResponseBuilder::new()
        .description(description)
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}
