//! What is known of a pull request: what GitHub says of it, and what its commit says of the change.

use git2::{Commit, Oid, Repository};

use super::api::Pull;
use crate::adapters::git::build::{Built, changed_since};
use crate::adapters::git::trailers::{Trailers, our_commit, subject_and_body};
use crate::adapters::git::{commit_id, error::vcs_error};
use crate::domain::change::{Action, ChangeSet, CommitId, PullRequest};
use crate::domain::error::VcsError;
use crate::domain::names::{BranchName, RepoPath};

/// How far a branch is looked back for commits that a pull request ended with.
const REACH: usize = 50;

/// A change, as the commit that carries it tells it.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    pub(super) commit: Oid,
    pub(super) base_commit: CommitId,
    pub(super) trailers: Trailers,
    pub(super) files: Vec<(RepoPath, Action)>,
    /// The commits of the branch from its tip down to ours.
    pub(super) chain: Vec<Oid>,
    /// When the commit was made, Unix seconds.
    pub(super) made_at: i64,
    /// The words of its message.
    pub(super) title: String,
    pub(super) body: String,
}

impl Carried {
    /// The newest change of ours on a branch; `None` when nothing on it is ours. A commit without a parent never is: ours are
    /// made on the base branch.
    pub(super) fn find(
        repo: &Repository,
        tip: Oid,
        wanted: impl Fn(&Trailers) -> bool,
    ) -> Result<Option<Self>, VcsError> {
        let Some((commit, trailers)) = our_commit(repo, tip, wanted)? else { return Ok(None) };
        let failed = |error: git2::Error| vcs_error(&error);
        let mut chain = vec![tip];
        while chain.last() != Some(&commit) && chain.len() <= REACH {
            let above = chain[chain.len() - 1];
            chain.push(repo.find_commit(above).and_then(|above| above.parent_id(0)).map_err(failed)?);
        }
        let made = repo.find_commit(commit).map_err(failed)?;
        let (title, body) = subject_and_body(made.message().unwrap_or_default());
        let Some(base) = recorded_parent(&made) else { return Ok(None) };
        // Which files it changes can't be told where the fetched history ends.
        let files = if repo.find_commit(base).is_ok() { changed_since(repo, Some(base), commit)? } else { Vec::new() };
        let made_at = made.time().seconds();
        Ok(Some(Self { commit, base_commit: commit_id(base), trailers, files, chain, made_at, title, body }))
    }

    /// A change that was made just now.
    pub(super) fn of(change: &ChangeSet, built: Built) -> Self {
        Self {
            commit: built.commit,
            base_commit: change.base.clone(),
            trailers: Trailers::of(change),
            files: built.files,
            chain: vec![built.commit],
            made_at: jiff::Timestamp::now().as_second(),
            title: change.text.title.clone(),
            body: change.text.body.clone(),
        }
    }

    /// Whether a pull request that ended there was this change's.
    pub(super) fn ended_as(&self, pull: &Pull) -> bool {
        self.chain.iter().any(|commit| commit.to_string() == pull.head_sha)
    }

    /// The pull request as the domain knows it.
    pub(super) fn pull_request(&self, pull: &Pull) -> Result<PullRequest, VcsError> {
        let name = |text: &str| {
            BranchName::parse(text).map_err(|_| VcsError::Corrupt(format!("pull request {}'s branch", pull.number)))
        };
        let trailers = self.trailers.clone();
        Ok(PullRequest {
            number: pull.number,
            url: Some(pull.html_url.clone()),
            branch: name(&pull.head_ref)?,
            base: name(&pull.base_ref)?,
            state: pull.state,
            draft: pull.draft,
            title: pull.title.clone(),
            action: trailers.action,
            key: trailers.key,
            cluster: trailers.cluster,
            requested_by: trailers.actor,
            commit: commit_id(self.commit),
            base_commit: self.base_commit.clone(),
            request_hash: trailers.request_hash,
            files: self.files.clone(),
            created_at: pull.created_at,
            updated_at: pull.updated_at,
            merged_at: pull.merged_at,
        })
    }
}

/// A pull request below our prefix.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) pull: Pull,
    /// Its change; `None` when it is somebody else's.
    pub(super) carried: Option<Carried>,
    /// When this process itself saw or changed it last, by the forge's own count; 0 when only the poll did.
    pub(super) noted: u64,
}

impl Known {
    /// The pull request, when it is ours.
    pub(super) fn pull_request(&self) -> Option<PullRequest> {
        self.carried.as_ref()?.pull_request(&self.pull).ok()
    }
}

/// The first parent as the commit's own bytes name it. libgit2 tells none of a commit at which a shallow history ends, as the
/// base branch's is when it was moved forward to our commit.
fn recorded_parent(commit: &Commit<'_>) -> Option<Oid> {
    let header = commit.raw_header().ok()?;
    header.lines().find_map(|line| line.strip_prefix("parent "))?.parse().ok()
}
