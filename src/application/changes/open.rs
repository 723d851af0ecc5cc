//! The open pull requests among all, by the object that they change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::change::{ObjectKey, PullRequest, PullRequestState};
use crate::domain::snapshot::{Observed, Snapshot};

/// The open pull request of an object; of several, the newest.
#[must_use]
pub fn open_of<'a>(pull_requests: &'a Snapshot<PullRequest, u64>, key: &ObjectKey) -> Option<&'a Arc<PullRequest>> {
    open(pull_requests).rfind(|pull_request| pull_request.key == *key)
}

/// The open pull requests by object; of several, the newest.
#[must_use]
pub fn open_by_key(pull_requests: &Snapshot<PullRequest, u64>) -> BTreeMap<&ObjectKey, &Arc<PullRequest>> {
    open(pull_requests).map(|pull_request| (&pull_request.key, pull_request)).collect()
}

/// The objects that have an open pull request.
pub fn open_keys(pull_requests: &Snapshot<PullRequest, u64>) -> impl Iterator<Item = &ObjectKey> + Clone {
    open(pull_requests).map(|pull_request| &pull_request.key)
}

/// All that are open, oldest first.
fn open(pull_requests: &Snapshot<PullRequest, u64>) -> impl DoubleEndedIterator<Item = &Arc<PullRequest>> + Clone {
    pull_requests.items.values().filter_map(|observed| match observed {
        Observed::Valid(pull_request) if pull_request.state == PullRequestState::Open => Some(pull_request),
        _ => None,
    })
}
