//! All integration tests, in one binary.

#![allow(clippy::unwrap_used)] // A helper that unwraps fails the test that calls it, which is the point.

mod adapters;
mod api;
mod cluster;
mod domain;
mod house;
mod readme;
mod soak;
mod support;
