//! How a pull request looks in an answer.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::change::PullRequest;

/// A pull request that this service opened.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PullRequest)]
pub struct PullRequestView {
    /// Its number.
    #[schema(minimum = 1)]
    pub number: u64,
    /// Its page; on the local forge its own address in this API.
    pub url: String,
    /// Its branch.
    pub branch: String,
    /// The branch that it asks to be merged into.
    pub base: String,
    /// `open`, `merged` or `closed`.
    pub state: &'static str,
    /// Whether it is a draft.
    pub draft: bool,
    /// Its title.
    pub title: String,
    /// The kind of its object: `nodegroup` or `secret`.
    pub kind: &'static str,
    /// What happens to the object: `create`, `update` or `delete`.
    pub action: &'static str,
    /// The object's namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The object's cluster; null for an object that names none.
    #[schema(required = true)]
    pub cluster: Option<String>,
    /// The subject that asked for the change.
    pub requested_by: String,
    /// The commit that this service made.
    pub commit: String,
    /// The files that it touches.
    pub files: Vec<FileView>,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its state last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// When it was merged; null while it isn't, or when that isn't known.
    #[schema(format = DateTime, required = true)]
    pub merged_at: Option<String>,
}

/// One file of a change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PullRequestFile)]
pub struct FileView {
    /// Its path in the GitOps repository.
    pub path: String,
    /// What happens to it: `create`, `update` or `delete`.
    pub action: &'static str,
}

impl PullRequestView {
    /// The view for a client that reached this service as `host` (see `RequestHost`).
    #[must_use]
    pub fn of(pull_request: &PullRequest, host: &str) -> Self {
        let number = pull_request.number;
        Self {
            number,
            url: pull_request.url.clone().unwrap_or_else(|| format!("http://{host}/api/pull_requests/{number}")),
            branch: pull_request.branch.to_string(),
            base: pull_request.base.to_string(),
            state: pull_request.state.as_str(),
            draft: pull_request.draft,
            title: pull_request.title.clone(),
            kind: pull_request.key.kind.as_str(),
            action: pull_request.action.as_str(),
            namespace: pull_request.key.namespace.to_string(),
            name: pull_request.key.name.to_string(),
            cluster: pull_request.cluster.as_ref().map(ToString::to_string),
            requested_by: pull_request.requested_by.to_string(),
            commit: pull_request.commit.0.clone(),
            files: pull_request
                .files
                .iter()
                .map(|(path, action)| FileView { path: path.to_string(), action: action.as_str() })
                .collect(),
            created_at: pull_request.created_at.to_string(),
            updated_at: pull_request.updated_at.to_string(),
            merged_at: pull_request.merged_at.map(|at| at.to_string()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::change::{Action, CommitId, ObjectKey, ObjectKind, PullRequestState, RequestHash};
    use crate::domain::names::{Actor, BranchName, RepoPath};

    /// An open pull request of the local forge.
    pub fn sample() -> PullRequest {
        PullRequest {
            number: 7,
            url: None,
            branch: BranchName::parse("backend-api/nodegroup/team-a/workers-0a1b2c3d").unwrap(),
            base: BranchName::parse("dev").unwrap(),
            state: PullRequestState::Open,
            draft: false,
            title: "Create nodegroup team-a/workers".to_owned(),
            action: Action::Create,
            key: ObjectKey::parse(ObjectKind::Nodegroup, "team-a", "workers").unwrap(),
            cluster: None,
            requested_by: Actor::anonymous(),
            commit: CommitId("c0ffee".to_owned()),
            base_commit: CommitId("beef".to_owned()),
            request_hash: RequestHash("hash".to_owned()),
            files: vec![(RepoPath::parse("nodegroups/team-a/workers.yaml").unwrap(), Action::Create)],
            created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            updated_at: "2026-01-02T03:04:06Z".parse().unwrap(),
            merged_at: None,
        }
    }

    #[test]
    fn a_pull_request_of_the_local_forge_is_found_at_its_own_api_address() {
        let view = serde_json::to_value(PullRequestView::of(&sample(), "localhost:8000")).unwrap();
        assert_eq!(
            view,
            json!({
                "number": 7, "url": "http://localhost:8000/api/pull_requests/7",
                "branch": "backend-api/nodegroup/team-a/workers-0a1b2c3d", "base": "dev", "state": "open", "draft": false,
                "title": "Create nodegroup team-a/workers", "kind": "nodegroup", "action": "create",
                "namespace": "team-a", "name": "workers", "cluster": null, "requested_by": "anonymous",
                "commit": "c0ffee", "files": [{"path": "nodegroups/team-a/workers.yaml", "action": "create"}],
                "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:06Z", "merged_at": null,
            })
        );
    }

    #[test]
    fn a_page_elsewhere_is_kept() {
        let elsewhere = PullRequest { url: Some("https://example.com/7".to_owned()), ..sample() };
        assert_eq!(PullRequestView::of(&elsewhere, "localhost").url, "https://example.com/7");
    }
}
