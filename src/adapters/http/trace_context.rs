//! The trace that a request belongs to: taken over from `traceparent`, or begun here.
//!
//! The format: <https://www.w3.org/TR/trace-context/#traceparent-header>

use axum::http::{HeaderMap, Method};
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::traced::TARGET;

/// The span of a request, below the log's own one, and its trace's id.
pub(super) struct Traced {
    /// What the request's work is done in.
    pub(super) span: Span,
    parent: Option<Context>,
}

impl Traced {
    /// A request came.
    pub(super) fn begin(method: &Method, headers: &HeaderMap) -> Self {
        let parent = headers
            .contains_key("traceparent")
            .then(|| TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers)));
        let parent = parent.filter(|parent| parent.span().span_context().is_valid());
        let span = tracing::info_span!(
            target: TARGET,
            "request",
            otel.kind = "server",
            otel.status_code = field::Empty,
            http.request.method = method.as_str(),
            http.route = field::Empty,
            http.response.status_code = field::Empty,
            enduser.id = field::Empty,
        );
        if let (Some(parent), false) = (&parent, span.is_disabled()) {
            // Refused only when the span was begun before, which it wasn't.
            let _ = span.set_parent(parent.clone());
        }
        Self { span, parent }
    }

    /// It was answered. Gives the trace's id, for the log.
    pub(super) fn answered(self, method: &Method, route: &str, status: u16, subject: &str) -> Option<String> {
        let Self { span, parent } = self;
        if !span.is_disabled() {
            span.context().span().update_name(format!("{method} {route}"));
            span.record("http.route", route);
            span.record("http.response.status_code", status);
            span.record("enduser.id", subject);
            if status >= 500 {
                span.record("otel.status_code", "ERROR");
            }
        }
        let id = |context: &Context| {
            let context = context.span().span_context().clone();
            context.is_valid().then(|| context.trace_id().to_string())
        };
        if span.is_disabled() { parent.as_ref().and_then(id) } else { id(&span.context()) }
    }
}
