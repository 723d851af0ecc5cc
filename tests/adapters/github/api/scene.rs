//! What each test stands on: a bare repository with a base branch, the double in front of it, the adapter under test.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cre_backend_api::adapters::github::api::{Client, ClientSettings, GithubApi, NewPull, RepositoryName};
use cre_backend_api::adapters::github::identity::{Credentials, Identity, Token};
use tempfile::TempDir;

use crate::support::git::git;
use crate::support::github::{GithubDouble, OWNER, REPO, TOKEN};

/// The route of pull requests.
pub const PULLS: &str = "/repos/acme/unicron/pulls";

pub struct Scene {
    folder: TempDir,
    pub double: GithubDouble,
}

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=dev", "."]);
        let double = GithubDouble::start(folder.path());
        let scene = Self { folder, double };
        scene.commit("dev", None);
        scene
    }

    pub fn bare(&self) -> &Path {
        self.folder.path()
    }

    /// A commit on top of a branch, or on top of what it is made from.
    pub fn commit(&self, branch: &str, from: Option<&str>) -> String {
        let tree = git(self.bare(), &["mktree"]);
        let parent = from.map(|from| git(self.bare(), &["rev-parse", &format!("refs/heads/{from}")]));
        let mut arguments = vec!["commit-tree", tree.trim(), "-m", branch];
        if let Some(parent) = &parent {
            arguments.extend(["-p", parent.trim()]);
        }
        let commit = git(self.bare(), &arguments);
        git(self.bare(), &["update-ref", &format!("refs/heads/{branch}"), commit.trim()]);
        commit.trim().to_owned()
    }

    pub fn delete(&self, branch: &str) {
        git(self.bare(), &["update-ref", "-d", &format!("refs/heads/{branch}")]);
    }

    /// The adapter with the static token.
    pub fn api(&self) -> GithubApi {
        api_at(&self.double.url(), Credentials::Token(token()))
    }

    /// The adapter that loses its patience soon.
    pub fn hasty_api(&self) -> GithubApi {
        let mut settings = ClientSettings::new(self.double.url());
        settings.read_timeout = Duration::from_millis(300);
        api_by(&settings, Credentials::Token(token()))
    }

    /// A branch with a change, and the pull request to open for it.
    pub fn change<'a>(&self, branch: &'a str) -> NewPull<'a> {
        self.commit(branch, Some("dev"));
        NewPull { title: "Add workers", body: "Please **review**.", head: branch, base: "dev", draft: false }
    }
}

/// A client with somebody's identity.
pub fn identity(settings: &ClientSettings, credentials: Credentials) -> (Arc<Client>, Arc<Identity>) {
    let client = Arc::new(Client::new(settings).unwrap());
    let identity = Identity::new(Some(credentials), &client, &repository()).unwrap();
    (client, Arc::new(identity))
}

/// The adapter with other settings.
pub fn api_by(settings: &ClientSettings, credentials: Credentials) -> GithubApi {
    let (client, identity) = identity(settings, credentials);
    GithubApi::new(client, identity, repository())
}

/// The adapter somewhere else, or as somebody else.
pub fn api_at(url: &str, credentials: Credentials) -> GithubApi {
    api_by(&ClientSettings::new(url), credentials)
}

pub fn token() -> Token {
    Token::parse(TOKEN).unwrap()
}

pub fn repository() -> RepositoryName {
    RepositoryName::parse(OWNER, REPO).unwrap()
}
