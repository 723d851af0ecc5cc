//! What the base branch declares: NodegroupStore and SecretStore read from Git, again only when the branch moved.

mod decode;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use self::decode::{Decoded, decode};
use crate::domain::change::{BlobId, CommitId, Freshness, ObjectKey, ObjectKind};
use crate::domain::error::{StoreError, VcsError};
use crate::domain::names::RepoPath;
use crate::domain::nodegroup::Nodegroup;
use crate::domain::ports::{NodegroupStore, SecretStore, VersionControl};
use crate::domain::secret::SecretSummary;
use crate::domain::snapshot::{Invalid, Observed, Revision, Snapshot, SourceInfo};

/// How often the background task looks whether the base branch moved. The look is at memory; version control does the polling.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The declared objects of both kinds, from one commit.
pub struct DeclaredStore {
    vcs: Arc<dyn VersionControl>,
    roots: Vec<(ObjectKind, Option<RepoPath>)>,
    state: ArcSwapOption<Declared>,
    loading: Mutex<()>,
}

/// One commit's objects, and the files they were read from, to be taken over while their blobs stay the same.
struct Declared {
    base: CommitId,
    nodegroups: Arc<Snapshot<Nodegroup>>,
    secrets: Arc<Snapshot<SecretSummary>>,
    files: Files,
}

/// Decoded files by path and blob.
type Files = HashMap<(RepoPath, BlobId), Arc<Vec<Decoded>>>;

impl DeclaredStore {
    /// A store that looks for manifests of each kind below that kind's folder (`None`: everywhere).
    #[must_use]
    pub fn new(vcs: Arc<dyn VersionControl>, roots: Vec<(ObjectKind, Option<RepoPath>)>) -> Self {
        Self { vcs, roots, state: ArcSwapOption::empty(), loading: Mutex::new(()) }
    }

    /// Whether the first complete read has ended.
    pub fn is_loaded(&self) -> bool {
        self.state.load().is_some()
    }

    /// Follows the base branch until cancelled, so that requests find the newest state in memory.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut failing = false;
        loop {
            let outcome = self.current().await;
            if let Err(error) = &outcome
                && !failing
            {
                tracing::warn!(%error, "the declared manifests can't be read; trying again");
            }
            failing = outcome.is_err();
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// The objects of the newest known base commit.
    async fn current(&self) -> Result<Arc<Declared>, StoreError> {
        let not_ready = |error: VcsError| StoreError::NotReady(error.to_string());
        let base = self.vcs.base(Freshness::Cached).await.map_err(not_ready)?;
        if let Some(state) = self.at(&base) {
            return Ok(state);
        }
        let _one_at_a_time = self.loading.lock().await;
        let base = self.vcs.base(Freshness::Cached).await.map_err(not_ready)?;
        if let Some(state) = self.at(&base) {
            return Ok(state);
        }
        let loaded = self.load(base).await;
        match (loaded, self.state.load_full()) {
            (Ok(state), _) => {
                let state = Arc::new(state);
                self.state.store(Some(Arc::clone(&state)));
                Ok(state)
            }
            // Old data that says its age beats no data.
            (Err(error), Some(old)) => {
                tracing::warn!(%error, "the newest manifests can't be read; serving the last ones");
                Ok(old)
            }
            (Err(error), None) => Err(not_ready(error)),
        }
    }

    fn at(&self, base: &CommitId) -> Option<Arc<Declared>> {
        self.state.load_full().filter(|state| state.base == *base)
    }

    async fn load(&self, base: CommitId) -> Result<Declared, VcsError> {
        let source = self.vcs.pull_requests().await?.source.clone();
        let old = self.state.load_full();
        let mut files = Files::new();
        for (kind, root) in &self.roots {
            for (path, blob) in self.vcs.list(&base, root.as_ref()).await? {
                let place = (path, blob);
                if !is_manifest(&place.0) || files.contains_key(&place) {
                    continue;
                }
                let decoded = match old.as_ref().and_then(|old| old.files.get(&place)) {
                    Some(known) => Arc::clone(known),
                    None => match self.vcs.read(&base, &place.0).await? {
                        Some(file) => Arc::new(decode(&place.0, &place.1, &file.content, *kind)),
                        None => continue,
                    },
                };
                files.insert(place, decoded);
            }
        }
        Ok(assemble(base, &source, files))
    }
}

/// Argo CD applies these endings; JSON is YAML.
fn is_manifest(path: &RepoPath) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|ending| path.as_str().ends_with(ending))
}

/// Makes the snapshots. An object that two files declare is invalid: nobody can tell which one holds.
fn assemble(base: CommitId, source: &SourceInfo, files: Files) -> Declared {
    let mut nodegroups = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    let mut in_order: Vec<_> = files.values().collect();
    in_order.sort_by(|a, b| a.first().map(Decoded::path).cmp(&b.first().map(Decoded::path)));
    for decoded in in_order.into_iter().flat_map(|decoded| decoded.iter()) {
        match decoded {
            Decoded::Nodegroup(key, observed) => insert(&mut nodegroups, key, observed),
            Decoded::Secret(key, observed) => insert(&mut secrets, key, observed),
        }
    }
    let revision = Revision(base.0.clone());
    Declared {
        nodegroups: Arc::new(Snapshot { revision: revision.clone(), source: source.clone(), items: nodegroups }),
        secrets: Arc::new(Snapshot { revision, source: source.clone(), items: secrets }),
        base,
        files,
    }
}

fn insert<T: Clone>(items: &mut BTreeMap<ObjectKey, Observed<T>>, key: &ObjectKey, observed: &Observed<T>) {
    match items.entry(key.clone()) {
        std::collections::btree_map::Entry::Vacant(free) => {
            free.insert(observed.clone());
        }
        std::collections::btree_map::Entry::Occupied(mut taken) => {
            let reason = "more than one file declares it; leave one of them".to_owned();
            taken.insert(Observed::Invalid(Invalid { reason, manifest: None }));
        }
    }
}

#[async_trait]
impl NodegroupStore for DeclaredStore {
    async fn snapshot(&self) -> Result<Arc<Snapshot<Nodegroup>>, StoreError> {
        Ok(Arc::clone(&self.current().await?.nodegroups))
    }
}

#[async_trait]
impl SecretStore for DeclaredStore {
    async fn snapshot(&self) -> Result<Arc<Snapshot<SecretSummary>>, StoreError> {
        Ok(Arc::clone(&self.current().await?.secrets))
    }
}

#[cfg(test)]
mod tests;
