//! One nodegroup as it is listed: what Git declares joined with what the cluster has, the catalogue's data, the cost.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::domain::change::{ObjectKey, PullRequest};
use crate::domain::cost::{Cost, cost};
use crate::domain::instance_type::Catalog;
use crate::domain::manifest::nodegroup::capacity_word;
use crate::domain::nodegroup::phase::Phase;
use crate::domain::nodegroup::{Architecture, CapacityType, Nodegroup};
use crate::domain::snapshot::{ManifestRef, Observed};

/// A nodegroup, ready to be shown.
#[derive(Debug, Clone)]
pub struct NodegroupItem {
    /// Its identity.
    pub key: ObjectKey,
    /// Its fields; empty ones when it can't be read.
    pub nodegroup: Arc<Nodegroup>,
    /// Where it stands.
    pub phase: Phase,
    /// What is wrong with it, in a sentence.
    pub message: Option<String>,
    /// Its types with the catalogue's data.
    pub instance_types: Vec<TypeFacts>,
    /// The architecture of the first type that the catalogue knows.
    pub architecture: Option<Architecture>,
    /// What it costs; `None` where a price is unknown.
    pub cost: Option<Cost>,
    /// Whether Git has its manifest.
    pub managed: bool,
    /// Its manifest.
    pub manifest: Option<ManifestRef>,
    /// The open pull request that changes it.
    pub pull_request: Option<Arc<PullRequest>>,
}

/// An instance type of a nodegroup, with what the catalogue says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeFacts {
    /// Its name.
    pub name: String,
    /// Whether the catalogue has it.
    pub known: bool,
    /// Virtual CPUs.
    pub vcpu: Option<u32>,
    /// Memory, MiB.
    pub memory_mib: Option<u64>,
    /// USD per hour.
    pub usd_per_hour: Option<Decimal>,
}

/// Joins what is known of one nodegroup.
#[must_use]
pub fn join(
    key: &ObjectKey,
    declared: Option<&Observed<Nodegroup>>,
    observed: Option<&Observed<Nodegroup>>,
    catalog: Option<&Catalog>,
    pull_request: Option<Arc<PullRequest>>,
) -> NodegroupItem {
    let (manifest, unreadable) = match declared {
        Some(Observed::Valid(nodegroup)) => (nodegroup.manifest.clone(), None),
        Some(Observed::Invalid(invalid)) => (invalid.manifest.clone(), Some(&invalid.reason)),
        None => (None, None),
    };
    let (nodegroup, phase, message) = match observed.or(declared) {
        Some(Observed::Valid(nodegroup)) => {
            // The cluster goes on with what it has, but nothing that is written in Git reaches it any more.
            let unreadable = unreadable.map(|reason| format!("Git's manifest can't be read: {reason}"));
            let message = status_message(nodegroup).or(unreadable);
            (Arc::clone(nodegroup), Phase::of(nodegroup.status.as_ref()), message)
        }
        Some(Observed::Invalid(invalid)) => (Arc::default(), Phase::Invalid, Some(invalid.reason.clone())),
        None => (Arc::default(), Phase::Unknown, None),
    };
    let instance_types = nodegroup.instance_types.iter().map(|name| facts(catalog, name)).collect();
    NodegroupItem {
        key: key.clone(),
        architecture: architecture(catalog, &nodegroup),
        cost: catalog.and_then(|catalog| cost_of(catalog, &nodegroup)),
        instance_types,
        nodegroup,
        phase,
        message,
        managed: declared.is_some(),
        manifest,
        pull_request,
    }
}

fn facts(catalog: Option<&Catalog>, name: &str) -> TypeFacts {
    let known = catalog.and_then(|catalog| catalog.types.get(name));
    TypeFacts {
        name: name.to_owned(),
        known: known.is_some(),
        vcpu: known.and_then(|known| known.vcpu),
        memory_mib: known.and_then(|known| known.memory_mib),
        usd_per_hour: known.and_then(|known| known.price.as_ref()).map(|price| price.usd_per_hour),
    }
}

fn architecture(catalog: Option<&Catalog>, nodegroup: &Nodegroup) -> Option<Architecture> {
    let known = nodegroup.instance_types.iter().find_map(|name| catalog?.types.get(name))?;
    Architecture::of(&known.architectures)
}

/// What a nodegroup costs at its three sizes; `None` when a number or a price is unknown.
#[must_use]
pub fn cost_of(catalog: &Catalog, nodegroup: &Nodegroup) -> Option<Cost> {
    let spot = capacity_word(nodegroup) == CapacityType::Spot.as_str();
    let min = nodegroup.min?;
    cost(catalog, &nodegroup.instance_types, spot, [min, nodegroup.desired.unwrap_or(min.max(1)), nodegroup.max?])
}

/// The cluster's complaint, if it has one.
fn status_message(nodegroup: &Nodegroup) -> Option<String> {
    let status = nodegroup.status.as_ref()?;
    let complaint = ["ACK.Terminal", "ACK.Recoverable"].into_iter().find_map(|kind| {
        status.conditions.iter().find(|condition| condition.kind == kind && condition.status == "True")
    });
    complaint
        .and_then(|condition| condition.message.clone())
        .or_else(|| status.health_issues.first().and_then(|issue| issue.message.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::doubles::nodegroup_key;
    use crate::domain::nodegroup::{HealthIssue, NodegroupStatus};
    use crate::domain::snapshot::Invalid;

    fn active(health_issues: Vec<HealthIssue>) -> Observed<Nodegroup> {
        let status = NodegroupStatus { raw: Some("ACTIVE".to_owned()), health_issues, ..NodegroupStatus::default() };
        Observed::Valid(Arc::new(Nodegroup { status: Some(status), ..Nodegroup::default() }))
    }

    #[test]
    fn a_manifest_that_cant_be_read_is_told_of_while_the_cluster_goes_on_with_what_it_has() {
        let git =
            Observed::Invalid(Box::new(Invalid { reason: "minSize must be a number".to_owned(), manifest: None }));
        let joined = |there: Option<&Observed<Nodegroup>>| join(&nodegroup_key("a"), Some(&git), there, None, None);
        let told = |item: NodegroupItem| (item.phase, item.managed, item.message.unwrap_or_default());
        let reason = "minSize must be a number".to_owned();
        assert_eq!(told(joined(None)), (Phase::Invalid, true, reason.clone()));
        let unread = format!("Git's manifest can't be read: {reason}");
        assert_eq!(told(joined(Some(&active(Vec::new())))), (Phase::Active, true, unread));
        let issue =
            HealthIssue { code: String::new(), message: Some("no capacity".to_owned()), resource_ids: Vec::new() };
        let ill = told(joined(Some(&active(vec![issue]))));
        assert_eq!(ill.2, "no capacity", "what the cluster complains of comes first");
    }
}
