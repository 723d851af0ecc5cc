//! Nodegroups: listed with their instance types' data and cost; created, changed and deleted by pull request.

pub mod item;
pub mod list;
mod planners;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::item::NodegroupItem;
use self::list::NodegroupList;
use self::planners::{Creation, Deletion, Edit};
use super::catalog::InstanceTypes;
use super::changes::answer::Written;
use super::changes::plan::Planner;
use super::changes::{ChangeRequest, Changes};
use super::lookup::{self, Place};
use super::sight::{Latest, Sight};
use crate::domain::change::{Action, ObjectKey, ObjectKind};
use crate::domain::error::{Failure, Violation};
use crate::domain::instance_type::Catalog;
use crate::domain::names::{Actor, ClusterName, InstanceTypeName};
use crate::domain::nodegroup::{Architecture, Nodegroup, NodegroupEdit, NodegroupSpec};
use crate::domain::ports::{NodegroupStore, TemplateRenderer, VersionControl};
use crate::domain::snapshot::{Observed, Snapshot};

/// How a write is to be made.
#[derive(Debug, Clone)]
pub struct WriteOptions {
    /// Who asks.
    pub actor: Actor,
    /// Whether only to tell what would happen.
    pub dry_run: bool,
    /// The manifest's revision that the caller has seen; another one by now is a conflict.
    pub revision: Option<String>,
}

/// The use cases of nodegroups.
pub struct Nodegroups {
    declared: Arc<dyn NodegroupStore>,
    observed: Option<Arc<dyn NodegroupStore>>,
    instance_types: Arc<InstanceTypes>,
    vcs: Arc<dyn VersionControl>,
    templates: Arc<dyn TemplateRenderer>,
    changes: Arc<Changes>,
    clusters: Option<BTreeSet<ClusterName>>,
    latest: Latest<NodegroupList>,
}

impl Nodegroups {
    /// Wires the use cases. `observed` is a cluster, where there is one; `clusters` are those that may be named (`None`: any).
    #[must_use]
    pub fn new(
        declared: Arc<dyn NodegroupStore>,
        observed: Option<Arc<dyn NodegroupStore>>,
        instance_types: Arc<InstanceTypes>,
        vcs: Arc<dyn VersionControl>,
        templates: Arc<dyn TemplateRenderer>,
        changes: Arc<Changes>,
        clusters: Option<BTreeSet<ClusterName>>,
    ) -> Self {
        Self { declared, observed, instance_types, vcs, templates, changes, clusters, latest: Latest::default() }
    }

    /// The clusters that may be named; `None`: any.
    #[must_use]
    pub fn clusters(&self) -> Option<&BTreeSet<ClusterName>> {
        self.clusters.as_ref()
    }

    /// Every nodegroup that Git declares or the cluster has, joined: the same list until something changes.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] before the first complete read.
    pub async fn list(&self) -> Result<Arc<NodegroupList>, Failure> {
        let observed = match &self.observed {
            Some(store) => Some(store.snapshot().await?),
            None => None,
        };
        let declared = self.declared().await?;
        let sight = Sight { declared, observed, pull_requests: self.changes.pull_requests().await? };
        let list = NodegroupList { sight, loaded: self.instance_types.current() };
        Ok(self.latest.or_kept(list, NodegroupList::is_same))
    }

    /// One nodegroup.
    ///
    /// # Errors
    /// As [`NodegroupList::get`].
    pub async fn get(&self, name: &str, at: &Place<'_>) -> Result<NodegroupItem, Failure> {
        self.list().await?.get(name, at)
    }

    /// The object that a path names, for a write: open changes count as well.
    ///
    /// # Errors
    /// As [`Nodegroups::get`], but with a namespace the object need not exist yet.
    pub async fn resolve(&self, name: &str, at: &Place<'_>) -> Result<ObjectKey, Failure> {
        self.list().await?.sight.resolve(ObjectKind::Nodegroup, name, at)
    }

    /// What is wrong with a request's instance types and cluster, as far as the catalogue and the settings tell.
    #[must_use]
    pub fn violations(&self, cluster: Option<&ClusterName>, instance_types: &[InstanceTypeName]) -> Vec<Violation> {
        let mut wrong = Vec::new();
        if let (Some(cluster), Some(known)) = (cluster, &self.clusters)
            && !known.contains(cluster)
        {
            let names: Vec<String> = known.iter().map(ToString::to_string).collect();
            wrong.push(Violation {
                pointer: "/cluster".to_owned(),
                detail: format!("must be one of {}", names.join(", ")),
                suggestions: names,
            });
        }
        if let Some(loaded) = self.instance_types.current() {
            wrong.extend(type_violations(&loaded.catalog, instance_types));
        }
        wrong
    }

