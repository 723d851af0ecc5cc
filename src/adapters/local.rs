//! VersionControl on a bare repository of this machine, pull requests included; reviewers use plain git.

mod core;
mod merged;
mod poll;
mod propose;
mod record;
mod refresh;
mod repository;
mod settle;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use git2::Repository;
use tokio::sync::Mutex;

pub use self::core::Step;
use self::core::{Core, Published};
use super::git;
use super::git::branch::check_prefix;
use super::git::build::Author;
use super::git::jobs::Jobs;
use super::git::read::{self, Bounds};
use crate::domain::change::{
    BlobId, ChangeSet, CommitId, File, Freshness, ObjectKey, Proposed, PullRequest, SweepReport,
};
use crate::domain::error::VcsError;
use crate::domain::names::{BranchName, RepoPath};
use crate::domain::ports::VersionControl;
use crate::domain::snapshot::{Contact, Snapshot, SourceInfo, SourceKind};

/// Jobs that read or write the repository at once.
const JOBS: usize = 8;

/// Older than this without a look at the repository is stale: three polls, and time for a machine that is busy.
const STALE_AFTER: Duration = Duration::from_secs(5);

/// Where the repository is and how changes are made in it.
#[derive(Debug, Clone)]
pub struct LocalSettings {
    /// The folder that holds `<repo>.git`; made with mode 0700. A relative path starts at the working directory.
    pub destination: PathBuf,
    /// The repository's name: one path segment.
    pub repo: String,
    /// The branch that changes are merged into.
    pub base: BranchName,
    /// What the names of our branches start with.
    pub branch_prefix: String,
    /// Whether the branches of merged and closed changes stay.
    pub keep_branches: bool,
    /// The commits' author.
    pub author: Author,
    /// The folders that get a `.gitkeep` in the first commit; `None` is the top.
    pub keep_folders: Vec<Option<RepoPath>>,
}

/// Why the repository can't be used; the sentence says what to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

/// The local forge: `refs/pull/N/head` is a pull request's newest commit, `refs/pull/N/meta` what is known of it. It is
/// merged by merging its branch into the base branch, and closed by deleting its branch.
#[derive(Debug)]
pub struct LocalForge {
    core: Arc<Core>,
    jobs: Jobs,
    /// One writer of this process at a time, so that waiting ones don't take the readers' jobs.
    writing: Arc<Mutex<()>>,
}

impl LocalForge {
    /// Opens the repository, made on first start, and reads it once. Finishes what an interrupted start left.
    ///
    /// # Errors
    /// [`OpenError`] when a setting is wrong, or the folder or repository can't be used.
    pub async fn open(settings: LocalSettings) -> Result<Self, OpenError> {
        Self::open_with_steps(settings, Arc::new(|_| {})).await
    }

    /// As [`LocalForge::open`], with `step` called between any two steps of a write: how a test stops a process there.
    ///
    /// # Errors
    /// As [`LocalForge::open`].
    pub async fn open_with_steps(settings: LocalSettings, step: Step) -> Result<Self, OpenError> {
        let core = tokio::task::spawn_blocking(move || start(settings, step))
            .await
            .map_err(|error| OpenError(format!("opening the GitOps repository failed: {error}")))??;
        let jobs = Jobs::new(core.path.clone(), JOBS);
        Ok(Self { core: Arc::new(core), jobs, writing: Arc::default() })
    }

    /// The bare repository's path.
    pub fn path(&self) -> &std::path::Path {
        &self.core.path
    }

    async fn job<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Core, &Repository) -> Result<T, VcsError> + Send + 'static,
    ) -> Result<T, VcsError> {
        let core = Arc::clone(&self.core);
        self.jobs.run(move |repo| work(&core, repo)).await
    }

    async fn write_job<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Core, &Repository) -> Result<T, VcsError> + Send + 'static,
    ) -> Result<T, VcsError> {
        let writing = Arc::clone(&self.writing).lock_owned().await;
        self.job(move |core, repo| {
            let _writing = writing;
            work(core, repo)
        })
        .await
    }

    fn published(&self) -> Result<Arc<Published>, VcsError> {
        let published = self.core.published.load_full();
        published.ok_or_else(|| VcsError::Unreachable("the repository wasn't read yet".to_owned()))
    }
}

