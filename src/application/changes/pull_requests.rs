//! The pull requests that carry changes: told, and withdrawn.

use std::sync::Arc;
use std::time::Instant;

use super::{Changes, audit, metrics, open_of};
use crate::domain::change::{ObjectKey, PullRequest};
use crate::domain::error::{Failure, VcsError};
use crate::domain::names::Actor;
use crate::domain::snapshot::{Observed, Snapshot};

impl Changes {
    /// The open pull request of an object, if there is one.
    ///
    /// # Errors
    /// Before version control's first contact.
    pub async fn open_change(&self, key: &ObjectKey) -> Result<Option<PullRequest>, Failure> {
        Ok(open_of(&*self.pull_requests().await?, key).map(|open| PullRequest::clone(open)))
    }

    /// The pull requests that this service opened.
    ///
    /// # Errors
    /// Before version control's first contact.
    pub async fn pull_requests(&self) -> Result<Arc<Snapshot<PullRequest, u64>>, Failure> {
        Ok(self.vcs.pull_requests().await?)
    }

    /// One pull request.
    ///
    /// # Errors
    /// [`Failure::NotFound`].
    pub async fn pull_request(&self, number: u64) -> Result<PullRequest, Failure> {
        match self.pull_requests().await?.items.get(&number) {
            Some(Observed::Valid(pull_request)) => Ok((**pull_request).clone()),
            _ => Err(VcsError::NoSuchPullRequest(number).into()),
        }
    }

    /// Closes a pull request and deletes its branch.
    ///
    /// # Errors
    /// Not allowed in its namespace, unknown, merged already.
    pub async fn withdraw(&self, number: u64, actor: &Actor) -> Result<PullRequest, Failure> {
        let (started, key) = (Instant::now(), self.pull_request(number).await?.key);
        let withdrawn = self.withdrawn(number, &key).await;
        let outcome = withdrawn.as_ref().map_or_else(metrics::failed, |_| "closed");
        metrics::came_out(key.kind, "withdraw", outcome, started.elapsed());
        audit::log(actor, &key, "withdraw", outcome, Some(number));
        withdrawn
    }

    async fn withdrawn(&self, number: u64, key: &ObjectKey) -> Result<PullRequest, Failure> {
        self.policy.check(&key.namespace)?;
        match self.vcs.withdraw(number).await {
            Err(VcsError::WrongState(message)) => Err(Failure::Conflict {
                message,
                pull_request: Some(Box::new(self.pull_request(number).await?)),
                candidates: Vec::new(),
            }),
            outcome => Ok(outcome?),
        }
    }

    /// Tells in metrics what pull requests there are; for whoever is about to write them.
    pub async fn observe(&self) {
        if let Ok(pull_requests) = self.vcs.pull_requests().await {
            metrics::observe(&pull_requests);
        }
    }
}