    /// Which fields of an edit would have to change that can't, as far as the nodegroup is there and can be read.
    pub async fn fixed_violations(&self, name: &str, at: &Place<'_>, edit: &NodegroupEdit) -> Vec<Violation> {
        let Ok(declared) = self.declared().await else { return Vec::new() };
        let keys = declared.items.keys().filter(|key| at.reach.reads(&key.namespace));
        match lookup::resolve(ObjectKind::Nodegroup, name, at.namespace, keys) {
            Ok(key) => match declared.items.get(&key).filter(|_| at.reach.reads(&key.namespace)) {
                Some(Observed::Valid(before)) => planners::fixed_violations(before, edit),
                _ => Vec::new(),
            },
            Err(_) => Vec::new(),
        }
    }

    /// Asks for a new nodegroup.
    ///
    /// # Errors
    /// As the contract lists them for POST.
    pub async fn create(
        &self,
        key: ObjectKey,
        spec: NodegroupSpec,
        options: &WriteOptions,
    ) -> Result<Written, Failure> {
        let loaded = self.instance_types.loaded()?;
        let wrong = self.violations(Some(&spec.cluster), &spec.instance_types);
        if !wrong.is_empty() {
            return Err(Failure::Invalid(wrong));
        }
        let canonical = serde_json::to_vec(&spec).map_err(|error| Failure::Defect(error.to_string()))?;
        let request = self.request(key.clone(), Action::Create, options, &[&canonical]);
        self.write(&request, &Creation { nodegroups: self, key, spec, catalog: &loaded.catalog }).await
    }

    /// Asks for a change of a nodegroup that Git declares.
    ///
    /// # Errors
    /// As the contract lists them for PUT.
    pub async fn update(
        &self,
        key: ObjectKey,
        edit: NodegroupEdit,
        options: &WriteOptions,
    ) -> Result<Written, Failure> {
        let canonical = serde_json::to_vec(&edit).map_err(|error| Failure::Defect(error.to_string()))?;
        let request = self.request(key.clone(), Action::Update, options, &[&canonical]);
        self.write(&request, &Edit { nodegroups: self, key, wanted: edit, revision: options.revision.as_deref() }).await
    }

    /// Asks for the deletion of a nodegroup that Git declares.
    ///
    /// # Errors
    /// As the contract lists them for DELETE.
    pub async fn delete(&self, key: ObjectKey, options: &WriteOptions) -> Result<Written, Failure> {
        let request = self.request(key.clone(), Action::Delete, options, &[]);
        self.write(&request, &Deletion { nodegroups: self, key, revision: options.revision.as_deref() }).await
    }

    fn request(&self, key: ObjectKey, action: Action, options: &WriteOptions, parts: &[&[u8]]) -> ChangeRequest {
        let hash = self.changes.request_key().hash(&options.actor, action, &key, parts.iter().copied());
        ChangeRequest { key, action, actor: options.actor.clone(), hash, dry_run: options.dry_run }
    }

    async fn write(&self, request: &ChangeRequest, planner: &dyn Planner) -> Result<Written, Failure> {
        self.changes.write(request, planner).await
    }

    /// Whether the cluster has an object that Git doesn't declare.
    async fn is_observed(&self, key: &ObjectKey) -> Result<bool, Failure> {
        match &self.observed {
            Some(store) => Ok(store.snapshot().await?.items.contains_key(key)),
            None => Ok(false),
        }
    }

    async fn declared(&self) -> Result<Arc<Snapshot<Nodegroup>>, Failure> {
        Ok(self.declared.snapshot().await?)
    }
}

/// Each type must be in the catalogue, and all must run on one architecture.
fn type_violations(catalog: &Catalog, names: &[InstanceTypeName]) -> Vec<Violation> {
    let mut wrong = Vec::new();
    let mut first: Option<Architecture> = None;
    for (index, name) in names.iter().enumerate() {
        let pointer = format!("/instance_types/{index}");
        let Some(known) = catalog.types.get(name.as_str()) else {
            wrong.push(Violation {
                pointer,
                detail: "isn't in the price list; GET /api/instance_types lists what is".to_owned(),
                suggestions: catalog.near(name.as_str()),
            });
            continue;
        };
        match (Architecture::of(&known.architectures), first) {
            (None, _) => wrong.push(Violation::new(pointer, "runs on no architecture that nodes can have")),
            (Some(architecture), None) => first = Some(architecture),
            (Some(architecture), Some(first)) if architecture != first => {
                wrong.push(Violation::new(pointer, format!("must be {} like the types before it", first.as_str())));
            }
            _ => {}
        }
    }
    wrong
}

#[cfg(test)]
mod tests;
