//! The adapters: what fills the domain's ports, and HTTP, through which the use cases are called.

pub mod backstage;
pub mod git;
pub mod github;
pub mod http;
pub mod kubernetes;
pub mod local;
pub mod manifests;
pub mod pricing;
pub mod sealing;
pub mod templates;
