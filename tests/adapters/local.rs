//! Tests of the local adapter: real repositories, looked at with the plain git command.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod crash;
pub mod forge;
mod lifecycle;
mod merging;
mod reading;
mod starting;
pub mod together;
