//! Which namespaces may be written to.

use std::collections::BTreeSet;

use crate::domain::error::Failure;
use crate::domain::names::Namespace;

/// Namespaces that run the cluster: written to only when they are named.
const RESERVED: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "argocd"];

/// Which namespaces may be written to (`WRITE_NAMESPACES`).
#[derive(Debug, Clone)]
pub struct WritePolicy {
    /// Whether all but the reserved ones may be written to.
    everywhere: bool,
    named: BTreeSet<Namespace>,
    reserved: BTreeSet<String>,
}

impl WritePolicy {
    /// A policy of named namespaces and, with `everywhere`, all others but the reserved ones, to which the Sealed Secrets
    /// controller's namespace belongs.
    #[must_use]
    pub fn new(everywhere: bool, named: BTreeSet<Namespace>, controller_namespace: &str) -> Self {
        let reserved = RESERVED.into_iter().chain([controller_namespace]).map(str::to_owned).collect();
        Self { everywhere, named, reserved }
    }

    /// The namespaces that are named.
    #[must_use]
    pub fn named(&self) -> &BTreeSet<Namespace> {
        &self.named
    }

    /// Whether namespaces that aren't named may be written to as well.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        self.everywhere
    }

    /// Allows or refuses a namespace.
    ///
    /// # Errors
    /// [`Failure::NotAllowed`] with the reason.
    pub fn check(&self, namespace: &Namespace) -> Result<(), Failure> {
        if self.named.contains(namespace) {
            return Ok(());
        }
        if !self.everywhere {
            let named: Vec<&str> = self.named.iter().map(Namespace::as_str).collect();
            return Err(Failure::NotAllowed(format!(
                "writes go to {} only; ask a platform engineer to add {namespace} to WRITE_NAMESPACES",
                named.join(", ")
            )));
        }
        if self.reserved.contains(namespace.as_str()) {
            return Err(Failure::NotAllowed(format!(
                "{namespace} runs the cluster and is written to only when WRITE_NAMESPACES names it"
            )));
        }
        Ok(())
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
        let policy = WritePolicy::new(true, BTreeSet::new(), "sealing");
        assert!(policy.check(&namespace("team-a")).is_ok());
        for reserved in ["kube-system", "kube-public", "kube-node-lease", "argocd", "sealing"] {
            assert!(policy.check(&namespace(reserved)).is_err(), "{reserved}");
        }
    }

    #[test]
    fn with_a_list_only_the_named_ones_may_be_written_to_reserved_or_not() {
        let policy = WritePolicy::new(false, [namespace("team-a"), namespace("argocd")].into(), "sealing");
        assert!(policy.check(&namespace("team-a")).is_ok());
        assert!(policy.check(&namespace("argocd")).is_ok());
        assert!(
            matches!(policy.check(&namespace("team-b")), Err(Failure::NotAllowed(reason)) if reason.contains("WRITE_NAMESPACES"))
        );
    }
}
