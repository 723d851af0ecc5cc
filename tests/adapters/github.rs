//! The GitHub adapter: git over real smart HTTP, and the REST API against a double that keeps state.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod api;
mod faults;
mod forge;
mod mirror;
mod push;
mod rebuild;
mod token;
