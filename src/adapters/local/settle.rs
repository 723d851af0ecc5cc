//! Ends pull requests: withdraws one, sweeps up after crashes.

use git2::Repository;

use super::core::Core;
use crate::adapters::git::refs;
use crate::domain::change::{PullRequest, PullRequestState, SweepReport};
use crate::domain::error::VcsError;

/// How often a reviewer's push may get in between before a withdrawal gives up.
const ATTEMPTS: usize = 5;

impl Core {
    /// See [`crate::domain::ports::VersionControl::withdraw`]. Without its branch, a pull request is closed.
    pub(super) fn withdraw(&self, repo: &Repository, number: u64) -> Result<PullRequest, VcsError> {
        let _lock = self.locked()?;
        for _ in 0..ATTEMPTS {
            let view = self.refresh(repo)?;
            let record = view.records.get(&number).ok_or(VcsError::NoSuchPullRequest(number))?;
            let pull = &record.pull_request;
            match pull.state {
                PullRequestState::Closed => return Ok(pull.clone()),
                PullRequestState::Merged => {
                    return Err(VcsError::WrongState(format!(
                        "pull request {number} is merged; request the opposite change instead"
                    )));
                }
                PullRequestState::Open => {}
            }
            let name = refs::branch_ref(&pull.branch);
            if let Some(tip) = refs::tip(repo, &name)? {
                refs::delete(repo, &name, tip)?;
                self.step("the branch is deleted");
            }
        }
        Err(VcsError::Conflict(None))
    }

    /// See [`crate::domain::ports::VersionControl::sweep`].
    pub(super) fn sweep(&self, repo: &Repository) -> Result<SweepReport, VcsError> {
        let _lock = self.locked()?;
        let view = self.refresh(repo)?;
        let (resumed, deleted) = self.resume(repo, view)?;
        self.pack(repo, 0)?;
        Ok(SweepReport { resumed, deleted })
    }

    /// Packs the refs when more than `tolerated` were written since the last time. The caller holds the process lock.
    pub(super) fn pack(&self, repo: &Repository, tolerated: usize) -> Result<(), VcsError> {
        if self.memory().loose > tolerated {
            refs::pack(repo)?;
            self.memory().loose = 0;
        }
        Ok(())
    }
}
