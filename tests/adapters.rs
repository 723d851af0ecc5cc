//! Adapters against the real thing.

mod git;
mod github;
mod local;
mod pricing;
pub mod sealing;
pub mod templates;
