//! What a nodegroup's creation, change and deletion do to the repository.

use async_trait::async_trait;
use serde_json::Value;

use super::Nodegroups;
use super::item::cost_of;
use crate::application::changes::answer::Warning;
use crate::application::changes::plan::{Plan, Planned, PlannedFile, Planner};
use crate::application::declared::{self, Manifest};
use crate::application::lookup;
use crate::domain::change::{CommitId, ObjectKey, ObjectKind};
use crate::domain::error::{Failure, Violation};
use crate::domain::instance_type::Catalog;
use crate::domain::manifest;
use crate::domain::names::{ClusterName, InstanceTypeName};
use crate::domain::nodegroup::{Architecture, Nodegroup, NodegroupDraft, NodegroupEdit, NodegroupSpec, Scaling};
use crate::domain::snapshot::{Observed, Snapshot};
use crate::domain::text::{InstanceTypeText, NodegroupText, NodesText};

/// A nodegroup that is to appear.
pub(super) struct Creation<'a> {
    pub(super) nodegroups: &'a Nodegroups,
    pub(super) key: ObjectKey,
    pub(super) spec: NodegroupSpec,
    pub(super) catalog: &'a Catalog,
}

#[async_trait]
impl Planner for Creation<'_> {
    async fn plan(&self) -> Result<Planned, Failure> {
        let snapshot = self.nodegroups.declared().await?;
        if let Some(existing) = snapshot.items.get(&self.key) {
            return self.compare(existing);
        }
        let draft = self.draft();
        let text = self.nodegroups.templates.nodegroup(&draft)?;
        manifest::nodegroup::verify(&text, &draft).map_err(|error| {
            Failure::Defect(format!("the template nodegroup.yaml renders a wrong manifest: {error}"))
        })?;
        let path = self.nodegroups.templates.path(&self.key, Some(&self.spec.cluster))?;
        let base = CommitId(snapshot.revision.0.clone());
        declared::require_free(&*self.nodegroups.vcs, &base, &path).await?;
        let after = read(&text)?;
        let mut warnings = Vec::new();
        if self.nodegroups.is_observed(&self.key).await? {
            warnings.push(Warning::new(
                "exists_in_cluster",
                "/name",
                "the cluster has a nodegroup of this name that Git doesn't declare; after the merge the manifest takes it over",
            ));
        }
        let cost_after = cost_of(self.catalog, &after);
        Ok(Planned::Change(Box::new(Plan {
            base,
            cluster: Some(self.spec.cluster.clone()),
            files: vec![PlannedFile::created(path, text)],
            nodegroup: Some(shown(Some(self.catalog), None, &after)),
            secret: None,
            cost_before: None,
            cost_after,
            warnings,
        })))
    }
}

impl Creation<'_> {
    /// Git has a nodegroup of this name: nothing to do when it is as asked for, else a conflict that names the differences.
    fn compare(&self, existing: &Observed<Nodegroup>) -> Result<Planned, Failure> {
        let Observed::Valid(nodegroup) = existing else {
            return Err(Failure::conflict("Git has a manifest of this name that can't be read; mend it there first"));
        };
        let different = manifest::nodegroup::differences(nodegroup, &self.spec);
        if different.is_empty() {
            return Ok(Planned::Unchanged(Vec::new()));
        }
        Err(Failure::conflict(format!(
            "Git already has a nodegroup of this name with another {}; change it with PUT, or choose another name",
            different.join(", ")
        )))
    }

    fn draft(&self) -> NodegroupDraft {
        let known = || self.spec.instance_types.iter().filter_map(|name| self.catalog.types.get(name.as_str()));
        NodegroupDraft {
            key: self.key.clone(),
            spec: self.spec.clone(),
            architecture: known()
                .find_map(|known| Architecture::of(&known.architectures))
                .unwrap_or(Architecture::X86_64),
            gpu: known().any(|known| known.gpu.is_some()),
        }
    }
}

/// A nodegroup that is to change.
pub(super) struct Edit<'a> {
    pub(super) nodegroups: &'a Nodegroups,
    pub(super) key: ObjectKey,
    pub(super) wanted: NodegroupEdit,
    pub(super) revision: Option<&'a str>,
}

