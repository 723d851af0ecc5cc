//! Ends pull requests: withdraws one, sweeps up what crashes and reviewers left.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use git2::Oid;

use super::GithubForge;
use super::known::Carried;
use super::propose::Opening;
use crate::adapters::git::refs::branch_ref;
use crate::domain::change::{PullRequest, PullRequestState, SweepReport};
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;
use crate::domain::ports::VersionControl as _;

impl GithubForge {
    /// See [`crate::domain::ports::VersionControl::withdraw`]. Closed first, and its branch deleted then: what a crash leaves
    /// between the two, the sweep takes away.
    pub(super) async fn close(&self, number: u64) -> Result<PullRequest, VcsError> {
        let carried = self.known().get(&number).and_then(|known| known.carried.clone());
        let carried = carried.ok_or(VcsError::NoSuchPullRequest(number))?;
        // So that no change of the object is being made on the branch that is deleted here.
        let _turn = self.turns.take(&self.branch(&carried.trailers.key)?).await;
        let mut pull = self.api.get(number).await?;
        if pull.state == PullRequestState::Open {
            pull = self.api.close(number).await?;
            self.step("the pull request is closed");
        }
        let branch = BranchName::parse(&pull.head_ref).map_err(|_| VcsError::NoSuchPullRequest(number))?;
        let ended = self.note(pull.clone(), carried)?;
        if ended.state == PullRequestState::Merged {
            return Err(VcsError::WrongState(format!(
                "pull request {number} is merged; request the opposite change instead"
            )));
        }
        if !self.settings.keep_branches {
            let deleted = self.delete_at(&branch, &pull.head_sha).await;
            // Asked again, it goes on here; should nobody ask, the sweep does it.
            deleted.inspect_err(|_| self.sweep_soon.store(true, Ordering::Relaxed))?;
        }
        Ok(ended)
    }

    /// Deletes a branch that is where its pull request ended.
    async fn delete_at(&self, branch: &BranchName, head: &str) -> Result<(), VcsError> {
        let operation = self.operation().await?;
        let tips = self.mirror.tips(&branch_ref(branch), &operation).await?;
        if let Some(tip) = tips.get(&branch_ref(branch)).filter(|tip| tip.to_string() == head) {
            self.mirror.delete(branch, *tip, &operation).await?;
            self.step("the branch is deleted");
        }
        Ok(())
    }

    /// See [`crate::domain::ports::VersionControl::sweep`]; also whether something was left alone because it is young.
    pub(super) async fn sweep_branches(&self) -> Result<(SweepReport, bool), VcsError> {
        let prefix = format!("refs/heads/{}/", self.settings.branch_prefix);
        let tips = self.mirror.tips(&prefix, &self.operation().await?).await?;
        // After the branches: a pull request that was opened meanwhile is seen.
        self.refresh().await?;
        let (mut report, mut left) = (SweepReport::default(), false);
        for (branch, tip) in self.without_open_pull_request(tips) {
            let operation = self.operation().await?;
            if self.ended_at(&branch, tip) {
                if !self.settings.keep_branches {
                    report.deleted += usize::from(self.mirror.delete(&branch, tip, &operation).await?);
                }
                continue;
            }
            let Some(at) = self.mirror.fetch_branch(&branch, &operation).await?.filter(|at| *at == tip) else {
                continue;
            };
            let Some(carried) = self.local(move |repo| Carried::find(repo, at, |_| true)).await? else { continue };
            if self.branch(&carried.trailers.key)? != branch {
                continue;
            }
            let pulls = self.api.find_by_head(branch.as_str()).await?;
            if pulls.iter().any(|pull| pull.state == PullRequestState::Open) {
                continue;
            }
            if pulls.iter().any(|pull| carried.ended_as(pull)) {
                if !self.settings.keep_branches {
                    report.deleted += usize::from(self.mirror.delete(&branch, tip, &operation).await?);
                }
            } else if self.may_be_in_flight(&carried) {
                left = true;
            } else {
                match self.open_pull_request(&branch, carried).await {
                    Ok(Opening::Opened(..)) => report.resumed += 1,
                    // The change is on the base branch already.
                    Err(VcsError::BaseMoved) => report.deleted += 1,
                    // Somebody opened it, or deleted the branch.
                    Ok(Opening::Found(_)) | Err(VcsError::Conflict(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        left |= self.decorate_what_lacks().await?;
        Ok((report, left))
    }

    /// Whether a change of ours ended with this commit on its branch.
    fn ended_at(&self, branch: &BranchName, tip: Oid) -> bool {
        let ended = |known: &super::known::Known| {
            let there = known.pull.head_ref == branch.as_str() && known.pull.head_sha == tip.to_string();
            there && known.carried.is_some() && known.pull.state != PullRequestState::Open
        };
        self.known().values().any(ended)
    }

    fn without_open_pull_request(&self, tips: BTreeMap<String, Oid>) -> Vec<(BranchName, Oid)> {
        let known = self.known();
        let has_open = |branch: &BranchName| {
            known
                .values()
                .any(|known| known.pull.state == PullRequestState::Open && known.pull.head_ref == branch.as_str())
        };
        let branch = |name: &str| BranchName::parse(name.strip_prefix("refs/heads/")?).ok();
        let branches = tips.into_iter().filter_map(|(name, tip)| Some((branch(&name)?, tip)));
        branches.filter(|(branch, _)| !has_open(branch)).collect()
    }
}
