//! The HTTP edge: reads requests into domain types, calls the use cases, writes answers and errors as the contract has them.

pub mod auth;
pub mod body;
pub mod cors;
pub mod cost_view;
pub mod edge;
pub mod error;
pub mod error_body;
pub mod finish;
pub mod host;
pub mod instance_types;
pub mod limits;
pub mod list;
pub mod measured;
pub mod metrics;
pub mod negotiation;
pub mod nodegroups;
pub mod openapi;
pub mod options;
pub mod parameters;
pub mod path;
pub mod probes;
pub mod pull_request_view;
pub mod pull_requests;
pub mod query;
pub mod request_id;
pub mod responses;
pub mod router;
pub mod secrets;
pub mod serve;
pub mod state;
mod trace_context;
pub mod write;

pub use auth::{Authenticator, Subject};
pub use body::{Fields, JsonBody, Node, Problems};
pub use error::ApiError;
pub use host::{HostRule, RequestHost};
pub use limits::Limits;
pub use metrics::metrics_router;
pub use pull_request_view::PullRequestView;
pub use query::Query;
pub use router::router;
pub use serve::{Bounds, serve};
pub use state::AppState;

/// The paths that need no credentials and are answered under any name: the probes and the API's documentation.
fn open_to_all(path: &str) -> bool {
    matches!(path, "/api/liveness" | "/api/readiness" | openapi::DOCUMENT | openapi::DOCS)
        || path.starts_with("/api/docs/")
}
