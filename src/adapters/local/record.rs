//! A pull request as it is kept: JSON in a blob that `refs/pull/N/meta` points to.

use git2::{Oid, Repository};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::adapters::git::error::vcs_error;
use crate::adapters::git::read::content;
use crate::domain::change::{Action, CommitId, ObjectKey, ObjectKind, PullRequest, PullRequestState, RequestHash};
use crate::domain::error::VcsError;
use crate::domain::names::{Actor, BranchName, ClusterName, RepoPath};

/// The largest record, in bytes.
const LIMIT: usize = 1024 * 1024;

/// The longest body that is kept, in bytes: as JSON it has at most six times as many, which leaves room in a record.
pub(super) const BODY_LIMIT: usize = 128 * 1024;

/// A pull request with its body, which only the repository keeps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) pull_request: PullRequest,
    pub(super) body: String,
}

/// The JSON.
#[derive(Serialize, Deserialize)]
struct Stored {
    number: u64,
    title: String,
    body: String,
    branch: String,
    base: String,
    state: String,
    kind: String,
    action: String,
    namespace: String,
    name: String,
    cluster: Option<String>,
    requested_by: String,
    request_hash: String,
    commit: String,
    base_commit: String,
    files: Vec<StoredFile>,
    created_at: Timestamp,
    updated_at: Timestamp,
    merged_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    path: String,
    action: String,
}

/// The ref that points to a pull request's record.
pub(super) fn meta_ref(number: u64) -> String {
    format!("refs/pull/{number}/meta")
}

/// The ref that points to a pull request's newest commit.
pub(super) fn head_ref(number: u64) -> String {
    format!("refs/pull/{number}/head")
}

/// The highest number of a pull request: the highest that every reader of JSON reads exactly.
pub(super) const HIGHEST: u64 = (1 << 53) - 1;

/// The number in one of these refs' names, and whether it is a `meta`. Numbers go from 1 to [`HIGHEST`]; a ref with any other
/// is somebody else's.
pub(super) fn parse_ref(name: &str) -> Option<(u64, bool)> {
    let (number, last) = name.strip_prefix("refs/pull/")?.split_once('/')?;
    let number = number.parse().ok().filter(|parsed: &u64| parsed.to_string() == number)?;
    if !(1..=HIGHEST).contains(&number) {
        return None;
    }
    match last {
        "meta" => Some((number, true)),
        "head" => Some((number, false)),
        _ => None,
    }
}

impl Record {
    /// Writes the record's blob.
    pub(super) fn store(&self, repo: &Repository) -> Result<Oid, VcsError> {
        let json = serde_json::to_vec_pretty(&self.stored())
            .map_err(|_| VcsError::Corrupt("a pull request can't be written as JSON".to_owned()))?;
        if json.len() > LIMIT {
            return Err(VcsError::WrongState("the title and body of a pull request are too long".to_owned()));
        }
        repo.blob(&json).map_err(|error| vcs_error(&error))
    }

    /// Reads a record's blob. What isn't one is `None`: the repository's owner can put anything there.
    pub(super) fn load(repo: &Repository, number: u64, blob: Oid) -> Option<Self> {
        let json = content(repo, blob, LIMIT).ok()??;
        let stored: Stored = serde_json::from_slice(&json).ok()?;
        Self::parse(stored).filter(|record| record.pull_request.number == number)
    }

    fn stored(&self) -> Stored {
        let pull_request = self.pull_request.clone();
        let file = |(path, action): (RepoPath, Action)| StoredFile {
            path: path.to_string(),
            action: action.as_str().to_owned(),
        };
        Stored {
            number: pull_request.number,
            title: pull_request.title,
            body: self.body.clone(),
            branch: pull_request.branch.to_string(),
            base: pull_request.base.to_string(),
            state: pull_request.state.as_str().to_owned(),
            kind: pull_request.key.kind.to_string(),
            action: pull_request.action.as_str().to_owned(),
            namespace: pull_request.key.namespace.to_string(),
            name: pull_request.key.name.to_string(),
            cluster: pull_request.cluster.map(|cluster| cluster.to_string()),
            requested_by: pull_request.requested_by.to_string(),
            request_hash: pull_request.request_hash.0,
            commit: pull_request.commit.0,
            base_commit: pull_request.base_commit.0,
            files: pull_request.files.into_iter().map(file).collect(),
            created_at: pull_request.created_at,
            updated_at: pull_request.updated_at,
            merged_at: pull_request.merged_at,
        }
    }

    fn parse(stored: Stored) -> Option<Self> {
        let commit = |text: String| Oid::from_str(&text).ok().map(|_| CommitId(text));
        let file = |file: StoredFile| Some((RepoPath::existing(&file.path).ok()?, Action::from_word(&file.action)?));
        let cluster = match stored.cluster {
            Some(cluster) => Some(ClusterName::parse(&cluster).ok()?),
            None => None,
        };
        let kind = ObjectKind::from_word(&stored.kind)?;
        Some(Self {
            body: stored.body,
            pull_request: PullRequest {
                number: stored.number,
                url: None,
                branch: BranchName::parse(&stored.branch).ok()?,
                base: BranchName::parse(&stored.base).ok()?,
                state: PullRequestState::from_word(&stored.state)?,
                draft: false,
                title: stored.title,
                action: Action::from_word(&stored.action)?,
                key: ObjectKey::parse(kind, &stored.namespace, &stored.name).ok()?,
                cluster,
                requested_by: Actor::parse(&stored.requested_by).ok()?,
                commit: commit(stored.commit)?,
                base_commit: commit(stored.base_commit)?,
                request_hash: RequestHash(stored.request_hash),
                files: stored.files.into_iter().map(file).collect::<Option<_>>()?,
                created_at: stored.created_at,
                updated_at: stored.updated_at,
                merged_at: stored.merged_at,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_has_a_number_that_json_can_hold() {
        assert_eq!(parse_ref("refs/pull/1/head"), Some((1, false)));
        assert_eq!(parse_ref(&meta_ref(HIGHEST)), Some((HIGHEST, true)));
        for bad in ["0", "01", "-1", "x", "9007199254740992", "18446744073709551615", "18446744073709551616"] {
            assert_eq!(parse_ref(&format!("refs/pull/{bad}/head")), None, "{bad}");
        }
    }
}
