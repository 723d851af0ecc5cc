//! What a write answers: what was done, or what would be.

use serde::Serialize;

use super::diff::unified;
use super::plan::Plan;
use crate::domain::change::{Action, ChangeText, CommitId, PullRequest};
use crate::domain::cost::Cost;
use crate::domain::names::{BranchName, RepoPath};

/// Something to know that doesn't stand in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// A fixed word for programs.
    pub code: &'static str,
    /// Where in the request, RFC 6901; empty for the whole.
    pub pointer: String,
    /// A sentence for people.
    pub message: String,
}

impl Warning {
    /// A warning.
    #[must_use]
    pub fn new(code: &'static str, pointer: &str, message: impl Into<String>) -> Self {
        Self { code, pointer: pointer.to_owned(), message: message.into() }
    }
}

/// What a write came to.
#[derive(Debug, Clone)]
pub enum Written {
    /// It was done.
    Done(Done),
    /// It was only tried out.
    Dry(DryRun),
}

/// What was done.
#[derive(Debug, Clone)]
pub struct Done {
    /// The pull request; `None` when nothing changed, and in direct mode.
    pub pull_request: Option<PullRequest>,
    /// The files, with what happens to each.
    pub files: Vec<(RepoPath, Action)>,
    /// The commit; `None` when nothing changed.
    pub commit: Option<CommitId>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// Whether this request made the change: 201 rather than 200.
    pub made: bool,
}

impl Done {
    /// Nothing had to change.
    #[must_use]
    pub fn unchanged(warnings: Vec<Warning>) -> Self {
        Self { pull_request: None, files: Vec::new(), commit: None, warnings, made: false }
    }

    /// A pull request carries the change.
    #[must_use]
    pub fn of(pull_request: PullRequest, warnings: Vec<Warning>, made: bool) -> Self {
        Self {
            files: pull_request.files.clone(),
            commit: Some(pull_request.commit.clone()),
            pull_request: Some(pull_request),
            warnings,
            made,
        }
    }

    /// Whether there is a change.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.commit.is_some()
    }
}

/// What would be done.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// Whether anything would change.
    pub changed: bool,
    /// What would happen to the object.
    pub action: Action,
    /// The words, the branch and the base of the pull request; `None` when none would be opened.
    pub pull_request: Option<(ChangeText, BranchName, BranchName)>,
    /// The files with their content after the change.
    pub files: Vec<(RepoPath, Action, Option<String>)>,
    /// The unified diff of them all.
    pub diff: String,
    /// What it cost before.
    pub cost_before: Option<Cost>,
    /// What it would cost.
    pub cost_after: Option<Cost>,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

impl DryRun {
    /// Nothing would change.
    #[must_use]
    pub fn unchanged(action: Action, warnings: Vec<Warning>) -> Self {
        Self {
            changed: false,
            action,
            pull_request: None,
            files: Vec::new(),
            diff: String::new(),
            cost_before: None,
            cost_after: None,
            warnings,
        }
    }

    /// What a plan would do.
    #[must_use]
    pub fn of(action: Action, plan: Plan, text: ChangeText, target: Option<(BranchName, BranchName)>) -> Self {
        let diff = plan.files.iter().map(|file| unified(&file.path, file.before.as_deref(), file.after.as_deref()));
        Self {
            changed: true,
            action,
            pull_request: target.map(|(branch, base)| (text, branch, base)),
            diff: diff.collect(),
            files: plan.files.into_iter().map(|file| (file.path.clone(), file.action(), file.after)).collect(),
            cost_before: plan.cost_before,
            cost_after: plan.cost_after,
            warnings: plan.warnings,
        }
    }
}
