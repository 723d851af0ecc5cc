//! What can go wrong behind each port, and what a use case answers when it can't do its work.

use std::time::Duration;

use super::change::{ObjectKey, PullRequest};

/// One thing wrong with a request: where (RFC 6901 pointer into the body, or `?name` for a parameter) and what is expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// `/scaling/max`, `?limit`, or empty for the whole body.
    pub pointer: String,
    /// What is expected; never the value that was sent, unless it names a thing of public knowledge such as an instance type.
    pub detail: String,
    /// Names that may have been meant.
    pub suggestions: Vec<String>,
}

impl Violation {
    /// A violation without suggestions.
    #[must_use]
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), suggestions: Vec::new() }
    }
}

/// Escapes one segment of an RFC 6901 pointer.
#[must_use]
pub fn pointer_segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Why an instance type source gave no catalogue.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SourceError {
    /// The source isn't there or can't be opened.
    #[error("the price list can't be read: {0}")]
    Unreachable(String),
    /// The content is no complete AmazonEC2 offer file.
    #[error("the price list is no complete AmazonEC2 offer file: {0}")]
    Malformed(String),
    /// The content is complete but not believable: too few types, or no prices where there were some.
    #[error("the price list was refused: {0}")]
    Refused(String),
}

/// Why a store has no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The first complete read hasn't ended.
    #[error("not loaded yet: {0}")]
    NotReady(String),
    /// The cluster has no such kind.
    #[error("the cluster has no custom resource definition {0}")]
    KindAbsent(String),
}

/// Why version control refused or failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VcsError {
    /// The base branch moved away from what the change was built on: plan again.
    #[error("the base branch moved")]
    BaseMoved,
    /// Another change to the same object is under way; its pull request, when it is opened already.
    #[error("another change to the same object is open")]
    Conflict(Option<Box<PullRequest>>),
    /// A path of the change can't be written: a parent is a file, a symlink or a submodule on the way.
    #[error("{path} can't be written: {reason}")]
    PathBlocked {
        /// The path in the way.
        path: String,
        /// What it is.
        reason: String,
    },
    /// The change can't be made in the pull request's state; the sentence says why.
    #[error("{0}")]
    WrongState(String),
    /// No pull request has this number.
    #[error("no pull request {0}")]
    NoSuchPullRequest(u64),
    /// The server refused; `missing` names the permission or rule.
    #[error("refused: {missing}")]
    Refused {
        /// The missing permission or the rule that refused.
        missing: String,
    },
    /// Too many requests.
    #[error("rate limited")]
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// Not reachable, or the disk is full: trying later may help.
    #[error("version control can't be reached: {0}")]
    Unreachable(String),
    /// No answer in time; the effect is unknown.
    #[error("version control didn't answer in time")]
    TimedOut,
    /// The repository's objects can't be read.
    #[error("the repository is damaged: {0}")]
    Corrupt(String),
}

/// Why nothing was sealed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SealError {
    /// No certificate yet; trying again helps.
    #[error("the sealing certificate isn't there yet")]
    NotReady,
    /// No usable certificate; the sentence names the setting to mend.
    #[error("{0}")]
    NoCertificate(String),
    /// The cryptography failed.
    #[error("sealing failed: {0}")]
    Failed(String),
}

/// Why a template gave no manifest or text; the sentence names the template and what to mend.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(pub String);

