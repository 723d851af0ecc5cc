//! Tests of the REST half: the double direct, and through a proxy that holds every message against GitHub's own description.

pub mod app;
mod conformance;
mod limits;
mod outcomes;
mod reading;
mod refusals;
mod scene;
