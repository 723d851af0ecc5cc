//! The API over a socket.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod auth;
mod config;
mod contract;
mod edge;
mod r#loop;
mod shutdown;
