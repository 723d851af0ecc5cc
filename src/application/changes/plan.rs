//! What a change would do to the repository, worked out on one base commit.

use async_trait::async_trait;

use super::ChangeRequest;
use super::answer::Warning;
use crate::domain::change::{Action, BlobId, CommitId, FileChange};
use crate::domain::cost::Cost;
use crate::domain::error::Failure;
use crate::domain::names::{ClusterName, RepoPath};
use crate::domain::text::{ChangeSummary, NodegroupText, SecretText};

/// Works out a change on the newest base commit. Called again when the base branch moves under it.
#[async_trait]
pub trait Planner: Send + Sync {
    /// What the request asks of the object that can't be, whatever else is in its way: told before anything else.
    ///
    /// # Errors
    /// [`Failure::Invalid`].
    async fn check(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// The plan.
    ///
    /// # Errors
    /// The object isn't there, is there already, can't be edited, or the request doesn't fit it.
    async fn plan(&self) -> Result<Planned, Failure>;
}

/// What planning came to.
pub enum Planned {
    /// The repository is already as asked for.
    Unchanged(Vec<Warning>),
    /// This has to be done.
    Change(Box<Plan>),
}

/// A change, worked out.
pub struct Plan {
    /// The commit that it was worked out on.
    pub base: CommitId,
    /// The object's cluster, when it names one.
    pub cluster: Option<ClusterName>,
    /// The files.
    pub files: Vec<PlannedFile>,
    /// What the pull request shows of a nodegroup.
    pub nodegroup: Option<NodegroupText>,
    /// What the pull request shows of a secret.
    pub secret: Option<SecretText>,
    /// The cost before.
    pub cost_before: Option<Cost>,
    /// The cost after.
    pub cost_after: Option<Cost>,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

impl Plan {
    /// The change, told to the templates.
    pub(super) fn summary(&self, request: &ChangeRequest) -> ChangeSummary {
        ChangeSummary {
            action: request.action,
            key: request.key.clone(),
            cluster: self.cluster.as_ref().map(ToString::to_string),
            actor: request.actor.clone(),
            path: self.files.first().map(|file| file.path.to_string()).unwrap_or_default(),
            nodegroup: self.nodegroup.clone(),
            secret: self.secret.clone(),
            warnings: self.warnings.iter().map(|warning| warning.message.clone()).collect(),
        }
    }
}

/// One file of a plan, with its text before and after.
#[derive(Debug, Clone)]
pub struct PlannedFile {
    /// Where.
    pub path: RepoPath,
    /// The blob that is there now.
    pub expect: Option<BlobId>,
    /// Its text.
    pub before: Option<String>,
    /// The text after the change; `None` deletes the file.
    pub after: Option<String>,
}

impl PlannedFile {
    /// A file that isn't there yet.
    #[must_use]
    pub fn created(path: RepoPath, text: String) -> Self {
        Self { path, expect: None, before: None, after: Some(text) }
    }

    /// What happens to the file.
    #[must_use]
    pub fn action(&self) -> Action {
        self.change().action()
    }

    /// The file as version control takes it.
    #[must_use]
    pub fn change(&self) -> FileChange {
        FileChange {
            path: self.path.clone(),
            expect: self.expect.clone(),
            content: self.after.as_ref().map(|text| text.clone().into_bytes()),
        }
    }
}
