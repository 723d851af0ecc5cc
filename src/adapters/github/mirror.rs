//! The mirror: a bare repository with the newest state of the base branch, in which changes are built and from which they are
//! pushed. It holds nothing that the remote doesn't, so it is thrown away and made anew whenever something is wrong with it.

mod fetching;
mod place;
mod pulls;
mod rebuild;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use git2::{Oid, Repository};
use tokio::sync::{Mutex, RwLock};

use self::fetching::Fetching;
use self::place::Place;
use self::rebuild::LastRebuild;
pub use self::write::Pushed;
use super::remote::{Limits, Operation, Remote};
use crate::adapters::git;
use crate::adapters::git::jobs::Jobs;
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

/// Jobs at once that only read or write objects, and as many that talk to the server: one that hangs holds up no reader.
const JOBS: usize = 8;

/// Where the mirror is, of what, and how large it may become.
#[derive(Debug, Clone)]
pub struct MirrorSettings {
    /// The folder that holds `mirror/`; made with mode 0700. Processes may share it: each has a mirror of its own in it.
    pub destination: PathBuf,
    /// The repository's `https` address, without a user or token.
    pub address: String,
    /// The base branch.
    pub base: BranchName,
    /// Bounds of what is exchanged with the server.
    pub limits: Limits,
    /// More packs than this, and the mirror is made anew: each fetch adds one, and libgit2 never joins them.
    pub pack_limit: usize,
    /// About how many objects outside packs are as bad.
    pub loose_limit: usize,
}

impl MirrorSettings {
    /// The usual bounds.
    #[must_use]
    pub fn new(destination: PathBuf, address: String, base: BranchName) -> Self {
        Self { destination, address, base, limits: Limits::default(), pack_limit: 100, loose_limit: 10_000 }
    }
}

/// The mirror can't be used; the sentence says what to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MirrorError(pub String);

/// A mirror of the remote's base branch. Clones are the same mirror.
#[derive(Debug, Clone)]
pub struct Mirror(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    remote: Remote,
    base: BranchName,
    place: Place,
    /// For what stays on this machine.
    jobs: Jobs,
    /// For what talks to the server.
    calls: Jobs,
    /// Jobs read; who swaps the repository for a new one writes.
    swapping: Arc<RwLock<()>>,
    /// How often it was swapped, which tells whether another caller has mended it already.
    generation: AtomicU64,
    rebuilt: LastRebuild,
    rebuilding: Arc<Mutex<()>>,
    /// One fetch at a time: libgit2 reads and rewrites the list of shallow commits without a lock.
    fetching: Fetching,
    pack_limit: usize,
    loose_limit: usize,
}

impl Mirror {
    /// Opens the mirror, made if it isn't there, and sweeps what a killed process left. The remote isn't asked.
    ///
    /// # Errors
    /// [`MirrorError`] when a setting is wrong or the folder can't be used.
    pub async fn open(settings: MirrorSettings) -> Result<Self, MirrorError> {
        let remote = Remote::new(&settings.address, settings.limits).map_err(|error| MirrorError(error.0))?;
        let MirrorSettings { destination, base, pack_limit, loose_limit, .. } = settings;
        let (address, branch) = (remote.address().to_owned(), base.clone());
        let place = tokio::task::spawn_blocking(move || Place::take(&destination, &address, &branch))
            .await
            .map_err(|error| MirrorError(format!("opening the mirror failed: {error}")))?
            .map_err(MirrorError)?;
        let (jobs, calls) = (Jobs::new(place.path().to_owned(), JOBS), Jobs::new(place.path().to_owned(), JOBS));
        Ok(Self(Arc::new(Inner {
            remote,
            base,
            place,
            jobs,
            calls,
            swapping: Arc::default(),
            generation: AtomicU64::new(0),
            rebuilt: LastRebuild::default(),
            rebuilding: Arc::default(),
            fetching: Fetching::default(),
            pack_limit,
            loose_limit,
        })))
    }

    /// The bare repository's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.place.path()
    }

    /// The remote's refs whose full names begin with `prefix`.
    ///
    /// # Errors
    /// [`VcsError`] as the server or the connection has it.
    pub async fn tips(&self, prefix: &str, operation: &Operation) -> Result<BTreeMap<String, Oid>, VcsError> {
        let (prefix, within) = (prefix.to_owned(), operation.clone());
        self.0.mended(&self.0.calls, operation, move |inner, _| inner.remote.tips(&prefix, &within)).await
    }

    /// Works on the repository in a blocking thread. When an object is missing or damaged, the mirror is made anew and the
    /// work is done again, once.
    ///
    /// # Errors
    /// The work's own; [`VcsError::TimedOut`] when it doesn't end in time (it goes on to its end).
    pub async fn with<T: Send + 'static>(
        &self,
        operation: &Operation,
        mut work: impl FnMut(&Repository) -> Result<T, VcsError> + Send + 'static,
    ) -> Result<T, VcsError> {
        self.0.mended(&self.0.jobs, operation, move |_, repo| work(repo)).await
    }
}

impl Inner {
    /// A job in the mirror as it is. What it holds is let go at its end, also when the caller stops waiting.
    async fn job<T: Send + 'static>(
        self: &Arc<Self>,
        jobs: &Jobs,
        operation: &Operation,
        work: impl FnOnce(&Self, &Repository) -> Result<T, VcsError> + Send + 'static,
    ) -> Result<T, VcsError> {
        operation.check()?;
        let inner = Arc::clone(self);
        let job = async {
            let stays = Arc::clone(&self.swapping).read_owned().await;
            let job = jobs.run(move |repo| {
                let _stays = stays;
                work(&inner, repo)
            });
            job.await
        };
        operation.bounded(job).await?
    }

    /// A job that is done again in a new mirror when it finds this one damaged.
    async fn mended<T: Send + 'static>(
        self: &Arc<Self>,
        jobs: &Jobs,
        operation: &Operation,
        work: impl FnMut(&Self, &Repository) -> Result<T, VcsError> + Send + 'static,
    ) -> Result<T, VcsError> {
        let work = Arc::new(std::sync::Mutex::new(work));
        let once = || {
            let work = Arc::clone(&work);
            self.job(jobs, operation, move |inner, repo| {
                let mut work = work.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                work(inner, repo)
            })
        };
        let generation = self.generation.load(Ordering::Acquire);
        match once().await {
            // Somebody may have emptied the folder, which libgit2 doesn't tell from any other path that isn't there.
            Err(error) if matches!(error, VcsError::Corrupt(_)) || !self.place.path().exists() => {
                tracing::warn!(%error, "the mirror is damaged");
                if self.mend(generation, operation).await? { once().await } else { Err(error) }
            }
            outcome => outcome,
        }
    }
}

/// The base branch's ref in the mirror.
pub(super) const BASE: &str = "refs/mirror/base";

/// Another branch's ref in the mirror. Its name is a hash, so that a branch `a/b` can follow a branch `a`.
fn mirrored(branch: &BranchName) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, branch.as_str().as_bytes());
    format!("refs/mirror/branches/{}", hex::encode(&hash.as_ref()[..16]))
}

/// Forgets where a branch was.
fn forget(repo: &Repository, branch: &BranchName) -> Result<(), VcsError> {
    let name = mirrored(branch);
    match git::refs::tip(repo, &name)? {
        Some(tip) => git::refs::delete(repo, &name, tip).map(drop),
        None => Ok(()),
    }
}
