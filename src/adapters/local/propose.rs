//! Makes a change: its branch, then its pull request; or, in direct mode, a commit on the base branch.

use git2::{Oid, Repository};
use jiff::Timestamp;

use super::core::Core;
use super::merged::commit_time;
use super::record::{BODY_LIMIT, HIGHEST, Record, head_ref, meta_ref};
use super::refresh::View;
use crate::adapters::git::build::{build, changed_files, check};
use crate::adapters::git::trailers::{Trailers, our_commit, subject_and_body};
use crate::adapters::git::{branch::branch_name, commit_id, error::vcs_error, oid, refs};
use crate::domain::change::{Action, ChangeSet, CommitId, ObjectKey, Proposed, PullRequest, PullRequestState};
use crate::domain::error::VcsError;
use crate::domain::names::{BranchName, RepoPath};

/// A commit on a branch that waits for its pull request.
struct Waiting {
    commit: Oid,
    trailers: Trailers,
    branch: BranchName,
    base_commit: CommitId,
    files: Vec<(RepoPath, Action)>,
    title: String,
    body: String,
}

impl Waiting {
    /// A commit that is on its branch already, described from itself.
    fn of_commit(
        repo: &Repository,
        commit: Oid,
        trailers: Trailers,
        branch: BranchName,
        title: String,
        body: String,
    ) -> Result<Self, VcsError> {
        let parent = repo.find_commit(commit).and_then(|commit| commit.parent_id(0)).map_err(|e| vcs_error(&e))?;
        let files = changed_files(repo, commit)?;
        Ok(Self { commit, trailers, branch, base_commit: commit_id(parent), files, title, body })
    }

    /// What a crash left of a request that nobody repeats: the commit's message has to do for the words.
    fn left_behind(repo: &Repository, commit: Oid, trailers: Trailers, branch: BranchName) -> Result<Self, VcsError> {
        let message = repo.find_commit(commit).map_err(|error| vcs_error(&error))?;
        let (title, body) = subject_and_body(message.message().unwrap_or_default());
        Self::of_commit(repo, commit, trailers, branch, title, body)
    }
}

impl Core {
    /// The branch of an object.
    pub(super) fn branch_of(&self, key: &ObjectKey) -> Result<BranchName, VcsError> {
        branch_name(&self.settings.branch_prefix, key).map_err(|rule| VcsError::WrongState(rule.to_string()))
    }

    /// See [`crate::domain::ports::VersionControl::propose`].
    pub(super) fn propose(&self, repo: &Repository, change: &ChangeSet) -> Result<Proposed, VcsError> {
        let _lock = self.locked()?;
        let view = self.refresh(repo)?;
        let branch = self.branch_of(&change.key)?;
        if let Some(open) = view.open_for(&change.key, &branch) {
            return if open.request_hash == change.request_hash && open.key == change.key {
                Ok(Proposed::Adopted(open.clone()))
            } else {
                Err(VcsError::Conflict(Some(Box::new(open.clone()))))
            };
        }
        let number = view.next_number.ok_or_else(|| {
            VcsError::WrongState(format!("no number is left for a pull request: delete the refs of number {HIGHEST}"))
        })?;
        let waiting = match self.resumable(repo, &view, number, &branch, change)? {
            Some(waiting) => waiting,
            None => self.start(repo, &view, branch, change)?,
        };
        self.open(repo, number, waiting).map(Proposed::Opened)
    }

    /// What a crash left of this very request. A branch of a merged or closed change is deleted on the way.
    fn resumable(
        &self,
        repo: &Repository,
        view: &View,
        number: u64,
        branch: &BranchName,
        change: &ChangeSet,
    ) -> Result<Option<Waiting>, VcsError> {
        let name = refs::branch_ref(branch);
        let Some(tip) = refs::tip(repo, &name)? else { return Ok(None) };
        let Some((commit, trailers)) = our_commit(repo, tip, |trailers| trailers.key == change.key)? else {
            return Err(VcsError::WrongState(format!("branch {branch} isn't of this service; rename or delete it")));
        };
        if view.is_settled(commit) || is_on_base(repo, tip, view)? {
            let deleted = refs::delete(repo, &name, tip)?;
            self.step("the old branch is deleted");
            return if deleted { Ok(None) } else { Err(VcsError::Conflict(None)) };
        }
        if trailers.request_hash != change.request_hash {
            // Whoever made it died: nobody else writes while this process has the lock. It is opened, so that it can be seen.
            let left = Waiting::left_behind(repo, commit, trailers, branch.clone())?;
            let opened = self.open(repo, number, left)?;
            return Err(VcsError::Conflict(Some(Box::new(opened))));
        }
        let (title, body) = (change.text.title.clone(), change.text.body.clone());
        Waiting::of_commit(repo, commit, trailers, branch.clone(), title, body).map(Some)
    }

