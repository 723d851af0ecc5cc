//! All integration tests, in one binary.

mod adapters;
mod api;
mod house;
mod support;
