//! Gives pull requests what they get when they are opened, also when the process that opened them died before it did.

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;

use super::GithubForge;
use super::api::{Decorations, Pull};
use crate::domain::change::PullRequestState;
use crate::domain::error::VcsError;

impl GithubForge {
    /// Labels a pull request, asks reviewers, assigns; gives what couldn't be done, in words.
    pub(super) async fn decorate(&self, number: u64, decorations: &Decorations) -> Vec<String> {
        self.decorated().insert(number);
        let failures = self.api.decorate(number, decorations).await;
        self.step("the pull request is decorated");
        for failure in &failures {
            tracing::warn!(number, reason = failure.message, "a pull request lacks something");
        }
        failures.into_iter().map(|failure| failure.message).collect()
    }

    /// Decorates open pull requests that never were; tells whether young ones are left to whoever may be doing it just now.
    /// Each is looked at once by a process. What was there once was taken off by a person and doesn't come back; a setting that is
    /// new reaches the open ones too.
    pub(super) async fn decorate_what_lacks(&self) -> Result<bool, VcsError> {
        let mut left = false;
        for pull in self.undecorated() {
            let missing = self.settings.decorations.missing_from(&pull.has);
            if missing == Decorations::default() {
                self.decorated().insert(pull.number);
            } else if self.is_young(&pull) {
                left = true;
            } else {
                self.decorate_late(pull.number, &missing).await?;
            }
        }
        Ok(left)
    }

    async fn decorate_late(&self, number: u64, missing: &Decorations) -> Result<(), VcsError> {
        match self.api.ever_had(number).await {
            Ok(had) => {
                let missing = missing.missing_from(&had);
                if missing != Decorations::default() {
                    tracing::info!(number, "decorating a pull request whose process died before it did");
                }
                self.decorate(number, &missing).await;
            }
            // No reason to leave others undone.
            Err(error @ (VcsError::Refused { .. } | VcsError::NoSuchPullRequest(_))) => {
                tracing::warn!(number, %error, "whether a pull request lacks something can't be read");
                self.decorated().insert(number);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Open pull requests of ours that may lack something; what is known of others is forgotten.
    fn undecorated(&self) -> Vec<Pull> {
        let known = self.known();
        let ours = known.values().filter(|known| known.carried.is_some());
        let open = ours.map(|known| &known.pull).filter(|pull| pull.state == PullRequestState::Open);
        let open: Vec<Pull> = open.cloned().collect();
        drop(known);
        let mut decorated = self.decorated();
        decorated.retain(|number| open.iter().any(|pull| pull.number == *number));
        open.into_iter().filter(|pull| !decorated.contains(&pull.number)).collect()
    }

    fn is_young(&self, pull: &Pull) -> bool {
        let age = Timestamp::now().as_second().saturating_sub(pull.created_at.as_second());
        u64::try_from(age).unwrap_or(0) < self.settings.in_flight.as_secs()
    }

    fn decorated(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.decorated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
