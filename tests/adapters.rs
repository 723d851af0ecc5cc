//! Adapters against the real thing.

mod git;
mod local;
mod pricing;
mod sealing;
mod templates;
