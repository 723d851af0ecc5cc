//! Pull requests over GitHub's REST API.

mod address;
mod ask;
mod caller;
mod client;
mod decorate;
mod limits;
mod listing;
mod metrics;
mod pull;
mod words;

use std::fmt;
use std::sync::Arc;

use form_urlencoded::Serializer;
use hyper::Method;
use serde::Deserialize;
use serde_json::json;

pub use client::{Ask, Client, ClientSettings, Reply};
pub use decorate::{Decorations, Warning};
pub(super) use limits::Limits;
pub use listing::Listing;
pub use pull::Pull;

use self::caller::{Caller, Trouble};
use self::listing::Watch;
use self::pull::WirePull;
use super::identity::Identity;
use crate::domain::change::PullRequestState;
use crate::domain::error::VcsError;

/// A repository on GitHub: `GITOPS_ORGANIZATION` and `GITOPS_REPO`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryName {
    owner: String,
    name: String,
}

impl RepositoryName {
    /// Both names; `None` when GitHub can't have such a repository.
    #[must_use]
    pub fn parse(owner: &str, name: &str) -> Option<Self> {
        let fits = |text: &str| {
            let chars = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            chars && (1..=100).contains(&text.len()) && text != "." && text != ".."
        };
        (fits(owner) && fits(name)).then(|| Self { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// The owner, a person or an organisation.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name alone.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.owner, self.name)
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// What there is to know of the repository before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// Its page.
    pub html_url: String,
    /// The branch that GitHub shows first.
    pub default_branch: String,
    /// Archived: it can't be changed.
    pub archived: bool,
    #[serde(default)]
    permissions: Option<Permissions>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Permissions {
    push: bool,
}

impl Repository {
    /// Whether the credentials may push; `None` when GitHub doesn't say. Of an App's installation it may say no although it
    /// may: those have permissions, not roles.
    #[must_use]
    pub fn can_push(&self) -> Option<bool> {
        self.permissions.as_ref().map(|permissions| permissions.push)
    }
}

/// A pull request to open.
#[derive(Debug, Clone, Copy)]
pub struct NewPull<'a> {
    /// One line.
    pub title: &'a str,
    /// Markdown.
    pub body: &'a str,
    /// The branch with the change.
    pub head: &'a str,
    /// The branch that it is for.
    pub base: &'a str,
    /// `GITHUB_DRAFT`.
    pub draft: bool,
}

/// Why no pull request was opened, as far as that is known.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateError {
    /// There is an open one from this branch to this base: find it.
    #[error("there is a pull request for this branch already")]
    AlreadyExists,
    /// The branch isn't there (any more).
    #[error("GitHub doesn't have the branch")]
    HeadInvalid,
    /// The branch holds nothing that the base hasn't.
    #[error("the branch holds no change")]
    NothingToMerge,
    /// It may have been opened: look before asking again.
    #[error("unclear: {0}")]
    Ambiguous(VcsError),
    /// It wasn't opened.
    #[error(transparent)]
    Failed(VcsError),
}

/// The pull requests of one repository.
#[derive(Debug)]
pub struct GithubApi {
    caller: Caller,
    watch: Watch,
}

impl GithubApi {
    /// For a repository, through the client that the identity uses too.
    #[must_use]
    pub fn new(client: Arc<Client>, identity: Arc<Identity>, repository: RepositoryName) -> Self {
        Self { caller: Caller { client, identity, repository }, watch: Watch::default() }
    }

    /// The client: its contact with GitHub, and what is left of the rate limit.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.caller.client
    }

    /// The repository, as the credentials see it.
    ///
    /// # Errors
    /// [`VcsError::Refused`] when they don't.
    pub async fn repository(&self) -> Result<Repository, VcsError> {
        let reply = self.caller.read(&self.caller.repository.path(""), None).await?;
        if reply.status == 404 { Err(self.caller.not_found()) } else { reply.json() }
    }

    /// The pull request with a number.
    ///
    /// # Errors
    /// [`VcsError::NoSuchPullRequest`], also when the repository can't be seen: GitHub says the same.
    pub async fn get(&self, number: u64) -> Result<Pull, VcsError> {
        let reply = self.caller.read(&self.pull_path(number), None).await?;
        if reply.status == 404 {
            return Err(VcsError::NoSuchPullRequest(number));
        }
        reply.json::<WirePull>().map(Pull::from)
    }

    /// The open pull request of a branch: the newest one for the wanted base, else for another one.
    ///
    /// # Errors
    /// [`VcsError`].
    pub async fn find_open_by_head(&self, branch: &str, base: &str) -> Result<Option<Pull>, VcsError> {
        let mut pulls = self.find(branch, "open").await?;
        pulls.retain(|pull| pull.state == PullRequestState::Open);
        Ok(pulls.into_iter().max_by_key(|pull| (pull.base_ref == base, pull.number)))
    }

    /// The latest hundred pull requests of a branch in any state, newest first.
    ///
    /// # Errors
    /// [`VcsError`].
    pub async fn find_by_head(&self, branch: &str) -> Result<Vec<Pull>, VcsError> {
        self.find(branch, "all").await
    }

    async fn find(&self, branch: &str, state: &str) -> Result<Vec<Pull>, VcsError> {
        let repository = &self.caller.repository;
        let head = format!("{}:{branch}", repository.owner());
        let path = query(&repository.path("/pulls"), &[("state", state), ("head", &head), ("per_page", "100")]);
        let reply = self.caller.read(&path, None).await?;
        if reply.status == 404 {
            return Err(self.caller.not_found());
        }
        let wires: Vec<WirePull> = reply.json()?;
        let mut pulls: Vec<Pull> = wires.into_iter().map(Pull::from).collect();
        // The owner may have a fork with such a branch too; and GitHub ignores a filter that it can't read.
        pulls.retain(|pull| pull.head_repo_is_ours && pull.head_ref == branch);
        pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(pulls)
    }

    /// Opens a pull request. Sent once, whatever happens.
    ///
    /// # Errors
    /// [`CreateError`], which tells whether it may be open all the same.
    pub async fn create(&self, pull: &NewPull<'_>) -> Result<Pull, CreateError> {
        let NewPull { title, body, head, base, draft } = pull;
        let wanted = json!({ "title": title, "body": body, "head": head, "base": base, "draft": draft });
        let path = self.caller.repository.path("/pulls");
        match self.caller.write(Ask::post(&path, &wanted)).await {
            Ok(reply) => reply.json::<WirePull>().map(Pull::from).map_err(CreateError::Ambiguous),
            Err(Trouble::Unclear(error)) => Err(CreateError::Ambiguous(error)),
            Err(Trouble::Undone(error)) => Err(CreateError::Failed(error)),
            Err(Trouble::Invalid(words)) => Err(invalid(&words, base)),
        }
    }

    /// Closes a pull request without merging it; one that has ended already stays as it is.
    ///
    /// # Errors
    /// [`VcsError`]. After [`VcsError::TimedOut`] or [`VcsError::Unreachable`] it may be closed; closing it again does no harm.
    pub async fn close(&self, number: u64) -> Result<Pull, VcsError> {
        let path = self.pull_path(number);
        let wanted = json!({ "state": "closed" });
        let ask = Ask { method: Method::PATCH, ..Ask::post(&path, &wanted) };
        self.caller.write(ask).await?.json::<WirePull>().map(Pull::from)
    }

    fn pull_path(&self, number: u64) -> String {
        self.caller.repository.path(&format!("/pulls/{number}"))
    }
}

/// What GitHub means by a 422: it tells by its words only.
fn invalid(words: &str, base: &str) -> CreateError {
    let lower = words.to_lowercase();
    let refused = |missing: String| CreateError::Failed(VcsError::Refused { missing });
    if lower.contains("a pull request already exists") {
        CreateError::AlreadyExists
    } else if lower.contains("no commits between") {
        CreateError::NothingToMerge
    } else if lower.contains("head is invalid") || lower.contains("head sha") {
        CreateError::HeadInvalid
    } else if lower.contains("base is invalid") {
        refused(format!("the repository has no branch {base}: set GITOPS_BRANCH ({words})"))
    } else if lower.contains("draft pull requests are not supported") {
        refused(format!("unset GITHUB_DRAFT ({words})"))
    } else {
        refused(format!("GitHub refused: {words}"))
    }
}

/// A path with parameters.
fn query(path: &str, parameters: &[(&str, &str)]) -> String {
    format!("{path}?{}", Serializer::new(String::new()).extend_pairs(parameters).finish())
}
