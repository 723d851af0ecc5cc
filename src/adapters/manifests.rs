//! What the base branch declares: NodegroupStore and SecretStore read from Git, again only when the branch moved.

mod decode;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use self::decode::{Decoded, decode, unreadable};
use crate::domain::change::{BlobId, CommitId, Freshness, ObjectKey, ObjectKind};
use crate::domain::error::{StoreError, VcsError};
use crate::domain::names::RepoPath;
use crate::domain::nodegroup::Nodegroup;
use crate::domain::ports::{NodegroupStore, SecretStore, VersionControl};
use crate::domain::secret::SecretSummary;
use crate::domain::snapshot::{Contact, Invalid, Observed, Revision, Snapshot, SourceInfo};

/// How often the background task looks whether the base branch moved. The look is at memory; version control does the polling.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a commit that couldn't be read is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The declared objects of both kinds, from one commit.
pub struct DeclaredStore {
    vcs: Arc<dyn VersionControl>,
    roots: Vec<(ObjectKind, Option<RepoPath>)>,
    state: ArcSwapOption<Declared>,
    /// When what is served was last known to be what the base branch has.
    contact: Arc<Contact>,
    /// Held while the branch is read; the last failure, which isn't repeated at every request.
    loading: Mutex<Option<Failed>>,
}

/// A commit that couldn't be read.
struct Failed {
    base: CommitId,
    at: Instant,
    error: VcsError,
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
        let contact = Arc::new(Contact::now());
        Self { vcs, roots, state: ArcSwapOption::empty(), contact, loading: Mutex::new(None) }
    }

    /// Whether the first complete read has ended.
    pub fn is_loaded(&self) -> bool {
        self.state.load().is_some()
    }

    /// When what is served was last known to be what the base branch has.
    pub fn contact(&self) -> &Contact {
        &self.contact
    }

    /// Follows the base branch until cancelled, so that requests find the newest state in memory.
    pub async fn run(&self, cancel: CancellationToken) {
        loop {
            // A failure is told where it happens, and shown by the age of what is served.
            let _ = self.current().await;
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// The objects of the newest known base commit; of the last one that could be read, when that one can't.
    async fn current(&self) -> Result<Arc<Declared>, StoreError> {
        let not_ready = |error: VcsError| StoreError::NotReady(error.to_string());
        let base = self.vcs.base(Freshness::Cached).await.map_err(not_ready)?;
        let source = self.vcs.pull_requests().await.map_err(not_ready)?.source.clone();
        if let Some(state) = self.at(&base) {
            self.contact.follow(&source.contact);
            return Ok(state);
        }
        let mut failed = self.loading.lock().await;
        let base = self.vcs.base(Freshness::Cached).await.map_err(not_ready)?;
        if let Some(state) = self.at(&base) {
            return Ok(state);
        }
        let known = failed.as_ref().filter(|failed| failed.base == base);
        let recent = known.filter(|failed| failed.at.elapsed() < RETRY_AFTER).map(|failed| failed.error.clone());
        let (is_new, is_recent) = (known.is_none(), recent.is_some());
        let loaded = match recent {
            Some(error) => Err(error),
            None => self.load(base.clone(), &source).await,
        };
        let error = match loaded {
            Ok(state) => {
                *failed = None;
                self.contact.follow(&source.contact);
                let state = Arc::new(state);
                self.state.store(Some(Arc::clone(&state)));
                return Ok(state);
            }
            Err(error) => error,
        };
        if is_new {
            tracing::warn!(%error, base = base.0, "the declared manifests of this commit can't be read");
        }
        if !is_recent {
            *failed = Some(Failed { base, at: Instant::now(), error: error.clone() });
        }
        // Old data that says its age beats no data.
        self.state.load_full().ok_or_else(|| not_ready(error))
    }

    fn at(&self, base: &CommitId) -> Option<Arc<Declared>> {
        self.state.load_full().filter(|state| state.base == *base)
    }

    async fn load(&self, base: CommitId, source: &SourceInfo) -> Result<Declared, VcsError> {
        let source = SourceInfo { contact: Arc::clone(&self.contact), ..source.clone() };
        let old = self.state.load_full();
        let mut files = Files::new();
        for (kind, root) in &self.roots {
            for place in self.vcs.list(&base, root.as_ref()).await? {
                if !is_manifest(&place.0) || files.contains_key(&place) {
                    continue;
                }
                let decoded = match old.as_ref().and_then(|old| old.files.get(&place)) {
                    Some(known) => Arc::clone(known),
                    None => Arc::new(self.decoded(&base, &place, *kind).await?),
                };
                files.insert(place, decoded);
            }
        }
        Ok(assemble(base, &source, files))
    }

    /// One file's objects. Decoding takes its time for a large file, and is done where it holds nobody up.
    async fn decoded(
        &self,
        base: &CommitId,
        (path, blob): &(RepoPath, BlobId),
        folder: ObjectKind,
    ) -> Result<Vec<Decoded>, VcsError> {
        let (path, blob) = (path.clone(), blob.clone());
        match self.vcs.read(base, &path).await {
            Ok(None) => Ok(Vec::new()),
            Ok(Some(file)) => tokio::task::spawn_blocking(move || decode(&path, &blob, &file.content, folder))
                .await
                .map_err(|_| VcsError::Corrupt("a manifest can't be decoded".to_owned())),
            Err(VcsError::PathBlocked { reason, .. }) => Ok(unreadable(&path, &blob, folder, reason)),
            Err(error) => Err(error),
        }
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
            taken.insert(Observed::Invalid(Box::new(Invalid { reason, manifest: None })));
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
