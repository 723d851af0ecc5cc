//! What a cluster has: NodegroupStore and SecretStore on watches that keep everything in memory and say how old it is.
//!
//! Each kind is watched per namespace, or once for all of them. A watch lists in pages, follows from there, and starts anew when it
//! has to; what it brings is turned into the domain's types at once, so that nothing else of an object stays: of a secret's values
//! only their lengths.

mod connector;
mod credentials;
mod feed;
mod follow;
mod guarded;
mod heard;
mod kept;
mod kinds;
pub mod metrics;
mod nodegroups;
mod report;
mod secrets;
mod token_review;
mod trouble;
mod watchable;
mod watched;

pub use connector::{Connector, NamespaceScope, NoClient};
pub use credentials::Credentials;
pub use feed::Running;
pub use kinds::crd;
pub use nodegroups::KubeNodegroupStore;
pub use report::{Report, Reported};
pub use secrets::KubeSecretStore;
pub use token_review::TokenReviews;
