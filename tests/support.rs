//! What the tests share: the built binary in a fresh folder, a small HTTP client, plain git, bodies of requests.

// Each helper is there for some tests, and not every step of the project has them all.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

pub mod backstage;
pub mod bodies;
pub mod client;
pub mod cluster;
pub mod collector;
pub mod documented;
pub mod file_server;
pub mod git;
pub mod github;
pub mod https;
pub mod process;
pub mod sealing;
pub mod small_disk;
pub mod smart_http;
pub mod tls;
pub mod tokens;

pub use client::request_raw;
pub use git::Checkout;
pub use process::{TestApp, wait_for};
