//! A repository on the test server, with a checkout through which others change it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cre_backend_api::adapters::git::build::Author;
use cre_backend_api::adapters::git::error::vcs_error;
use cre_backend_api::adapters::github::Token;
use cre_backend_api::adapters::github::mirror::{Mirror, MirrorSettings};
use cre_backend_api::adapters::github::remote::{Limits, Operation, Remote};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::names::BranchName;
use git2::{FileMode, Oid, Repository};
use tempfile::TempDir;

use super::{SmartHttp, TOKEN};
use crate::support::git::{git, try_git};

/// A repository of a server, usually `org/repo.git`, with the base branch `dev`.
pub struct TestRemote {
    /// The server.
    pub server: SmartHttp,
    path: &'static str,
    checkout: TempDir,
    destinations: TempDir,
}

impl TestRemote {
    /// A repository with three commits of `dev`.
    pub fn start() -> Self {
        Self::serve(SmartHttp::start(), "org/repo.git")
    }

    /// The same on another server and path.
    pub fn serve(server: SmartHttp, path: &'static str) -> Self {
        let (checkout, destinations) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bare = server.root().join(path);
        std::fs::create_dir_all(&bare).unwrap();
        git(&bare, &["init", "--quiet", "--bare", "--initial-branch=dev"]);
        git(&bare, &["config", "http.receivepack", "true"]);
        git(checkout.path(), &["init", "--quiet", "--initial-branch=dev"]);
        git(checkout.path(), &["remote", "add", "origin", bare.to_str().unwrap()]);
        let remote = Self { server, path, checkout, destinations };
        for number in 1..=3 {
            remote.commit("dev", "nodegroups/a.yaml", &format!("{number}\n"));
        }
        remote
    }

    /// The bare repository.
    pub fn bare(&self) -> PathBuf {
        self.server.root().join(self.path)
    }

    /// The repository's address.
    pub fn url(&self) -> String {
        self.server.url(self.path)
    }

    /// Runs git in the bare repository.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.bare(), arguments).trim_end().to_owned()
    }

    /// Adds a commit to a branch by hand; gives its id.
    #[track_caller]
    pub fn commit(&self, branch: &str, path: &str, content: &str) -> Oid {
        let folder = self.checkout.path();
        let remote = format!("origin/{branch}");
        if try_git(folder, &["fetch", "--quiet", "origin", &format!("+refs/heads/{branch}:refs/remotes/{remote}")])
            .status
            .success()
        {
            git(folder, &["checkout", "--quiet", "--force", "-B", branch, &remote]);
        }
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
        git(folder, &["add", "--all"]);
        git(folder, &["commit", "--quiet", "--allow-empty", "--message", "by hand"]);
        git(folder, &["push", "--quiet", "origin", &format!("HEAD:refs/heads/{branch}")]);
        git(folder, &["rev-parse", "HEAD"]).trim().parse().unwrap()
    }

    /// Where a branch is.
    pub fn tip(&self, branch: &str) -> Option<Oid> {
        let found = try_git(&self.bare(), &["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")]);
        String::from_utf8(found.stdout).unwrap().trim().parse().ok()
    }

    /// Installs a hook that prints a text and ends with a code.
    pub fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.bare().join("hooks").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("#!/bin/sh\ncat >/dev/null\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Settings of a mirror in the folder `destination`.
    pub fn settings(&self, destination: &str) -> MirrorSettings {
        MirrorSettings::new(self.destinations.path().join(destination), self.url(), branch("dev"))
    }

    /// A mirror in a folder of its own.
    pub async fn mirror(&self, destination: &str) -> Mirror {
        Mirror::open(self.settings(destination)).await.unwrap()
    }

    /// The repository as our code addresses it.
    pub fn remote(&self) -> Remote {
        Remote::new(&self.url(), Limits::default()).unwrap()
    }

    /// A folder for a test's own use.
    pub fn folder(&self) -> &Path {
        self.destinations.path()
    }

    /// An operation with the right token and plenty of time.
    pub fn operation() -> Operation {
        Self::operation_as(TOKEN)
    }

    /// An operation with another token.
    pub fn operation_as(token: &str) -> Operation {
        Operation::within(Duration::from_secs(120), Token::parse(token).ok())
    }
}

/// A branch's name.
pub fn branch(name: &str) -> BranchName {
    BranchName::parse(name).unwrap()
}

/// Builds a commit on another that writes one file; its content names it, so that no two are alike.
pub fn commit_on(repo: &Repository, base: Oid, content: &str) -> Result<(Oid, ()), VcsError> {
    let make = || {
        let parent = repo.find_commit(base)?;
        let blob = repo.blob(content.as_bytes())?;
        let mut update = git2::build::TreeUpdateBuilder::new();
        let tree = update.upsert("secrets/new.yaml", blob, FileMode::Blob).create_updated(repo, &parent.tree()?)?;
        let author = Author::new("Backend", Some("backend@example.com"));
        let by = author.sign().unwrap();
        repo.commit(None, &by, &by, content, &repo.find_tree(tree)?, &[&parent])
    };
    make().map(|commit| (commit, ())).map_err(|error| vcs_error(&error))
}

/// Waits until something is so, while the runtime's other tasks go on.
pub async fn until(so: impl Fn() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it is so within a minute");
}
