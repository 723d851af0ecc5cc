//! What GitHub's adapter is told, and what is made of it at the start.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Semaphore;

use super::api::{Client, ClientSettings, Decorations, GithubApi, Limits, RepositoryName};
use super::flight::{Flight, Turns};
use super::identity::{Credentials, Identity};
use super::mirror::{Mirror, MirrorSettings};
use super::{GithubForge, WRITERS};
use crate::adapters::git::branch::check_prefix;
use crate::adapters::git::build::Author;
use crate::domain::names::BranchName;
use crate::domain::snapshot::{Contact, SourceInfo, SourceKind};

/// Called between any two steps of a write with the step's name. Nothing in the service sets it: tests stop a process there.
pub type Step = Arc<dyn Fn(&'static str) + Send + Sync>;

/// Where the repository is and how changes are made in it.
#[derive(Clone)]
pub struct GithubSettings {
    /// The folder that holds the mirror.
    pub destination: PathBuf,
    /// GitHub's address for people and git, such as `https://github.com`.
    pub url: String,
    /// GitHub's address for programs, such as `https://api.github.com`.
    pub api_url: String,
    /// The organisation or person that owns the repository.
    pub owner: String,
    /// The repository's name.
    pub repo: String,
    /// The branch that changes are merged into.
    pub base: BranchName,
    /// What the names of our branches start with.
    pub branch_prefix: String,
    /// Whether the branches of merged and closed changes stay.
    pub keep_branches: bool,
    /// The commits' author.
    pub author: Author,
    /// Who this service is on GitHub.
    pub credentials: Option<Credentials>,
    /// What each pull request gets.
    pub decorations: Decorations,
    /// Whether pull requests are drafts.
    pub draft: bool,
    /// How often GitHub is asked for what changed.
    pub poll: Duration,
    /// How long one exchange with the Git server may take.
    pub git_time: Duration,
    /// How long a branch without a pull request is left to whoever made it: it may be opening one just now.
    pub in_flight: Duration,
    /// See [`Step`].
    pub step: Step,
}

/// How long a branch is left to whoever made it, usually.
pub const IN_FLIGHT: Duration = Duration::from_secs(60);

/// How long an exchange with the Git server may take, usually: the first fetch of a large repository ends by then.
pub const GIT_TIME: Duration = Duration::from_secs(25);

/// See [`GithubForge::open`].
pub(super) async fn open(settings: GithubSettings, client: &ClientSettings) -> Result<GithubForge, String> {
    let repository = RepositoryName::parse(&settings.owner, &settings.repo)
        .ok_or("GITOPS_ORGANIZATION and GITOPS_REPO must be names that GitHub can have")?;
    check_prefix(&settings.branch_prefix, &settings.base)?;
    settings.author.sign().map_err(|error| error.to_string())?;
    let client = Arc::new(Client::new(client)?);
    let identity = Arc::new(Identity::new(settings.credentials.clone(), &client, &repository)?);
    let location = format!("{}/{}/{}", settings.url.trim_end_matches('/'), settings.owner, settings.repo);
    let address = format!("{location}.git");
    let mirror = MirrorSettings::new(settings.destination.clone(), address, settings.base.clone());
    let mirror = Mirror::open(mirror).await.map_err(|error| error.to_string())?;
    let source = SourceInfo {
        kind: SourceKind::Git,
        location,
        contact: Arc::new(Contact::now()),
        stale_after: settings.poll * 3,
        watches: Vec::new(),
    };
    Ok(GithubForge {
        author: settings.author.clone(),
        mirror,
        api: GithubApi::new(client, identity.clone(), repository),
        identity,
        source,
        published: ArcSwapOption::empty(),
        known: Mutex::default(),
        notes: AtomicU64::new(0),
        trouble: Mutex::new(Some("connecting")),
        polling: Flight::default(),
        git_limits: Limits::default(),
        decorated: Mutex::default(),
        sweep_soon: AtomicBool::new(false),
        turns: Turns::default(),
        writers: Semaphore::new(WRITERS),
        settings,
    })
}
