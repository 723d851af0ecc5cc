//! Spans that are sent as traces, beside those of the log. Their names are fixed words: no name of a thing, no value.

use tracing::Span;

/// The target of these spans; the log shows none of them. Where no traces are sent they cost nothing.
pub const TARGET: &str = "cre_backend_api::trace";

/// A step of a request's work.
#[must_use]
pub fn step(name: &'static str) -> Span {
    tracing::info_span!(target: TARGET, "step", otel.name = name)
}

/// A step that waits for another server.
#[must_use]
pub fn call(name: &'static str) -> Span {
    tracing::info_span!(target: TARGET, "call", otel.name = name, otel.kind = "client")
}
