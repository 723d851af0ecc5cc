//! A pull request as GitHub describes it, of which this keeps what is needed.

use jiff::Timestamp;
use serde::Deserialize;

use super::Decorations;
use crate::domain::change::PullRequestState;

/// A pull request of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Its page.
    pub html_url: String,
    /// Its state.
    pub state: PullRequestState,
    /// Whether it is a draft.
    pub draft: bool,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: Option<String>,
    /// Its branch.
    pub head_ref: String,
    /// The tip of its branch, as it was when the pull request was open.
    pub head_sha: String,
    /// Whether its branch is one of the repository, not one of a fork that has the same name.
    pub head_repo_is_ours: bool,
    /// The branch that it asks to be merged into.
    pub base_ref: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// When it was closed or merged.
    pub closed_at: Option<Timestamp>,
    /// When it was merged.
    pub merged_at: Option<Timestamp>,
    /// The commit that merged it; before that, GitHub's trial of one.
    pub merge_commit_sha: Option<String>,
    /// The labels, requested reviewers and assignees that it has now; who has reviewed isn't requested any more.
    pub has: Decorations,
}

/// GitHub's own shape, of a list or of one.
#[derive(Deserialize)]
pub(super) struct WirePull {
    number: u64,
    html_url: String,
    state: String,
    #[serde(default)]
    draft: bool,
    title: String,
    body: Option<String>,
    head: WireSide,
    base: WireSide,
    created_at: Timestamp,
    updated_at: Timestamp,
    closed_at: Option<Timestamp>,
    merged_at: Option<Timestamp>,
    merge_commit_sha: Option<String>,
    // GitHub has `null` for some of these where there is nothing.
    #[serde(default)]
    labels: Option<Vec<WireLabel>>,
    #[serde(default)]
    requested_reviewers: Option<Vec<WireUser>>,
    #[serde(default)]
    requested_teams: Option<Vec<WireTeam>>,
    #[serde(default)]
    assignees: Option<Vec<WireUser>>,
}

#[derive(Deserialize)]
pub(super) struct WireLabel {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct WireUser {
    pub(super) login: String,
}

#[derive(Deserialize)]
pub(super) struct WireTeam {
    pub(super) slug: String,
}

#[derive(Deserialize)]
struct WireSide {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
    /// `null` when the fork was deleted.
    repo: Option<WireRepository>,
}

#[derive(Deserialize)]
struct WireRepository {
    id: u64,
}

impl From<WirePull> for Pull {
    fn from(wire: WirePull) -> Self {
        // By id, as names change; and a repository that is gone is a fork's, as the base is still there.
        let head_repo_is_ours = match (&wire.head.repo, &wire.base.repo) {
            (Some(head), Some(base)) => head.id == base.id,
            _ => false,
        };
        let state = match (&wire.merged_at, wire.state.as_str()) {
            (Some(_), _) => PullRequestState::Merged,
            (None, "open") => PullRequestState::Open,
            (None, _) => PullRequestState::Closed,
        };
        let logins = |users: Option<Vec<WireUser>>| users.into_iter().flatten().map(|user| user.login).collect();
        let has = Decorations {
            labels: wire.labels.into_iter().flatten().map(|label| label.name).collect(),
            reviewers: logins(wire.requested_reviewers),
            team_reviewers: wire.requested_teams.into_iter().flatten().map(|team| team.slug).collect(),
            assignees: logins(wire.assignees),
        };
        Self {
            number: wire.number,
            html_url: wire.html_url,
            state,
            draft: wire.draft,
            title: wire.title,
            body: wire.body,
            head_ref: wire.head.name,
            head_sha: wire.head.sha,
            head_repo_is_ours,
            base_ref: wire.base.name,
            created_at: wire.created_at,
            updated_at: wire.updated_at,
            closed_at: wire.closed_at,
            merged_at: wire.merged_at,
            merge_commit_sha: wire.merge_commit_sha,
            has,
        }
    }
}
