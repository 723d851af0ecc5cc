//! The pull request that carries a change, and what becomes of it.

use jiff::Timestamp;
use serde::Serialize;

use super::{Action, CommitId, ObjectKey, RequestHash};
use crate::domain::names::{Actor, BranchName, ClusterName, RepoPath};

/// A pull request's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PullRequestState {
    /// Awaits review.
    Open,
    /// Its change is on the base branch.
    Merged,
    /// Given up.
    Closed,
}

impl PullRequestState {
    /// `open`, `merged` or `closed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Open, Self::Merged, Self::Closed].into_iter().find(|state| state.as_str() == word)
    }
}

/// A pull request that this service opened.
#[derive(Debug, Clone, PartialEq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its page; `None` on the local forge, where its own API address serves.
    pub url: Option<String>,
    /// Its branch.
    pub branch: BranchName,
    /// The branch that it asks to be merged into.
    pub base: BranchName,
    /// Its state.
    pub state: PullRequestState,
    /// Whether it is a draft.
    pub draft: bool,
    /// Its title.
    pub title: String,
    /// What its change does to the object.
    pub action: Action,
    /// The object.
    pub key: ObjectKey,
    /// The object's cluster, when it names one.
    pub cluster: Option<ClusterName>,
    /// Who asked for the change.
    pub requested_by: Actor,
    /// The commit that this service made (not one that a reviewer put on top).
    pub commit: CommitId,
    /// The base commit that the change was built on.
    pub base_commit: CommitId,
    /// The request's identity, to recognise the same request again.
    pub request_hash: RequestHash,
    /// The files, with what happens to each.
    pub files: Vec<(RepoPath, Action)>,
    /// When the change was made.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// When it was merged, as far as it is known.
    pub merged_at: Option<Timestamp>,
}

/// What became of a proposal.
#[derive(Debug, Clone, PartialEq)]
pub enum Proposed {
    /// A pull request was opened by this call.
    Opened(PullRequest),
    /// A pull request was opened by this call, without all that the settings ask to put on it: a sentence for each.
    Undecorated(PullRequest, Vec<String>),
    /// The same request had opened it already.
    Adopted(PullRequest),
}

impl Proposed {
    /// The pull request, whoever opened it.
    #[must_use]
    pub fn pull_request(self) -> PullRequest {
        match self {
            Self::Opened(pull_request) | Self::Undecorated(pull_request, _) | Self::Adopted(pull_request) => {
                pull_request
            }
        }
    }
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Branches without a pull request, for which one was opened.
    pub resumed: usize,
    /// Branches of merged and closed pull requests, deleted.
    pub deleted: usize,
}
