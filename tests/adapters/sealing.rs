//! Sealing: the certificates, the embedded key's files, and another implementation that opens what is sealed.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not see as tests")]

mod certificates;
mod controller;
mod embedded;
mod fetched;
mod file;
pub mod keys;
mod processes;
mod round_trip;
mod url;
