//! What a kind must tell to be watched.

use std::fmt::Debug;

use kube::Resource;
use kube::core::NamespaceResourceScope;
use kube::runtime::watcher;
use serde::de::DeserializeOwned;

use crate::domain::change::ObjectKind;
use crate::domain::snapshot::Observed;

/// An object as the server sends it, in the shape that is decoded.
pub trait Watchable:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug + Send + Sync + 'static
{
    /// What is kept of it.
    type Seen: Send + Sync + 'static;

    /// The resource's name with its group, as `kubectl api-resources` has it.
    const RESOURCE: &'static str;

    /// Whose key it has.
    const KIND: ObjectKind;

    /// Which objects of the kind are asked for.
    fn selected(config: watcher::Config) -> watcher::Config {
        config
    }

    /// What is kept of it, or why nothing can be.
    fn observed(self) -> Observed<Self::Seen>;
}
