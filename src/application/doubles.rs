//! Doubles for the tests of use cases: a service on a repository in memory, wired like the real one.

pub(crate) mod cluster;
pub(crate) mod git;
pub(crate) mod sealer;
pub(crate) mod templates;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::cluster::summary;
use self::cluster::{nodegroups_of, secrets_of};
use self::git::FakeGit;
use self::sealer::FakeSealer;
use self::templates::{FakeTemplates, Spoil};
use super::catalog::InstanceTypes;
use super::changes::Changes;
use super::changes::answer::{Done, DryRun, Written};
use super::changes::identity::RequestKey;
use super::changes::policy::WritePolicy;
use super::nodegroups::{Nodegroups, WriteOptions};
use super::secrets::{SecretPolicy, Secrets};
use crate::domain::change::{ObjectKey, ObjectKind};
use crate::domain::error::Failure;
use crate::domain::instance_type::{IngestReport, samples};
use crate::domain::names::{Actor, ClusterName, DataKey, InstanceTypeName, Namespace};
use crate::domain::nodegroup::{CapacityType, NodegroupEdit, NodegroupSpec, Scaling, ScalingEdit};
use crate::domain::ports::{Load, MockInstanceTypeSource};
use crate::domain::secret::{Scope, SecretBytes, SecretEdit, SecretSpec, SecretSummary, SecretValues};
use crate::domain::snapshot::{Contact, SourceInfo, SourceKind};

/// A service to try use cases on.
pub(crate) struct Service {
    pub(crate) git: Arc<FakeGit>,
    pub(crate) changes: Arc<Changes>,
    pub(crate) nodegroups: Nodegroups,
    pub(crate) secrets: Secrets,
    pub(crate) sealer: Arc<FakeSealer>,
}