/// Why a use case didn't do what was asked. Each case has one HTTP status in the contract.
#[derive(Debug, Clone)]
pub enum Failure {
    /// Values that break rules, all at once (422).
    Invalid(Vec<Violation>),
    /// A parameter or cursor that can't be read (400).
    BadParameter(Vec<Violation>),
    /// Not allowed here (403).
    NotAllowed(String),
    /// No such thing (404), with near names.
    NotFound {
        /// What wasn't found and what to do.
        message: String,
        /// Near names.
        suggestions: Vec<String>,
    },
    /// The state of things is against it (409).
    Conflict {
        /// What stands against it and what to do.
        message: String,
        /// The open pull request in the way.
        pull_request: Option<Box<PullRequest>>,
        /// The objects that a name could mean.
        candidates: Vec<ObjectKey>,
    },
    /// Can't be done now (503).
    Unavailable {
        /// What is missing and what to do.
        message: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// A server behind this one refused (502).
    BadGateway(String),
    /// A server behind this one didn't answer in time (504).
    TimedOut(String),
    /// A defect of this service or its templates (500); the message is for the log, clients see a general one.
    Defect(String),
}

impl Failure {
    /// A conflict without a pull request or candidates.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict { message: message.into(), pull_request: None, candidates: Vec::new() }
    }

    /// Not found, without near names.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound { message: message.into(), suggestions: Vec::new() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (advice, seconds) = match error {
            StoreError::NotReady(_) => ("try again", 2),
            StoreError::KindAbsent(_) => ("install it: that is noticed in seconds, without a restart", 30),
        };
        Self::Unavailable { message: format!("{error}; {advice}"), retry_after: Duration::from_secs(seconds) }
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        Self::Defect(error.0)
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NotReady => Self::Unavailable {
                message: "the sealing certificate isn't there yet; try again in a few seconds".to_owned(),
                retry_after: Duration::from_secs(2),
            },
            SealError::NoCertificate(message) => Self::Unavailable { message, retry_after: Duration::from_secs(60) },
            SealError::Failed(message) => Self::Defect(message),
        }
    }
}

impl From<VcsError> for Failure {
    fn from(error: VcsError) -> Self {
        match error {
            VcsError::Conflict(pull_request) => Self::Conflict {
                message: match &pull_request {
                    Some(pull_request) => format!(
                        "pull request {} already changes this object; merge, close or withdraw it first",
                        pull_request.number
                    ),
                    None => "another change to this object is being opened; try again in a moment".to_owned(),
                },
                pull_request,
                candidates: Vec::new(),
            },
            VcsError::BaseMoved => Self::conflict("the base branch keeps moving; try again"),
            VcsError::PathBlocked { path, reason } => Self::conflict(format!(
                "{path} can't be written: {reason}; mend the base branch of the GitOps repository"
            )),
            VcsError::WrongState(message) => Self::conflict(message),
            VcsError::NoSuchPullRequest(number) => {
                Self::not_found(format!("no pull request {number}; GET /api/pull_requests lists them"))
            }
            VcsError::Refused { missing } => Self::BadGateway(format!("the Git server refused: {missing}")),
            VcsError::RateLimited { retry_after } => Self::Unavailable {
                message: "the Git server's rate limit is used up; try again later".to_owned(),
                retry_after,
            },
            VcsError::Unreachable(reason) => Self::Unavailable {
                message: format!("the GitOps repository can't be reached: {reason}; try again"),
                retry_after: Duration::from_secs(5),
            },
            VcsError::TimedOut => Self::TimedOut(
                "the Git server didn't answer in time; send the same request again: it continues where this one stopped"
                    .to_owned(),
            ),
            VcsError::Corrupt(reason) => Self::Unavailable {
                message: format!("the GitOps repository is damaged: {reason}; run git fsck on it"),
                retry_after: Duration::from_secs(30),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_without_a_snapshot_says_what_to_do_and_when_to_ask_again() {
        let told = |error: StoreError| match Failure::from(error) {
            Failure::Unavailable { message, retry_after } => (message, retry_after.as_secs()),
            other => panic!("{other:?}"),
        };
        let absent = told(StoreError::KindAbsent("nodegroups.eks.services.k8s.aws".to_owned()));
        assert!(absent.0.contains("definition nodegroups.eks.services.k8s.aws; install it"), "{}", absent.0);
        let loading = told(StoreError::NotReady("the first list is on its way".to_owned()));
        assert_eq!(loading, ("not loaded yet: the first list is on its way; try again".to_owned(), 2));
        assert!(absent.1 > loading.1);
    }
}
