//! A change whose branch is there already: whose it is, and how it goes on.

use jiff::Timestamp;

use super::GithubForge;
use super::known::Carried;
use super::propose::Opening;
use crate::adapters::git::trailers::Trailers;
use crate::domain::change::{ChangeSet, PullRequest, PullRequestState};
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

/// What a branch that is there already means for a change.
pub(super) enum Taken {
    /// It was left by a merged or closed change, and is gone now.
    Free,
    /// There is an open pull request.
    Adopted(Box<PullRequest>),
    /// It is this very request's, without a pull request yet.
    Resumed(Box<Carried>),
}

impl GithubForge {
    /// Looks at what is on the branch.
    ///
    /// # Errors
    /// [`VcsError::Conflict`] when another change is under way, [`VcsError::WrongState`] when the branch isn't of this service.
    pub(super) async fn taken(&self, branch: &BranchName, change: &ChangeSet) -> Result<Taken, VcsError> {
        let operation = self.operation().await?;
        let Some(tip) = self.mirror.fetch_branch(branch, &operation).await? else { return Ok(Taken::Free) };
        let key = change.key.clone();
        let wanted = move |trailers: &Trailers| trailers.key == key;
        let found = self.local(move |repo| Carried::find(repo, tip, &wanted)).await?;
        let carried = found.ok_or_else(|| {
            VcsError::WrongState(format!("branch {branch} isn't of this service; rename or delete it"))
        })?;
        let pulls = self.api.find_by_head(branch.as_str()).await?;
        if let Some(open) = pulls.iter().find(|pull| pull.state == PullRequestState::Open) {
            return self.note(open.clone(), carried).map(|open| Taken::Adopted(Box::new(open)));
        }
        if pulls.iter().any(|pull| carried.ended_as(pull)) {
            let deleted = self.mirror.delete(branch, tip, &self.operation().await?).await?;
            self.step("the old branch is deleted");
            tracing::info!(%branch, deleted, "the branch of an ended change was in the way");
            return Ok(Taken::Free);
        }
        if carried.trailers.request_hash == change.request_hash {
            return Ok(Taken::Resumed(Box::new(carried)));
        }
        if self.may_be_in_flight(&carried) {
            return Err(VcsError::Conflict(None));
        }
        // Whoever made it died. It is opened, so that it can be seen.
        let (Opening::Opened(pull_request, _) | Opening::Found(pull_request)) =
            self.open_pull_request(branch, carried).await?;
        Err(VcsError::Conflict(Some(Box::new(pull_request))))
    }

    /// Whether another process may be about to open the pull request of a branch.
    pub(super) fn may_be_in_flight(&self, carried: &Carried) -> bool {
        let age = Timestamp::now().as_second().saturating_sub(carried.made_at);
        u64::try_from(age).unwrap_or(0) < self.settings.in_flight.as_secs()
    }
}
