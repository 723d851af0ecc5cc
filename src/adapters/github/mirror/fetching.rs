//! Fetches into the mirror: one at a time, and callers who wait for the base branch share one that began after they asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use git2::Oid;

use super::{BASE, Inner, Mirror, forget, mirrored};
use crate::adapters::github::remote::Operation;
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

/// How much of a branch's history is fetched, so that what reviewers put on top of our commit is seen down to it.
pub(super) const BRANCH_DEPTH: i32 = 50;

/// The turn to fetch, and what the last fetch of the base branch found.
#[derive(Debug, Default)]
pub(super) struct Fetching {
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    /// Fetches of the base branch begun so far.
    begun: AtomicU64,
    /// The number of the last good one, and what it found.
    found: Mutex<Option<(u64, Oid)>>,
}

impl Fetching {
    /// What a fetch found that began after the `asked`th.
    fn since(&self, asked: u64) -> Option<Oid> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.filter(|(number, _)| *number > asked).map(|(_, oid)| oid)
    }
}

impl Mirror {
    /// Fetches the base branch: its newest commit, without history. The answer is never older than the call.
    ///
    /// # Errors
    /// [`VcsError::Refused`] when the remote has no such branch; else as the server or the connection has it.
    pub async fn fetch_base(&self, operation: &Operation) -> Result<Oid, VcsError> {
        let inner = &self.0;
        let asked = inner.fetching.begun.load(Ordering::Acquire);
        let turn = operation.bounded(Arc::clone(&inner.fetching.turn).lock_owned()).await?;
        if let Some(found) = inner.fetching.since(asked) {
            return Ok(found);
        }
        let (turn, within) = (Arc::new(turn), operation.clone());
        let tip = inner.mended(&inner.calls, operation, move |inner, repo| {
            let _turn = Arc::clone(&turn);
            let number = inner.fetching.begun.fetch_add(1, Ordering::AcqRel) + 1;
            let tip = inner.remote.fetch(repo, &inner.base, BASE, Some(1), &within)?;
            let tip = tip.ok_or_else(|| inner.no_base())?;
            *inner.fetching.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, tip));
            Ok(tip)
        });
        let tip = tip.await?;
        inner.slim(operation).await;
        Ok(tip)
    }

    /// Fetches another branch with some of its history; `None` when the remote doesn't have it.
    ///
    /// # Errors
    /// [`VcsError`] as the server or the connection has it.
    pub async fn fetch_branch(&self, branch: &BranchName, operation: &Operation) -> Result<Option<Oid>, VcsError> {
        let turn = operation.bounded(Arc::clone(&self.0.fetching.turn).lock_owned()).await?;
        let (turn, branch, within) = (Arc::new(turn), branch.clone(), operation.clone());
        let fetched = self.0.mended(&self.0.calls, operation, move |inner, repo| {
            let _turn = Arc::clone(&turn);
            let tip = inner.remote.fetch(repo, &branch, &mirrored(&branch), Some(BRANCH_DEPTH), &within)?;
            if tip.is_none() {
                forget(repo, &branch)?;
            }
            Ok(tip)
        });
        fetched.await
    }
}

impl Inner {
    pub(super) fn no_base(&self) -> VcsError {
        VcsError::Refused { missing: format!("the branch {}: the repository has none of this name", self.base) }
    }
}
