//! GitHub: its pull requests over the REST API, and who this service is there.

pub mod api;
pub mod identity;
