//! The use cases: what the service does, in terms of the domain and its ports.

pub mod catalog;
pub mod changes;
pub mod declared;
#[cfg(test)]
pub(crate) mod doubles;
pub mod lookup;
pub mod nodegroups;
pub mod readiness;
pub mod secrets;
pub mod sight;
