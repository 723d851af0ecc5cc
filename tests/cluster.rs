//! Against a real API server.

mod deploy;
mod harness;
mod manifests;
mod sealed_secrets;
mod sealing;
mod service;
mod token_review;
