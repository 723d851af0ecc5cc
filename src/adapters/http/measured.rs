//! What requests and the room for them tell in metrics. Routes are told as templates, so that no metric carries a name.

use std::time::Duration;

use axum::http::Method;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::limits::Limits;
use crate::application::readiness::ReadinessReport;

const REQUESTS: &str = "backend_api_http_requests_total";
const SECONDS: &str = "backend_api_http_request_seconds";
const SHED: &str = "backend_api_http_shed_total";
const REQUESTS_IN_FLIGHT: &str = "backend_api_http_requests_in_flight";
const WRITES_IN_FLIGHT: &str = "backend_api_writes_in_flight";
const READY: &str = "backend_api_ready";
const PART_READY: &str = "backend_api_part_ready";
const PART_AGE: &str = "backend_api_part_age_seconds";

/// Says what each metric is. Only a recorder that is there already hears it.
pub fn describe() {
    describe_counter!(REQUESTS, "Requests by method, route and status");
    describe_histogram!(SECONDS, Unit::Seconds, "Time from a request's head to its answer's, by method and route");
    describe_counter!(SHED, "Requests and writes that found no room and were answered with 503");
    describe_gauge!(REQUESTS_IN_FLIGHT, "Requests that are read or worked on now");
    describe_gauge!(WRITES_IN_FLIGHT, "Writes in flight or waiting for their turn");
    describe_gauge!(READY, "Whether the service is ready");
    describe_gauge!(PART_READY, "Whether a part is ready");
    describe_gauge!(PART_AGE, Unit::Seconds, "Time since a part last heard from its source");
}

/// Counts an answer.
pub(super) fn answered(method: &Method, route: &str, status: u16, took: Duration) {
    let method = word(method);
    let route = route.to_owned();
    counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status.to_string()).increment(1);
    histogram!(SECONDS, "method" => method, "route" => route).record(took.as_secs_f64());
}

/// Counts what found no room.
pub(super) fn shed(what: &'static str) {
    counter!(SHED, "what" => what).increment(1);
}

/// Tells what changes by itself.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(super) fn observe(limits: &Limits, readiness: &ReadinessReport) {
    gauge!(REQUESTS_IN_FLIGHT).set(limits.requests_in_flight() as f64);
    gauge!(WRITES_IN_FLIGHT).set(limits.writes_in_flight() as f64);
    gauge!(READY).set(f64::from(u8::from(readiness.ready)));
    for part in &readiness.parts {
        gauge!(PART_READY, "part" => part.name, "adapter" => part.adapter).set(f64::from(u8::from(part.ready)));
        if let Some(age) = part.age {
            gauge!(PART_AGE, "part" => part.name, "adapter" => part.adapter).set(age.as_secs_f64());
        }
    }
}

/// A method that a client made up is not a series of its own.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