#[async_trait]
impl Planner for Edit<'_> {
    async fn check(&self) -> Result<(), Failure> {
        match self.nodegroups.declared().await?.items.get(&self.key) {
            Some(Observed::Valid(before)) => self.scaling(before).map(drop),
            _ => Ok(()),
        }
    }

    async fn plan(&self) -> Result<Planned, Failure> {
        let (manifest, before) = current(self.nodegroups, &self.key, self.revision).await?;
        let scaling = self.scaling(&before)?;
        let mut document = manifest.document.clone();
        manifest::nodegroup::edit(&mut document, &self.wanted, scaling).map_err(declared::unreadable)?;
        if document == manifest.document {
            return Ok(Planned::Unchanged(Vec::new()));
        }
        let mut warnings = Vec::new();
        if let (Some(new), Some(old), Some(edit)) = (scaling, before.desired, &self.wanted.scaling)
            && edit.desired.is_none()
            && old != i64::from(new.desired)
        {
            warnings.push(Warning::new(
                "desired_adjusted",
                "/scaling",
                format!("the desired size becomes {}, to stay between min and max", new.desired),
            ));
        }
        let file = manifest.edited(&document, &mut warnings).await?;
        let after = manifest::nodegroup::read(&document).map_err(declared::unreadable)?;
        Ok(Planned::Change(Box::new(plan(self.nodegroups, manifest.base, file, Some(&before), Some(&after), warnings))))
    }
}

impl Edit<'_> {
    /// The new numbers of nodes, or all that this nodegroup can't become.
    fn scaling(&self, before: &Nodegroup) -> Result<Option<Scaling>, Failure> {
        let wrong = fixed_violations(before, &self.wanted);
        match manifest::nodegroup::edited_scaling(before, &self.wanted) {
            Ok(scaling) if wrong.is_empty() => Ok(scaling),
            Ok(_) => Err(Failure::Invalid(wrong)),
            Err(more) => Err(Failure::Invalid(wrong.into_iter().chain(more).collect())),
        }
    }
}

/// A nodegroup that is to go.
pub(super) struct Deletion<'a> {
    pub(super) nodegroups: &'a Nodegroups,
    pub(super) key: ObjectKey,
    pub(super) revision: Option<&'a str>,
}

#[async_trait]
impl Planner for Deletion<'_> {
    async fn plan(&self) -> Result<Planned, Failure> {
        let (manifest, before) = current(self.nodegroups, &self.key, self.revision).await?;
        let file = manifest.deleted();
        let plan = plan(self.nodegroups, manifest.base, file, Some(&before), None, Vec::new());
        Ok(Planned::Change(Box::new(plan)))
    }
}

/// The manifest that Git has of a nodegroup, and the nodegroup in it.
async fn current(
    nodegroups: &Nodegroups,
    key: &ObjectKey,
    revision: Option<&str>,
) -> Result<(Manifest, Nodegroup), Failure> {
    let snapshot = nodegroups.declared().await?;
    let Some(existing) = snapshot.items.get(key) else {
        return Err(missing(nodegroups, &snapshot, key).await?);
    };
    let place = match existing {
        Observed::Valid(nodegroup) => nodegroup.manifest.as_ref(),
        Observed::Invalid(invalid) => return Err(declared::invalid(&invalid.reason)),
    };
    let base = CommitId(snapshot.revision.0.clone());
    let manifest = declared::fetch(&*nodegroups.vcs, base, place, revision).await?;
    let nodegroup = manifest::nodegroup::read(&manifest.document).map_err(declared::unreadable)?;
    Ok((manifest, nodegroup))
}

/// What to say of a nodegroup that Git hasn't.
async fn missing(nodegroups: &Nodegroups, snapshot: &Snapshot<Nodegroup>, key: &ObjectKey) -> Result<Failure, Failure> {
    if nodegroups.is_observed(key).await? {
        return Ok(Failure::conflict("only the cluster has this nodegroup; put its manifest into Git first"));
    }
    let keys = snapshot.items.keys();
    Ok(lookup::not_found(ObjectKind::Nodegroup, key.name.as_str(), Some(&key.namespace), keys))
}

