//! A change to the GitOps repository: the object it is about, the files it touches, the pull request that carries it.

mod pull_request;

use std::fmt;

use serde::Serialize;

pub use self::pull_request::{Proposed, PullRequest, PullRequestState, SweepReport};

use super::names::{
    Actor, BadName, BranchName, ClusterName, Namespace, NodegroupName, ObjectName, RepoPath, SecretName,
};

/// The kinds of object that this service changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// An EKS managed node group.
    Nodegroup,
    /// A Secret, in Git as a SealedSecret.
    Secret,
}

impl ObjectKind {
    /// `nodegroup` or `secret`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nodegroup => "nodegroup",
            Self::Secret => "secret",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Nodegroup, Self::Secret].into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The identity of an object: kind, namespace, name. Orders by namespace, then name, within a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The kind.
    pub kind: ObjectKind,
    /// The namespace.
    pub namespace: Namespace,
    /// The name.
    pub name: ObjectName,
}

impl ObjectKey {
    /// A nodegroup's key.
    #[must_use]
    pub fn nodegroup(namespace: Namespace, name: &NodegroupName) -> Self {
        Self::of(ObjectKind::Nodegroup, namespace, name.as_str())
    }

    /// A secret's key.
    #[must_use]
    pub fn secret(namespace: Namespace, name: &SecretName) -> Self {
        Self::of(ObjectKind::Secret, namespace, name.as_str())
    }

    /// Parses the two names of a key.
    ///
    /// # Errors
    /// [`BadName`] when the namespace or the name breaks Kubernetes' rule.
    pub fn parse(kind: ObjectKind, namespace: &str, name: &str) -> Result<Self, BadName> {
        Ok(Self { kind, namespace: Namespace::parse(namespace)?, name: ObjectName::parse(name)? })
    }

    fn of(kind: ObjectKind, namespace: Namespace, name: &str) -> Self {
        let name = ObjectName::parse(name).expect("nodegroup and secret names are object names");
        Self { kind, namespace, name }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// What a change does to its object, or to one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It appears.
    Create,
    /// It stays, changed.
    Update,
    /// It goes.
    Delete,
}

impl Action {
    /// `create`, `update` or `delete`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete].into_iter().find(|action| action.as_str() == word)
    }
}

/// A Git commit's id, in hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub String);

/// A Git blob's id, in hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub String);

/// A file's content at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its blob.
    pub blob: BlobId,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Where.
    pub path: RepoPath,
    /// The blob that must be there in the base commit; `None`: nothing may be there. Guards edits.
    pub expect: Option<BlobId>,
    /// The new content; `None` deletes the file.
    pub content: Option<Vec<u8>>,
}

impl FileChange {
    /// What this does to the file.
    #[must_use]
    pub fn action(&self) -> Action {
        match (&self.expect, &self.content) {
            (_, None) => Action::Delete,
            (None, Some(_)) => Action::Create,
            (Some(_), Some(_)) => Action::Update,
        }
    }
}

/// Keyed hash (HMAC-SHA-256, hex) over subject and canonical request: equal for the same request by the same subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestHash(pub String);

/// The words of a change, from the templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeText {
    /// The pull request's title, one line.
    pub title: String,
    /// The pull request's body, Markdown.
    pub body: String,
    /// The commit message without trailers: a subject line, then perhaps an empty line and paragraphs.
    pub commit_message: String,
}

/// Everything that version control needs to make one change.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// The object.
    pub key: ObjectKey,
    /// Its cluster, when it names one.
    pub cluster: Option<ClusterName>,
    /// What happens to the object.
    pub action: Action,
    /// The commit that the change was planned on.
    pub base: CommitId,
    /// The files.
    pub files: Vec<FileChange>,
    /// The words.
    pub text: ChangeText,
    /// Who asked.
    pub actor: Actor,
    /// The request's identity.
    pub request_hash: RequestHash,
}

/// How fresh the base commit must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// As the poller last saw it; from memory.
    Cached,
    /// Asked for now.
    Fetched,
}

/// The GitOps repository, as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its address, or the folder of a local one; without credentials.
    pub url: String,
    /// The branch that changes are merged into.
    pub base: BranchName,
}
