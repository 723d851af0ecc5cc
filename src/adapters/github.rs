//! VersionControl on GitHub: git over smart HTTP, and the REST API.

pub mod mirror;
pub mod remote;
mod transport;
