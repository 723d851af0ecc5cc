//! VersionControl on GitHub: branches are pushed from a mirror with git, pull requests are opened over the REST API.
//!
//! A change goes: received → committed (in the mirror) → pushed (its branch, create-only: the lock between processes) → opened →
//! decorated (labels, reviewers) → merged or closed. Each step can be taken up from what GitHub has: the branch's commit says in
//! its trailers what it is for.

pub mod api;
pub mod identity;
pub mod mirror;
pub mod remote;
mod token;
mod transport;

mod flight;
mod known;
mod lacking;
mod poll;
mod propose;
mod settings;
mod settle;
mod taken;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use async_trait::async_trait;

use self::api::{ClientSettings, GithubApi, Limits};
use self::flight::{Flight, Turns};
use self::identity::Identity;
use self::known::Known;
use self::mirror::Mirror;
use self::remote::Operation;
pub use self::settings::{GIT_TIME, GithubSettings, IN_FLIGHT, Step};
pub use self::token::Token;
use super::git;
use super::git::branch::branch_name;
use super::git::build::{Author, build};
use super::git::read::{self, Bounds};
use crate::domain::change::{
    BlobId, ChangeSet, CommitId, File, Freshness, ObjectKey, Proposed, PullRequest, Repository, SweepReport,
};
use crate::domain::error::VcsError;
use crate::domain::names::{BranchName, RepoPath};
use crate::domain::ports::VersionControl;
use crate::domain::snapshot::{Snapshot, SourceInfo};

/// Changes that are pushed at once; GitHub slows down those who write much at a time.
const WRITERS: usize = 4;

/// What readers get without asking GitHub.
#[derive(Debug)]
struct Published {
    base: CommitId,
    pull_requests: Arc<Snapshot<PullRequest, u64>>,
}

/// Why the last look at GitHub failed: a fixed code for readiness.
pub type Trouble = &'static str;

/// Pull requests on GitHub.
pub struct GithubForge {
    settings: GithubSettings,
    author: Author,
    mirror: Mirror,
    api: GithubApi,
    identity: Arc<Identity>,
    source: SourceInfo,
    published: ArcSwapOption<Published>,
    known: Mutex<BTreeMap<u64, Known>>,
    /// Counts what this process did to pull requests, so that a look that began before doesn't undo it in memory.
    notes: AtomicU64,
    trouble: Mutex<Option<Trouble>>,
    polling: Flight<VcsError>,
    /// The Git server's limits are apart from the API's.
    git_limits: Limits,
    /// The open pull requests that need nothing more of this process: it decorated them, or saw that somebody did.
    decorated: Mutex<BTreeSet<u64>>,
    /// Set when a change ended: its branch is to go.
    sweep_soon: AtomicBool,
    /// One writer of this process for each branch: equal requests wait for the first one's answer.
    turns: Turns,
    writers: tokio::sync::Semaphore,
}

impl GithubForge {
    /// Makes the mirror's folder and the clients. GitHub isn't asked yet: [`GithubForge::run`] does that.
    ///
    /// # Errors
    /// A sentence that says which setting to mend.
    pub async fn open(settings: GithubSettings) -> Result<Self, String> {
        let client = ClientSettings::new(&settings.api_url);
        settings::open(settings, &client).await
    }

    /// The same, with other timeouts towards the API.
    ///
    /// # Errors
    /// As [`GithubForge::open`].
    pub async fn open_with(settings: GithubSettings, client: &ClientSettings) -> Result<Self, String> {
        settings::open(settings, client).await
    }

    /// Where changes go, and when GitHub was last heard from.
    #[must_use]
    pub fn source(&self) -> &SourceInfo {
        &self.source
    }