/// What differs from the usual service.
#[derive(Default)]
pub(crate) struct Setup {
    /// Files on the base branch.
    pub(crate) files: Vec<(&'static str, String)>,
    /// Whether changes go straight to the base branch.
    pub(crate) direct: bool,
    /// The namespaces that may be written to; none named: all.
    pub(crate) only: Vec<&'static str>,
    /// The clusters that may be named; none named: any.
    pub(crate) clusters: Vec<&'static str>,
    /// Nodegroups that only the cluster has.
    pub(crate) in_cluster: Vec<&'static str>,
    /// Secrets that the cluster has; with none named it isn't looked at.
    pub(crate) secrets_in_cluster: Vec<(&'static str, SecretSummary)>,
    /// What the templates do wrong.
    pub(crate) spoil: Option<Spoil>,
    /// Whether no price list was loaded.
    pub(crate) no_catalog: bool,
    /// The scopes that may be asked for; none named: all.
    pub(crate) scopes: Vec<Scope>,
}

impl Setup {
    /// A service with these files on the base branch.
    pub(crate) fn of(files: &[(&'static str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect(), ..Self::default() }
    }

    pub(crate) async fn start(self) -> Service {
        let git = Arc::new(FakeGit::new(&self.files));
        let templates = Arc::new(FakeTemplates { spoil: self.spoil });
        let only = self.only.iter().map(|name| namespace(name)).collect::<BTreeSet<_>>();
        let policy = WritePolicy::new(only.is_empty(), only, "kube-system");
        let key = RequestKey::new(b"a key for tests");
        let changes = Arc::new(Changes::new(git.clone(), templates.clone(), policy, key, self.direct));
        let clusters = self.clusters.iter().map(|name| ClusterName::parse(name).unwrap()).collect::<BTreeSet<_>>();
        let nodegroups = Nodegroups::new(
            git.clone(),
            (!self.in_cluster.is_empty()).then(|| Arc::new(nodegroups_of(&self.in_cluster)) as Arc<_>),
            instance_types(!self.no_catalog).await,
            git.clone(),
            templates.clone(),
            changes.clone(),
            (!clusters.is_empty()).then_some(clusters),
        );
        let sealer = Arc::new(FakeSealer::default());
        let secrets = Secrets::new(
            git.clone(),
            (!self.secrets_in_cluster.is_empty()).then(|| Arc::new(secrets_of(&self.secrets_in_cluster)) as Arc<_>),
            sealer.clone(),
            git.clone(),
            templates,
            changes.clone(),
            SecretPolicy {
                scopes: if self.scopes.is_empty() { Scope::ALL.to_vec() } else { self.scopes },
                metadata_prefixes: BTreeSet::new(),
            },
        );
        Service { git, changes, nodegroups, secrets, sealer }
    }
}

async fn instance_types(loaded: bool) -> Arc<InstanceTypes> {
    let mut source = MockInstanceTypeSource::new();
    source.expect_info().returning(|| here(SourceKind::File));
    source.expect_load().returning(|_| Ok(Load::Loaded(samples::few(), IngestReport::default())));
    let types = InstanceTypes::new(Arc::new(source), 0.5);
    if loaded {
        types.load(false).await.unwrap();
    }
    Arc::new(types)
}

/// A source heard from just now.
pub(crate) fn here(kind: SourceKind) -> SourceInfo {
    let contact = Arc::new(Contact::now());
    SourceInfo { kind, location: "here".to_owned(), contact, stale_after: Duration::from_secs(5), watches: Vec::new() }
}

pub(crate) fn namespace(name: &str) -> Namespace {
    Namespace::parse(name).unwrap()
}

/// A nodegroup of `team-a`.
pub(crate) fn nodegroup_key(name: &str) -> ObjectKey {
    ObjectKey::parse(ObjectKind::Nodegroup, "team-a", name).unwrap()
}

/// A secret of `team-a`.
pub(crate) fn secret_key(name: &str) -> ObjectKey {
    ObjectKey::parse(ObjectKind::Secret, "team-a", name).unwrap()
}

/// How Ann writes.
pub(crate) fn ann() -> WriteOptions {
    WriteOptions { actor: Actor::parse("ann").unwrap(), dry_run: false, revision: None }
}

/// How Bob writes.
pub(crate) fn bob() -> WriteOptions {
    WriteOptions { actor: Actor::parse("bob").unwrap(), ..ann() }
}

/// Ann only asks what would happen.
pub(crate) fn dry() -> WriteOptions {
    WriteOptions { dry_run: true, ..ann() }
}

/// Ann has seen this revision.
pub(crate) fn having_seen(revision: &str) -> WriteOptions {
    WriteOptions { revision: Some(revision.to_owned()), ..ann() }
}

/// What was done.
pub(crate) fn done(written: Result<Written, Failure>) -> Done {
    match written {
        Ok(Written::Done(done)) => done,
        other => panic!("not done: {other:?}"),
    }
}

/// What would be done.
pub(crate) fn dry_run(written: Result<Written, Failure>) -> DryRun {
    match written {
        Ok(Written::Dry(dry_run)) => dry_run,
        other => panic!("no dry run: {other:?}"),
    }
}

/// The number of the pull request that was opened.
pub(crate) fn opened(written: Result<Written, Failure>) -> u64 {
    let done = done(written);
    assert!(done.made && done.changed(), "nothing was made: {done:?}");
    done.pull_request.expect("a pull request").number
}

/// The failure as `status message`, with the pull request or the pointers in its way.
pub(crate) fn failed<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> String {
    match outcome.expect_err("a failure") {
        Failure::Invalid(wrong) => {
            let wrong: Vec<_> = wrong.iter().map(|wrong| format!("{} {}", wrong.pointer, wrong.detail)).collect();
            format!("422 {}", wrong.join("; "))
        }
        Failure::NotAllowed(message) => format!("403 {message}"),
        Failure::NotFound { message, suggestions } => format!("404 {message} {suggestions:?}"),
        Failure::Conflict { message, pull_request, candidates } => {
            let number = pull_request.map(|pull_request| pull_request.number);
            let candidates: Vec<_> = candidates.iter().map(ToString::to_string).collect();
            format!("409 {message} #{number:?} {candidates:?}")
        }
        Failure::Unavailable { message, .. } => format!("503 {message}"),
        Failure::Defect(message) => format!("500 {message}"),
        other => format!("{other:?}"),
    }
}

/// A nodegroup as most ask for it.
pub(crate) fn spec() -> NodegroupSpec {
    NodegroupSpec {
        cluster: ClusterName::parse("prod").unwrap(),
        component: None,
        instance_types: types(&["m5.xlarge"]),
        capacity_type: CapacityType::OnDemand,
        scaling: Scaling { min: 1, max: 5, desired: 2 },
        disk_size_gib: None,
        labels: BTreeMap::new(),
        taints: Vec::new(),
    }
}

pub(crate) fn types(names: &[&str]) -> Vec<InstanceTypeName> {
    names.iter().map(|name| InstanceTypeName::parse(name).unwrap()).collect()
}

/// A nodegroup's new numbers.
pub(crate) fn scale(min: Option<i64>, max: Option<i64>, desired: Option<i64>) -> NodegroupEdit {
    NodegroupEdit { scaling: Some(ScalingEdit { min, max, desired }), ..NodegroupEdit::default() }
}

pub(crate) fn values(pairs: &[(&str, &str)]) -> SecretValues {
    let value = |text: &str| SecretBytes::new(text.as_bytes().to_vec());
    pairs.iter().map(|(key, text)| (DataKey::parse(key).unwrap(), value(text))).collect()
}

/// A secret with these values.
pub(crate) fn secret(pairs: &[(&str, &str)]) -> SecretSpec {
    SecretSpec {
        kind: "Opaque".to_owned(),
        scope: Scope::Strict,
        values: values(pairs),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        immutable: false,
        component: None,
    }
}

/// A change of a secret's keys.
pub(crate) fn keys(set: &[(&str, &str)], remove: &[&str]) -> SecretEdit {
    let remove = remove.iter().map(|key| DataKey::parse(key).unwrap()).collect();
    SecretEdit { set: values(set), remove, component: None }
}
