//! What every request gets: an id, a time limit, an error body in the contract's shape, one log line.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::header::{ALLOW, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tracing::Instrument;

use super::error::ApiError;
use super::error_body::{About, render};
use super::measured;
use super::request_id::REQUEST_ID;
use super::trace_context::Traced;
use crate::domain::names::Actor;

/// Marks a response with an error status whose body is meant as it is, such as readiness' 503.
#[derive(Debug, Clone, Copy)]
pub struct AsIs;

/// What is learnt about a request further in, for its log line.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Learnt>);

#[derive(Debug, Default)]
struct Learnt {
    route: OnceLock<MatchedPath>,
    subject: OnceLock<Actor>,
}

impl Seen {
    /// The route that the request took. A request is routed once; a second value would be a mistake and is dropped.
    pub(super) fn route(&self, route: &MatchedPath) {
        let _ = self.0.route.set(route.clone());
    }

    /// Who sent it.
    pub(super) fn subject(&self, subject: &Actor) {
        let _ = self.0.subject.set(subject.clone());
    }
}

/// Has a request answered by `inner`, and finishes the answer.
pub(super) async fn finish<F: Future<Output = Response>>(
    time_limit: Duration,
    request: Request,
    inner: impl FnOnce(Request, Seen) -> F,
) -> Response {
    let started = Instant::now();
    let about = About::of(request.method(), request.uri(), request.headers());
    let traced = Traced::begin(&about.method, request.headers());
    let seen = Seen::default();

    let span = tracing::info_span!("request", id = about.id.0);
    // A handler that panics leaves nothing behind that another request could see half-done: state is behind ports and locks.
    let handled = AssertUnwindSafe(inner(request, seen.clone())).catch_unwind();
    let handled = handled.instrument(traced.span.clone()).instrument(span.clone());
    let response = match tokio::time::timeout(time_limit, handled).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => ApiError::defect(panic_text(panic.as_ref())).into_response(),
        Err(_) => timed_out(time_limit).into_response(),
    };

    let mut response = span.in_scope(|| settle(response, &about));
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(&about.id.0) {
        headers.insert(REQUEST_ID, id);
    }
    let subject = seen.0.subject.get().map_or("none", Actor::as_str);
    let route = seen.0.route.get().map_or("none", MatchedPath::as_str);
    let (took, status) = (started.elapsed(), response.status().as_u16());
    measured::answered(&about.method, route, status, took);
    let trace = traced.answered(&about.method, route, status, subject);
    let (method, milliseconds) = (about.method.as_str(), took.as_millis());
    tracing::info!(id = about.id.0, trace, method, route, status, milliseconds, subject, "answered");
    response
}

/// Gives an error its body. What axum answered by itself (no such route, a wrong method) becomes such an error first.
fn settle(response: Response, about: &About) -> Response {
    if response.extensions().get::<AsIs>().is_some() {
        return response;
    }
    let mut response = response;
    let error = match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error,
        None if response.status().is_client_error() || response.status().is_server_error() => of_axum(&response),
        None => return response,
    };
    let cause = error.cause.as_deref().unwrap_or(&error.message);
    match error.status.as_u16() {
        500 => tracing::error!(status = 500, cause, "a defect"),
        status @ 501.. => tracing::warn!(status, cause, "can't be done now"),
        _ => {}
    }
    let allow = response.headers_mut().remove(ALLOW);
    let mut rendered = render(&error, about);
    if let Some(allow) = allow {
        rendered.headers_mut().insert(ALLOW, allow);
    }
    rendered
}

fn of_axum(response: &Response) -> ApiError {
    let status = response.status();
    let allow = response.headers().get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or("another method");
    match status {
        StatusCode::NOT_FOUND => ApiError::new(status, "there is no such route; GET /api/openapi.json lists them"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::new(status, format!("this route doesn't take this method; use {allow}"))
        }
        status if status.is_client_error() => {
            ApiError::new(status, "the request's address can't be read; see /api/openapi.json")
        }
        status => ApiError::defect(format!("a bare {status}")),
    }
}

fn timed_out(limit: Duration) -> ApiError {
    let seconds = limit.as_secs();
    ApiError::new(
        StatusCode::GATEWAY_TIMEOUT,
        format!("no answer within {seconds} seconds; send the same request again: a write goes on, and is found by it"),
    )
}

/// Only a literal is told: a formatted message can hold a value, as `str`'s own about slices do.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<&'static str>().map_or_else(|| "a panic".to_owned(), |text| format!("a panic: {text}"))
}

#[cfg(test)]
#[path = "finish_tests.rs"]
mod tests;
