//! Adapters against the real thing.

mod git;
mod github;
mod local;
mod pricing;
mod sealing;
pub mod templates;