    /// Whether the base branch and the pull requests were read once.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.published.load().is_some()
    }

    /// Why the last look at GitHub failed; `None` after a good one.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<u64, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn published(&self) -> Result<Arc<Published>, VcsError> {
        let published = self.published.load_full();
        published.ok_or_else(|| VcsError::Unreachable("GitHub wasn't reached yet; the log tells why".to_owned()))
    }

    /// An exchange with the Git server that begins now, unless it asked for silence.
    async fn operation(&self) -> Result<Operation, VcsError> {
        if let Some(retry_after) = self.git_limits.silence() {
            return Err(VcsError::RateLimited { retry_after });
        }
        Ok(self.within(Some(self.identity.token().await?)))
    }

    /// Takes note when the Git server asks for silence.
    fn heard<T>(&self, answer: Result<T, VcsError>) -> Result<T, VcsError> {
        if let Err(VcsError::RateLimited { retry_after }) = &answer {
            self.git_limits.keep_silent(*retry_after);
        }
        answer
    }

    /// Work in the mirror that asks nobody, except when the mirror is to be made anew.
    async fn local<T: Send + 'static>(
        &self,
        work: impl FnMut(&git2::Repository) -> Result<T, VcsError> + Send + 'static,
    ) -> Result<T, VcsError> {
        // Reading what is here must work while GitHub is away.
        let operation = self.within(self.identity.token().await.ok());
        self.mirror.with(&operation, work).await
    }

    fn within(&self, token: Option<Token>) -> Operation {
        Operation { rejection: Some(self.identity.rejection()), ..Operation::within(self.settings.git_time, token) }
    }

    fn step(&self, name: &'static str) {
        (self.settings.step)(name);
    }
}

#[async_trait]
impl VersionControl for GithubForge {
    async fn base(&self, freshness: Freshness) -> Result<CommitId, VcsError> {
        if freshness == Freshness::Fetched {
            self.refresh().await?;
        }
        Ok(self.published()?.base.clone())
    }

    async fn list<'a>(
        &'a self,
        at: &'a CommitId,
        under: Option<&'a RepoPath>,
    ) -> Result<Vec<(RepoPath, BlobId)>, VcsError> {
        let (at, under) = (git::oid(at)?, under.cloned());
        self.local(move |repo| read::list(repo, at, under.as_ref(), Bounds::default())).await
    }

    async fn read<'a>(&'a self, at: &'a CommitId, path: &'a RepoPath) -> Result<Option<File>, VcsError> {
        let (at, path) = (git::oid(at)?, path.clone());
        self.local(move |repo| read::read(repo, at, &path)).await
    }

    async fn propose<'a>(&'a self, change: &'a ChangeSet) -> Result<Proposed, VcsError> {
        self.propose_change(change).await
    }

    async fn commit<'a>(&'a self, change: &'a ChangeSet) -> Result<CommitId, VcsError> {
        let from = git::oid(&change.base)?;
        let (operation, planned, author) = (self.operation().await?, change.clone(), self.author.clone());
        let make = move |repo: &git2::Repository| {
            propose::newest_base(repo)?;
            let commit = build(repo, &planned, &author)?.commit;
            Ok((commit, commit))
        };
        let commit = git::commit_id(self.mirror.advance(from, &operation, make).await?);
        self.step("the base branch is moved");
        // What was committed is listed at once; the poll brings what else there is.
        if let Err(error) = self.refresh().await {
            tracing::warn!(%error, repository = self.source.location, "GitHub can't be read");
            self.publish_at(Some(commit.clone()));
        }
        Ok(commit)
    }

    async fn pull_requests(&self) -> Result<Arc<Snapshot<PullRequest, u64>>, VcsError> {
        Ok(Arc::clone(&self.published()?.pull_requests))
    }

    async fn withdraw(&self, number: u64) -> Result<PullRequest, VcsError> {
        self.close(number).await
    }

    fn repository(&self) -> Repository {
        Repository { url: self.source.location.clone(), base: self.settings.base.clone() }
    }

    fn branch(&self, key: &ObjectKey) -> Result<BranchName, VcsError> {
        branch_name(&self.settings.branch_prefix, key).map_err(|rule| VcsError::WrongState(rule.to_string()))
    }

    async fn sweep(&self) -> Result<SweepReport, VcsError> {
        self.sweep_branches().await.map(|(report, _)| report)
    }
}
