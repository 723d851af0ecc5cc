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
        self.api_with(&self.double.url(), Some(Credentials::Token(token())))
    }

    pub fn api_with(&self, url: &str, credentials: Option<Credentials>) -> GithubApi {
        let (client, identity) = self.identity(url, credentials);
        GithubApi::new(client, identity, repository())
    }

    pub fn identity(&self, url: &str, credentials: Option<Credentials>) -> (Arc<Client>, Arc<Identity>) {
        let client = Arc::new(Client::new(&ClientSettings::new(url)).unwrap());
        let identity = Identity::new(credentials, &client, &repository()).unwrap();
        (client, Arc::new(identity))
    }

    /// The adapter that loses its patience soon.
    pub fn hasty_api(&self) -> GithubApi {
        let mut settings = ClientSettings::new(self.double.url());
        settings.read_timeout = Duration::from_millis(200);
        let client = Arc::new(Client::new(&settings).unwrap());
        let identity = Identity::new(Some(Credentials::Token(token())), &client, &repository()).unwrap();
        GithubApi::new(client, Arc::new(identity), repository())
    }

    /// A branch with a change, and the pull request to open for it.
    pub fn change<'a>(&self, branch: &'a str) -> NewPull<'a> {
        self.commit(branch, Some("dev"));
        NewPull { title: "Add workers", body: "Please **review**.", head: branch, base: "dev", draft: false }
    }
}

pub fn token() -> Token {
    Token::parse(TOKEN).unwrap()
}

pub fn repository() -> RepositoryName {
    RepositoryName::parse(OWNER, REPO).unwrap()
}
