//! The REST API behind Backstage through which developers serve themselves on Kubernetes, the GitOps way.

pub mod adapters;
pub mod app;
pub mod application;
pub mod config;
pub mod domain;
pub mod private_files;
pub mod telemetry;