fn start(mut settings: LocalSettings, step: Step) -> Result<Core, OpenError> {
    check(&settings)?;
    settings.destination = std::path::absolute(&settings.destination)
        .map_err(|error| OpenError(format!("the GitOps destination folder can't be found: {error}")))?;
    settings.author.sign().map_err(|error| OpenError(error.to_string()))?;
    git::folder::prepare(&settings.destination).map_err(OpenError)?;
    let location = settings.destination.join(format!("{}.git", settings.repo)).display().to_string();
    let contact = Arc::new(Contact::now());
    let source = SourceInfo { kind: SourceKind::Git, location, contact, stale_after: STALE_AFTER, watches: Vec::new() };
    let core = Core::new(settings, source, step);
    let failed = |error: VcsError| OpenError(format!("the repository {}: {error}", core.path.display()));
    let lock = core.locked().map_err(failed)?;
    repository::prepare(&core.path, &core.settings)?;
    git::open(&core.path).and_then(|repo| core.refresh(&repo)).map_err(failed)?;
    drop(lock);
    Ok(core)
}

/// The rules that hold between settings.
fn check(settings: &LocalSettings) -> Result<(), OpenError> {
    let LocalSettings { repo, base, branch_prefix: prefix, .. } = settings;
    if RepoPath::parse(repo).is_err() || repo.contains('/') || repo.len() > 100 {
        return Err(OpenError(format!("the repository's name must be one path segment, {}", RepoPath::EXPECTED)));
    }
    check_prefix(prefix, base).map_err(OpenError)
}

#[async_trait]
impl VersionControl for LocalForge {
    async fn base(&self, freshness: Freshness) -> Result<CommitId, VcsError> {
        if freshness == Freshness::Fetched && self.job(Core::has_moved).await? {
            self.write_job(|core, repo| {
                let _lock = core.locked()?;
                core.refresh(repo).map(drop)
            })
            .await?;
        }
        Ok(self.published()?.base.clone())
    }

    async fn list<'a>(
        &'a self,
        at: &'a CommitId,
        under: Option<&'a RepoPath>,
    ) -> Result<Vec<(RepoPath, BlobId)>, VcsError> {
        let (at, under) = (git::oid(at)?, under.cloned());
        self.job(move |_, repo| read::list(repo, at, under.as_ref(), Bounds::default())).await
    }

    async fn read<'a>(&'a self, at: &'a CommitId, path: &'a RepoPath) -> Result<Option<File>, VcsError> {
        let (at, path) = (git::oid(at)?, path.clone());
        self.job(move |_, repo| read::read(repo, at, &path)).await
    }

    async fn propose<'a>(&'a self, change: &'a ChangeSet) -> Result<Proposed, VcsError> {
        let change = change.clone();
        self.write_job(move |core, repo| core.propose(repo, &change)).await
    }

    async fn commit<'a>(&'a self, change: &'a ChangeSet) -> Result<CommitId, VcsError> {
        let change = change.clone();
        self.write_job(move |core, repo| core.commit(repo, &change)).await
    }

    async fn pull_requests(&self) -> Result<Arc<Snapshot<PullRequest, u64>>, VcsError> {
        Ok(Arc::clone(&self.published()?.pull_requests))
    }

    async fn withdraw(&self, number: u64) -> Result<PullRequest, VcsError> {
        self.write_job(move |core, repo| core.withdraw(repo, number)).await
    }

    fn repository(&self) -> crate::domain::change::Repository {
        crate::domain::change::Repository {
            url: self.core.path.display().to_string(),
            base: self.core.settings.base.clone(),
        }
    }

    fn branch(&self, key: &ObjectKey) -> Result<BranchName, VcsError> {
        self.core.branch_of(key)
    }

    async fn sweep(&self) -> Result<SweepReport, VcsError> {
        self.write_job(Core::sweep).await
    }
}
