//! The API over a socket.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod auth;
pub mod canary;
mod catalog_info;
mod certificate;
mod config;
mod contract;
mod crash;
mod disk;
mod edge;
mod github;
mod instance_types;
mod instance_types_url;
mod limits;
mod r#loop;
pub mod metrics;
mod openapi;
mod schemathesis;
mod shutdown;
mod traces;
