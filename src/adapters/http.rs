//! The HTTP edge: reads requests into domain types, calls the use cases, writes answers and errors as the contract has them.

pub mod body;
pub mod error;
pub mod pull_request_view;
pub mod query;

pub use body::{Fields, JsonBody, Node, Problems};
pub use error::ApiError;
pub use pull_request_view::PullRequestView;
pub use query::Query;
