//! Makes a change on GitHub: its branch, then its pull request, then what else the pull request gets.

use git2::{Oid, Repository};

use super::GithubForge;
use super::api::{CreateError, NewPull, Pull};
use super::known::Carried;
use super::mirror::{BASE, Pushed};
use super::taken::Taken;
use crate::adapters::git::build::{build, check};
use crate::adapters::git::error::vcs_error;
use crate::adapters::git::{oid, refs};
use crate::domain::change::{ChangeSet, Proposed, PullRequest, PullRequestState};
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;
use crate::domain::ports::VersionControl as _;

/// How often a branch may be found taken and free again before a change gives up.
const ATTEMPTS: usize = 3;
/// GitHub's limits: longer texts are a 422.
const TITLE_LIMIT: usize = 256;
const BODY_LIMIT: usize = 65_536;

/// What became of a pull request that was to be opened.
pub(super) enum Opening {
    /// This call opened it.
    Opened(PullRequest, Vec<String>),
    /// Somebody did before.
    Found(PullRequest),
}

impl GithubForge {
    /// See [`crate::domain::ports::VersionControl::propose`].
    pub(super) async fn propose_change(&self, change: &ChangeSet) -> Result<Proposed, VcsError> {
        let branch = self.branch(&change.key)?;
        let _turn = self.turns.take(&branch).await;
        if let Some(open) = self.open_for(&change.key) {
            return adopted(open, change);
        }
        let _writer = self.writers.acquire().await.map_err(|_| VcsError::Conflict(None))?;
        for _ in 0..ATTEMPTS {
            let carried = match self.push(&branch, change).await? {
                Some(carried) => carried,
                None => match self.taken(&branch, change).await? {
                    Taken::Free => continue,
                    Taken::Adopted(pull_request) => return adopted(*pull_request, change),
                    // The words that the templates gave this time.
                    Taken::Resumed(carried) => {
                        let text = change.text.clone();
                        Carried { title: text.title, body: text.body, ..*carried }
                    }
                },
            };
            return Ok(match self.open_pull_request(&branch, carried).await? {
                Opening::Opened(pull_request, warnings) if warnings.is_empty() => Proposed::Opened(pull_request),
                Opening::Opened(pull_request, warnings) => Proposed::Undecorated(pull_request, warnings),
                Opening::Found(pull_request) => Proposed::Adopted(pull_request),
            });
        }
        Err(VcsError::Conflict(None))
    }

    /// Makes the commit and pushes its branch; `None` when the branch is there already.
    async fn push(&self, branch: &BranchName, change: &ChangeSet) -> Result<Option<Carried>, VcsError> {
        let (operation, planned, author) = (self.operation().await?, change.clone(), self.author.clone());
        let step = self.settings.step.clone();
        let make = move |repo: &Repository| {
            let base = newest_base(repo)?;
            if oid(&planned.base)? != base {
                // What was planned on an older base must still be true, or the pull request would be born in conflict.
                check(repo, base, &planned.files)?;
            }
            let built = build(repo, &planned, &author)?;
            step("the commit is made");
            Ok((built.commit, built))
        };
        let (pushed, built) = self.heard(self.mirror.push_new(branch, &operation, make).await)?;
        self.step("the branch is pushed");
        Ok(match pushed {
            Pushed::Created => Some(Carried::of(change, built)),
            Pushed::Exists(_) => None,
        })
    }

    /// Opens the pull request of a branch that is there. What can't be known from GitHub's answer is looked up before asking again.
    pub(super) async fn open_pull_request(&self, branch: &BranchName, carried: Carried) -> Result<Opening, VcsError> {
        let (title, body) = (cut(&carried.title, TITLE_LIMIT), cut(&carried.body, BODY_LIMIT));
        let (head, base) = (branch.as_str(), self.settings.base.as_str());
        let wanted = NewPull { title: &title, body: &body, head, base, draft: self.settings.draft };
        let mut unclear = None;
        loop {
            let found = match self.api.create(&wanted).await {
                Ok(pull) => return self.opened(pull, carried).await,
                Err(CreateError::Failed(error)) => return Err(error),
                // Withdrawn meanwhile: the object is free again.
                Err(CreateError::HeadInvalid) => return Err(VcsError::Conflict(None)),
                Err(CreateError::NothingToMerge) => {
                    let operation = self.operation().await?;
                    self.mirror.delete(branch, carried.chain[0], &operation).await?;
                    return Err(VcsError::BaseMoved);
                }
                Err(CreateError::AlreadyExists) => self.api.find_open_by_head(head, base).await?,
                Err(CreateError::Ambiguous(error)) => match self.api.find_open_by_head(head, base).await {
                    // Ours or that of another process that carries the same branch: there is only one.
                    Ok(Some(pull)) => return self.opened(pull, carried).await,
                    Ok(None) if unclear.is_none() => {
                        unclear = Some(error);
                        continue;
                    }
                    Ok(None) | Err(_) => return Err(error),
                },
            };
            let pull = found.ok_or(VcsError::Conflict(None))?;
            return if unclear.is_some() {
                self.opened(pull, carried).await
            } else {
                self.note(pull, carried).map(Opening::Found)
            };
        }
    }

    async fn opened(&self, pull: Pull, carried: Carried) -> Result<Opening, VcsError> {
        let pull_request = self.note(pull, carried)?;
        self.step("the pull request is open");
        let warnings = self.decorate(pull_request.number, &self.settings.decorations).await;
        Ok(Opening::Opened(pull_request, warnings))
    }
}

/// The base branch as the mirror has it. One that lacks that very commit is damaged, and no newer plan would help.
pub(super) fn newest_base(repo: &Repository) -> Result<Oid, VcsError> {
    let base = refs::tip(repo, BASE)?.ok_or(VcsError::BaseMoved)?;
    repo.find_commit(base).map(|_| base).map_err(|error| vcs_error(&error))
}

/// The answer to a request whose object has an open pull request.
fn adopted(open: PullRequest, change: &ChangeSet) -> Result<Proposed, VcsError> {
    let same = open.request_hash == change.request_hash && open.state == PullRequestState::Open;
    if same { Ok(Proposed::Adopted(open)) } else { Err(VcsError::Conflict(Some(Box::new(open)))) }
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}
