//! Nodegroups: listed with their instance types' data and cost; created, changed and deleted by pull request.

pub mod item;
mod planners;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::item::NodegroupItem;
use self::planners::{Creation, Deletion, Edit};
use super::catalog::{InstanceTypes, LoadedCatalog};
use super::changes::answer::Written;
use super::changes::plan::Planner;
use super::changes::{ChangeRequest, Changes, open_by_key, open_keys, open_of};
use super::lookup;
use crate::domain::change::{Action, ObjectKey, ObjectKind, PullRequest};
use crate::domain::error::{Failure, Violation};
use crate::domain::instance_type::Catalog;
use crate::domain::names::{Actor, ClusterName, InstanceTypeName, Namespace};
use crate::domain::nodegroup::{Architecture, Nodegroup, NodegroupEdit, NodegroupSpec};
use crate::domain::ports::{NodegroupStore, TemplateRenderer, VersionControl};
use crate::domain::snapshot::{Observed, Snapshot, SourceInfo};

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

/// All nodegroups at one moment.
pub struct NodegroupList {
    /// The nodegroups by namespace and name.
    pub items: Vec<NodegroupItem>,
    /// Where they come from.
    pub source: SourceInfo,
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
        Self { declared, observed, instance_types, vcs, templates, changes, clusters }
    }

    /// The clusters that may be named; `None`: any.
    #[must_use]
    pub fn clusters(&self) -> Option<&BTreeSet<ClusterName>> {
        self.clusters.as_ref()
    }

    /// Every nodegroup that Git declares or the cluster has, joined.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] before the first complete read.
    pub async fn list(&self) -> Result<NodegroupList, Failure> {
        let sight = self.sight().await?;
        let open = open_by_key(&sight.pull_requests);
        let items = sight.keys().into_iter().map(|key| sight.item(key, open.get(key).copied().cloned())).collect();
        Ok(NodegroupList { items, source: sight.observed.as_ref().unwrap_or(&sight.declared).source.clone() })
    }

    /// One nodegroup.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with near names, [`Failure::Conflict`] when several namespaces have the name.
    pub async fn get(&self, name: &str, namespace: Option<&Namespace>) -> Result<NodegroupItem, Failure> {
        let sight = self.sight().await?;
        let keys = sight.keys();
        let key = lookup::resolve(ObjectKind::Nodegroup, name, namespace, keys.iter().copied())?;
        if keys.contains(&key) {
            Ok(sight.item(&key, open_of(&sight.pull_requests, &key).cloned()))
        } else {
            Err(lookup::not_found(ObjectKind::Nodegroup, name, namespace, keys.into_iter()))
        }
    }

    /// The object that a path names, for a write: open changes count as well.
    ///
    /// # Errors
    /// As [`Nodegroups::get`], but with a namespace the object need not exist yet.
    pub async fn resolve(&self, name: &str, namespace: Option<&Namespace>) -> Result<ObjectKey, Failure> {
        let sight = self.sight().await?;
        let keys = sight.keys().into_iter().chain(open_keys(&sight.pull_requests));
        lookup::resolve(ObjectKind::Nodegroup, name, namespace, keys)
    }

    async fn sight(&self) -> Result<Sight, Failure> {
        let observed = match &self.observed {
            Some(store) => Some(store.snapshot().await?),
            None => None,
        };
        Ok(Sight {
            declared: self.declared.snapshot().await?,
            observed,
            pull_requests: self.changes.pull_requests().await?,
            loaded: self.instance_types.current(),
        })
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
    pub async fn fixed_violations(
        &self,
        name: &str,
        namespace: Option<&Namespace>,
        edit: &NodegroupEdit,
    ) -> Vec<Violation> {
        let Ok(declared) = self.declared().await else { return Vec::new() };
        match lookup::resolve(ObjectKind::Nodegroup, name, namespace, declared.items.keys()) {
            Ok(key) => match declared.items.get(&key) {
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

/// All that is known at one moment.
struct Sight {
    declared: Arc<Snapshot<Nodegroup>>,
    observed: Option<Arc<Snapshot<Nodegroup>>>,
    pull_requests: Arc<Snapshot<PullRequest, u64>>,
    loaded: Option<Arc<LoadedCatalog>>,
}

impl Sight {
    fn keys(&self) -> BTreeSet<&ObjectKey> {
        self.declared.items.keys().chain(self.observed.iter().flat_map(|snapshot| snapshot.items.keys())).collect()
    }

    fn item(&self, key: &ObjectKey, open: Option<PullRequest>) -> NodegroupItem {
        let seen = self.observed.as_ref().and_then(|snapshot| snapshot.items.get(key));
        let catalog = self.loaded.as_ref().map(|loaded| &loaded.catalog);
        item::join(key, self.declared.items.get(key), seen, catalog, open)
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
