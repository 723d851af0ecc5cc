//! The API over a socket.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod auth;
mod config;
mod edge;
mod instance_types;
mod shutdown;
