//! The Tera templates: what they render, what they refuse, and that no text can break out.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy does not see as tests")]

pub mod drafts;
mod folder;
mod injection;
mod manifests;
mod paths;
mod words;
