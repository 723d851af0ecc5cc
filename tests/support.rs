//! What the tests share: the built binary in a fresh folder, and a small HTTP client.

// Each helper is there for some tests, and not every step of the project has them all.
#![allow(dead_code)]
#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

pub mod client;
pub mod process;

pub use client::request_raw;
pub use process::{TestApp, wait_for};