fn plan(
    nodegroups: &Nodegroups,
    base: CommitId,
    file: PlannedFile,
    before: Option<&Nodegroup>,
    after: Option<&Nodegroup>,
    warnings: Vec<Warning>,
) -> Plan {
    let loaded = nodegroups.instance_types.current();
    let catalog = loaded.as_ref().map(|loaded| &loaded.catalog);
    let cost = |nodegroup: Option<&Nodegroup>| cost_of(catalog?, nodegroup?);
    let subject = after.or(before);
    Plan {
        base,
        cluster: subject.and_then(|nodegroup| ClusterName::parse(nodegroup.cluster.as_deref()?).ok()),
        files: vec![file],
        nodegroup: subject
            .map(|nodegroup| shown(catalog, before, nodegroup))
            .map(|text| NodegroupText { cost_after: after.and(text.cost_after), ..text }),
        secret: None,
        cost_before: cost(before),
        cost_after: cost(after),
        warnings,
    }
}

/// What the pull request shows of a nodegroup.
fn shown(catalog: Option<&Catalog>, before: Option<&Nodegroup>, nodegroup: &Nodegroup) -> NodegroupText {
    let facts = nodegroup.instance_types.iter().map(|name| {
        let known = catalog.and_then(|catalog| catalog.types.get(name));
        InstanceTypeText {
            name: name.clone(),
            vcpu: known.and_then(|known| known.vcpu),
            memory: known.and_then(|known| known.memory_mib).map(gib),
            usd_per_hour: known
                .and_then(|known| known.price.as_ref())
                .map(|price| crate::domain::cost::hourly_usd(price.usd_per_hour)),
        }
    });
    let now = nodes(nodegroup);
    NodegroupText {
        instance_types: facts.collect(),
        capacity_type: manifest::nodegroup::capacity_word(nodegroup).to_owned(),
        min: now.min,
        desired: now.desired,
        max: now.max,
        before: before.map(nodes).filter(|before| *before != now),
        disk_size_gib: nodegroup.disk_size_gib,
        cost_before: before.and_then(|before| cost_of(catalog?, before)),
        cost_after: catalog.and_then(|catalog| cost_of(catalog, nodegroup)),
    }
}

/// The numbers of nodes, with EKS's defaults.
fn nodes(nodegroup: &Nodegroup) -> NodesText {
    let min = nodegroup.min.unwrap_or(0);
    NodesText { min, desired: nodegroup.desired.unwrap_or(min.max(1)), max: nodegroup.max.unwrap_or(0) }
}

/// MiB as people say it.
fn gib(mib: u64) -> String {
    let gib = rust_decimal::Decimal::from(mib) / rust_decimal::Decimal::from(1024);
    format!("{} GiB", gib.round_dp(2).normalize())
}

fn read(text: &str) -> Result<Nodegroup, Failure> {
    let documents = manifest::documents(text.as_bytes()).map_err(declared::unreadable)?;
    manifest::nodegroup::read(documents.first().unwrap_or(&Value::Null)).map_err(declared::unreadable)
}

/// Fields that a nodegroup keeps for ever may be sent, but only as they are.
pub(super) fn fixed_violations(have: &Nodegroup, edit: &NodegroupEdit) -> Vec<Violation> {
    let fixed = &edit.fixed;
    let types = |names: &Vec<InstanceTypeName>| {
        names.iter().map(InstanceTypeName::as_str).eq(have.instance_types.iter().map(String::as_str))
    };
    let checks = [
        ("/cluster", fixed.cluster.as_ref().is_none_or(|name| have.cluster.as_deref() == Some(name.as_str()))),
        ("/instance_types", fixed.instance_types.as_ref().is_none_or(types)),
        (
            "/capacity_type",
            fixed.capacity_type.is_none_or(|word| word.as_str() == manifest::nodegroup::capacity_word(have)),
        ),
        ("/disk_size_gib", fixed.disk_size_gib.is_none_or(|size| have.disk_size_gib == Some(size.into()))),
    ];
    let changed = checks.into_iter().filter(|(_, equal)| !equal);
    changed
        .map(|(pointer, _)| Violation::new(pointer, "can't change on an existing nodegroup; make a new nodegroup"))
        .collect()
}