    /// Makes the commit and its branch.
    fn start(
        &self,
        repo: &Repository,
        view: &View,
        branch: BranchName,
        change: &ChangeSet,
    ) -> Result<Waiting, VcsError> {
        if oid(&change.base)? != view.signs.base {
            // What was planned on an older base must still be true, or the pull request would be born in conflict.
            check(repo, view.signs.base, &change.files)?;
        }
        let built = build(repo, change, &self.settings.author)?;
        self.step("the commit is made");
        if !refs::create(repo, &refs::branch_ref(&branch), built.commit)? {
            return Err(VcsError::Conflict(None));
        }
        self.step("the branch is made");
        Ok(Waiting {
            commit: built.commit,
            trailers: Trailers::of(change),
            branch,
            base_commit: change.base.clone(),
            files: built.files,
            title: change.text.title.clone(),
            body: change.text.body.clone(),
        })
    }

    /// Opens the pull request: the record first, as a head alone would tell nothing.
    fn open(&self, repo: &Repository, number: u64, waiting: Waiting) -> Result<PullRequest, VcsError> {
        let Waiting { commit, trailers, branch, base_commit, files, title, body } = waiting;
        let pull_request = PullRequest {
            number,
            url: None,
            branch,
            base: self.settings.base.clone(),
            state: PullRequestState::Open,
            draft: false,
            title,
            action: trailers.action,
            key: trailers.key,
            cluster: trailers.cluster,
            requested_by: trailers.actor,
            commit: commit_id(commit),
            base_commit,
            request_hash: trailers.request_hash,
            files,
            created_at: commit_time(repo, commit)?,
            updated_at: Timestamp::now(),
            merged_at: None,
        };
        let body = body[..body.floor_char_boundary(BODY_LIMIT)].to_owned();
        let record = Record { pull_request, body };
        let blob = record.store(repo)?;
        self.step("the record is written");
        if !refs::create(repo, &meta_ref(number), blob)? {
            return Err(VcsError::Conflict(None));
        }
        self.step("the pull request is open");
        refs::create(repo, &head_ref(number), commit)?;
        self.step("its head is set");
        self.memory().loose += 2;
        let view = self.refresh(repo)?;
        Ok(view.records.get(&number).map_or(record.pull_request, |record| record.pull_request.clone()))
    }

    /// Opens a pull request for each branch of ours that a crash left without one: how many were opened, and how many
    /// branches deleted whose change is on the base branch already.
    pub(super) fn resume(&self, repo: &Repository, mut view: View) -> Result<(usize, usize), VcsError> {
        let (mut resumed, mut deleted) = (0, view.deleted);
        for (name, tip) in view.signs.tips.clone() {
            let Some(branch) = name.strip_prefix("refs/heads/").and_then(|name| BranchName::parse(name).ok()) else {
                continue;
            };
            let Some((commit, trailers)) = our_commit(repo, tip, |_| true)? else { continue };
            let ours = self.branch_of(&trailers.key)? == branch;
            if !ours || view.open_for(&trailers.key, &branch).is_some() || view.is_settled(commit) {
                continue;
            }
            if is_on_base(repo, tip, &view)? {
                let gone = !self.settings.keep_branches && refs::delete(repo, &name, tip)?;
                deleted += usize::from(gone);
                continue;
            }
            let Some(number) = view.next_number else {
                tracing::warn!(%branch, "no number is left for the pull request of a branch");
                continue;
            };
            let left = Waiting::left_behind(repo, commit, trailers, branch)?;
            self.open(repo, number, left)?;
            resumed += 1;
            view = self.refresh(repo)?;
            deleted += view.deleted;
        }
        Ok((resumed, deleted))
    }

    /// See [`crate::domain::ports::VersionControl::commit`].
    pub(super) fn commit(&self, repo: &Repository, change: &ChangeSet) -> Result<CommitId, VcsError> {
        let _lock = self.locked()?;
        let base = self.base(repo)?;
        if oid(&change.base)? != base {
            return Err(VcsError::BaseMoved);
        }
        let built = build(repo, change, &self.settings.author)?;
        self.step("the commit is made");
        if !refs::advance(repo, &self.base_ref(), base, built.commit)? {
            return Err(VcsError::BaseMoved);
        }
        self.step("the base branch is moved");
        self.refresh(repo)?;
        Ok(commit_id(built.commit))
    }
}

/// Whether the base branch has a commit in its history.
fn is_on_base(repo: &Repository, commit: Oid, view: &View) -> Result<bool, VcsError> {
    let base = view.signs.base;
    Ok(base == commit || repo.graph_descendant_of(base, commit).map_err(|error| vcs_error(&error))?)
}
