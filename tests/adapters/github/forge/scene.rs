//! What these tests stand on: one bare repository, served over git's protocol and by the API's double, and forges of it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cre_backend_api::adapters::git::build::Author;
use cre_backend_api::adapters::github::api::{ClientSettings, Decorations};
use cre_backend_api::adapters::github::identity::Credentials;
use cre_backend_api::adapters::github::{GIT_TIME, GithubForge, GithubSettings, Token};
use cre_backend_api::domain::change::{ChangeSet, Freshness, Proposed, PullRequest, PullRequestState};
use cre_backend_api::domain::ports::VersionControl as _;
use cre_backend_api::domain::snapshot::Observed;

use crate::adapters::local::forge::{mk_change, path};
use crate::support::github::{GithubDouble, OWNER, REPO, TOKEN};
use crate::support::smart_http::{SmartHttp, TestRemote, branch};

/// The route of pull requests.
pub const POST: &str = "POST /repos/acme/unicron/pulls";
/// The branch of `workers`.
pub const BRANCH: &str = "backend-api/nodegroup/team-a/workers-a0b5740b";

/// A repository on GitHub.
pub struct Scene {
    pub remote: TestRemote,
    pub double: GithubDouble,
}

impl Scene {
    pub fn new() -> Self {
        let remote = TestRemote::serve(SmartHttp::start_for(TOKEN), "acme/unicron.git");
        let double = GithubDouble::start(&remote.bare());
        Self { remote, double }
    }

    /// The settings of a replica; each has a destination of its own.
    pub fn settings(&self, destination: &str) -> GithubSettings {
        mk_settings(&self.remote.server.url(""), &self.double.url(), &self.remote.folder().join(destination))
    }

    /// A replica that has looked at GitHub once.
    pub async fn forge(&self, destination: &str) -> GithubForge {
        self.forge_with(destination, |_| {}).await
    }

    pub async fn forge_with(&self, destination: &str, edit: impl FnOnce(&mut GithubSettings)) -> GithubForge {
        let mut settings = self.settings(destination);
        edit(&mut settings);
        let forge = open(settings).await;
        forge.base(Freshness::Fetched).await.unwrap();
        forge
    }

    /// The branches of changes.
    pub fn branches(&self) -> Vec<String> {
        let refs = self.remote.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/backend-api"]);
        refs.lines().map(str::to_owned).collect()
    }

    /// How many pull requests there are, in any state.
    pub fn pulls(&self) -> usize {
        self.double.state().pulls.len()
    }

    /// A person closes a pull request.
    pub fn close(&self, number: u64) {
        self.double.close(number);
    }

    /// Somebody puts a commit on top of a branch.
    pub fn review(&self, name: &str) -> String {
        self.remote.commit(name, "nodegroups/team-a/reviewed.yaml", "better\n").to_string()
    }

    #[track_caller]
    pub fn assert_one(&self, number: u64) {
        assert_eq!(self.branches(), [BRANCH]);
        let open: Vec<u64> =
            self.double.state().pulls.values().filter(|pull| pull.open).map(|pull| pull.number).collect();
        assert_eq!(open, [number]);
        self.remote.git(&["fsck", "--strict"]);
    }
}

/// Settings of a forge that is told everything by its process.
pub fn mk_settings(url: &str, api_url: &str, destination: &Path) -> GithubSettings {
    GithubSettings {
        destination: destination.to_owned(),
        url: url.to_owned(),
        api_url: api_url.to_owned(),
        owner: OWNER.to_owned(),
        repo: REPO.to_owned(),
        base: branch("dev"),
        branch_prefix: "backend-api".to_owned(),
        keep_branches: false,
        author: Author::new("backend", None),
        credentials: Some(Credentials::Token(Token::parse(TOKEN).unwrap())),
        decorations: Decorations::default(),
        draft: false,
        poll: Duration::from_millis(50),
        git_time: GIT_TIME,
        in_flight: Duration::from_secs(3600),
        step: Arc::new(|_| {}),
    }
}

pub async fn open(settings: GithubSettings) -> GithubForge {
    GithubForge::open(settings).await.unwrap()
}

/// A forge that loses its patience with the API soon.
pub async fn open_hasty(settings: GithubSettings) -> GithubForge {
    let mut client = ClientSettings::new(&settings.api_url);
    client.read_timeout = Duration::from_secs(2);
    GithubForge::open_with(settings, &client).await.unwrap()
}

/// A change of a nodegroup's file to a content, or its deletion, planned on the base branch as it is now.
pub async fn change(forge: &GithubForge, name: &str, content: Option<&str>) -> ChangeSet {
    let base = forge.base(Freshness::Fetched).await.unwrap();
    let file = path(&format!("nodegroups/team-a/{name}.yaml"));
    let before = forge.read(&base, &file).await.unwrap().map(|file| file.blob);
    mk_change(name, base, before, content)
}

#[track_caller]
pub fn opened(proposed: Result<Proposed, cre_backend_api::domain::error::VcsError>) -> PullRequest {
    match proposed {
        Ok(Proposed::Opened(pull_request)) => pull_request,
        other => panic!("not opened: {other:?}"),
    }
}

#[track_caller]
pub fn adopted(proposed: Result<Proposed, cre_backend_api::domain::error::VcsError>) -> PullRequest {
    match proposed {
        Ok(Proposed::Adopted(pull_request)) => pull_request,
        other => panic!("not adopted: {other:?}"),
    }
}

/// Proposes a change that must be opened.
pub async fn propose(forge: &GithubForge, name: &str, content: Option<&str>) -> PullRequest {
    opened(forge.propose(&change(forge, name, content).await).await)
}

/// A pull request as it is listed, without asking GitHub.
pub async fn listed(forge: &GithubForge, number: u64) -> Option<PullRequest> {
    match forge.pull_requests().await.unwrap().items.get(&number)? {
        Observed::Valid(pull_request) => Some((**pull_request).clone()),
        Observed::Invalid(invalid) => panic!("{invalid:?}"),
    }
}

/// A pull request's state after one look.
pub async fn state(forge: &GithubForge, number: u64) -> Option<PullRequestState> {
    forge.base(Freshness::Fetched).await.unwrap();
    listed(forge, number).await.map(|pull_request| pull_request.state)
}
