//! Which namespaces may be written to.

use std::collections::BTreeSet;

use crate::domain::error::Failure;
use crate::domain::names::Namespace;

/// Namespaces that run the cluster: written to only when they are named.
const RESERVED: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "argocd"];

/// Which namespaces may be written to (`WRITE_NAMESPACES`).
#[derive(Debug, Clone)]
pub struct WritePolicy {
    /// `None`: all but the reserved ones.
    only: Option<BTreeSet<Namespace>>,
    reserved: BTreeSet<String>,
}

impl WritePolicy {
    /// A policy of named namespaces, or of all (`None`); the Sealed Secrets controller's namespace is reserved too.
    #[must_use]
    pub fn new(only: Option<BTreeSet<Namespace>>, controller_namespace: &str) -> Self {
        let reserved = RESERVED.into_iter().chain([controller_namespace]).map(str::to_owned).collect();
        Self { only, reserved }
    }

    /// The namespaces that are named, if any are.
    #[must_use]
    pub fn named(&self) -> Option<&BTreeSet<Namespace>> {
        self.only.as_ref()
    }

    /// Allows or refuses a namespace.
    ///
    /// # Errors
    /// [`Failure::NotAllowed`] with the reason.
    pub fn check(&self, namespace: &Namespace) -> Result<(), Failure> {
        match &self.only {
            Some(named) if named.contains(namespace) => Ok(()),
            Some(named) => Err(Failure::NotAllowed(format!(
                "writes go to {} only; ask a platform engineer to add {namespace} to WRITE_NAMESPACES",
                named.iter().map(Namespace::as_str).collect::<Vec<_>>().join(", ")
            ))),
            None if self.reserved.contains(namespace.as_str()) => Err(Failure::NotAllowed(format!(
                "{namespace} runs the cluster and is written to only when WRITE_NAMESPACES names it"
            ))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(name: &str) -> Namespace {
        Namespace::parse(name).unwrap()
    }

    #[test]
    fn without_a_list_all_but_the_clusters_own_namespaces_may_be_written_to() {
        let policy = WritePolicy::new(None, "sealing");
        assert!(policy.check(&namespace("team-a")).is_ok());
        for reserved in ["kube-system", "kube-public", "kube-node-lease", "argocd", "sealing"] {
            assert!(policy.check(&namespace(reserved)).is_err(), "{reserved}");
        }
    }

    #[test]
    fn with_a_list_only_the_named_ones_may_be_written_to_reserved_or_not() {
        let policy = WritePolicy::new(Some([namespace("team-a"), namespace("argocd")].into()), "sealing");
        assert!(policy.check(&namespace("team-a")).is_ok());
        assert!(policy.check(&namespace("argocd")).is_ok());
        assert!(
            matches!(policy.check(&namespace("team-b")), Err(Failure::NotAllowed(reason)) if reason.contains("WRITE_NAMESPACES"))
        );
    }
}
