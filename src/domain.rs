//! The domain: what nodegroups, secrets, instance types and changes are, and the ports that lead out. Knows no adapter.

pub mod access;
pub mod change;
pub mod cost;
pub mod cursor;
pub mod error;
pub mod glob;
pub mod identity;
pub mod instance_type;
pub mod manifest;
pub mod names;
pub mod near;
pub mod nodegroup;
pub mod ports;
pub mod quote;
pub mod secret;
pub mod snapshot;
pub mod text;
pub mod watch;
