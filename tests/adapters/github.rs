//! Tests of the GitHub adapter's git half, over real smart HTTP.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod faults;
mod mirror;
mod push;
mod rebuild;
mod token;
