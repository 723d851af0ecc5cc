//! Pushes from the mirror. What is pushed is built in the same job, so that no rebuild comes between.

use git2::{Oid, Repository};

use super::{Inner, Mirror, forget};
use crate::adapters::github::remote::{Operation, Outcome, Push};
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

use std::sync::Arc;

/// How often the base branch may move between a fetch and a push before a push sends more than it would need to.
const ATTEMPTS: usize = 3;

/// What became of a branch that was to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It is on the remote, and we made it.
    Created,
    /// Somebody made it before us; where it is.
    Exists(Oid),
}

impl Mirror {
    /// Makes a branch on the remote, create-only. `build` gives its commit, and whatever else the caller wants to have; it may
    /// be called more than once.
    ///
    /// # Errors
    /// Those of `build`; [`VcsError::Refused`] with the server's words when it rejects; else as the server or the connection
    /// has it. After [`VcsError::TimedOut`] and [`VcsError::Unreachable`] the branch may be there: look.
    pub async fn push_new<T: Send + 'static>(
        &self,
        branch: &BranchName,
        operation: &Operation,
        build: impl FnMut(&Repository) -> Result<(Oid, T), VcsError> + Send + 'static,
    ) -> Result<(Pushed, T), VcsError> {
        let (outcome, made) = self.push(branch, None, operation, build).await?;
        match outcome {
            Outcome::Elsewhere(Some(at)) => Ok((Pushed::Exists(at), made)),
            // It was there and is gone again: the next attempt finds out.
            Outcome::Elsewhere(None) => Err(VcsError::Conflict(None)),
            Outcome::Done | Outcome::Unknown => Ok((Pushed::Created, made)),
        }
    }

    /// Moves the base branch forward from one commit to the one that `build` gives, which must be its child.
    ///
    /// # Errors
    /// As [`Mirror::push_new`]; [`VcsError::BaseMoved`] when the branch isn't at `from` any more.
    pub async fn advance<T: Send + 'static>(
        &self,
        from: Oid,
        operation: &Operation,
        build: impl FnMut(&Repository) -> Result<(Oid, T), VcsError> + Send + 'static,
    ) -> Result<T, VcsError> {
        let base = self.0.base.clone();
        match self.push(&base, Some(from), operation, build).await? {
            (Outcome::Elsewhere(_), _) => Err(VcsError::BaseMoved),
            (Outcome::Done | Outcome::Unknown, made) => Ok(made),
        }
    }

    /// Deletes a branch of the remote that is still at `expected`; `false` when it is elsewhere or gone.
    ///
    /// # Errors
    /// As [`Mirror::push_new`].
    pub async fn delete(&self, branch: &BranchName, expected: Oid, operation: &Operation) -> Result<bool, VcsError> {
        let push = Push { branch: branch.clone(), from: Some(expected), to: None, knowing: None };
        let within = operation.clone();
        let deleted = self.0.mended(&self.0.calls, operation, move |inner, repo| {
            let outcome = inner.remote.push(repo, &push, &within)?;
            if matches!(outcome, Outcome::Done | Outcome::Elsewhere(None)) {
                forget(repo, &push.branch)?;
            }
            Ok(outcome == Outcome::Done)
        });
        deleted.await
    }

    async fn push<T: Send + 'static>(
        &self,
        branch: &BranchName,
        from: Option<Oid>,
        operation: &Operation,
        build: impl FnMut(&Repository) -> Result<(Oid, T), VcsError> + Send + 'static,
    ) -> Result<(Outcome, T), VcsError> {
        let build = Arc::new(std::sync::Mutex::new(build));
        let mut attempt = 0;
        loop {
            attempt += 1;
            // When the base branch is what is pushed to, its lease says enough.
            let knowing = (from.is_none() && attempt < ATTEMPTS).then(|| self.0.base.clone());
            let (branch, within, build) = (branch.clone(), operation.clone(), Arc::clone(&build));
            let pushed = self.0.mended(&self.0.calls, operation, move |inner: &Inner, repo| {
                let (commit, made) = build.lock().unwrap_or_else(std::sync::PoisonError::into_inner)(repo)?;
                let push = Push { branch: branch.clone(), from, to: Some(commit), knowing: knowing.clone() };
                Ok((inner.remote.push(repo, &push, &within)?, made))
            });
            match pushed.await? {
                (Outcome::Unknown, _) => self.fetch_base(operation).await.map(drop)?,
                pushed => return Ok(pushed),
            }
        }
    }
}
