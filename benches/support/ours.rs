//! Pull requests as the service makes them on GitHub: its adapter before a Git server and the double of GitHub's API.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cre_backend_api::adapters::git::build::Author;
use cre_backend_api::adapters::github::api::Decorations;
use cre_backend_api::adapters::github::identity::Credentials;
use cre_backend_api::adapters::github::{GIT_TIME, GithubForge, GithubSettings, IN_FLIGHT, Token};
use cre_backend_api::domain::change::{
    Action, ChangeSet, ChangeText, FileChange, Freshness, ObjectKey, ObjectKind, Proposed, RequestHash,
};
use cre_backend_api::domain::names::{Actor, BranchName, RepoPath};
use cre_backend_api::domain::ports::VersionControl as _;

use super::gitops::{self, Size};
use super::support::github::{GithubDouble, OWNER, REPO, TOKEN};
use super::support::smart_http::{SmartHttp, TestRemote};

/// A repository on GitHub, and the service's adapter on it.
pub struct Ours {
    /// The Git server.
    pub remote: TestRemote,
    double: GithubDouble,
    forge: GithubForge,
    destination: PathBuf,
    size: Size,
    /// How long the first fetch took, in which the mirror is made.
    pub first_fetch: Duration,
}

/// What a mirror takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// Blocks of the file system, in bytes.
    pub bytes: u64,
    /// Packs.
    pub packs: usize,
}

impl Ours {
    /// Makes a repository of this size, and a mirror of it.
    ///
    /// # Errors
    /// What failed.
    pub async fn start(size: Size) -> io::Result<Self> {
        let remote = TestRemote::serve(SmartHttp::start_for(TOKEN), "acme/unicron.git");
        gitops::fill(&remote.bare(), size)?;
        let double = GithubDouble::start(&remote.bare());
        let destination = remote.folder().join("gitops");
        let settings = GithubSettings {
            destination: destination.clone(),
            url: remote.server.url(""),
            api_url: double.url(),
            owner: OWNER.to_owned(),
            repo: REPO.to_owned(),
            base: BranchName::parse("dev").map_err(told)?,
            branch_prefix: "backend-api".to_owned(),
            keep_branches: false,
            author: Author::new("backend-api", None),
            credentials: Some(Credentials::Token(Token::parse(TOKEN).map_err(io::Error::other)?)),
            decorations: Decorations::default(),
            draft: false,
            poll: Duration::from_secs(60),
            git_time: GIT_TIME,
            in_flight: IN_FLIGHT,
            step: Arc::new(|_| {}),
        };
        let forge = GithubForge::open(settings).await.map_err(io::Error::other)?;
        let started = Instant::now();
        forge.base(Freshness::Fetched).await.map_err(told)?;
        Ok(Self { remote, double, forge, destination, size, first_fetch: started.elapsed() })
    }

    /// One request: the base branch as it is now, what is planned on it, and the pull request.
    ///
    /// # Errors
    /// What failed.
    pub async fn request(&self, name: &str, files: &[(String, String)]) -> io::Result<(Duration, u64)> {
        let started = Instant::now();
        let base = self.forge.base(Freshness::Fetched).await.map_err(told)?;
        let mut changes = Vec::new();
        for (path, content) in files {
            let path = RepoPath::parse(path).map_err(told)?;
            let expect = self.forge.read(&base, &path).await.map_err(told)?.map(|file| file.blob);
            changes.push(FileChange { path, expect, content: Some(content.clone().into_bytes()) });
        }
        let title = format!("Create nodegroup {name}");
        let change = ChangeSet {
            key: ObjectKey::parse(ObjectKind::Nodegroup, "team-a", name).map_err(told)?,
            cluster: None,
            action: Action::Create,
            base,
            files: changes,
            text: ChangeText { body: title.clone(), commit_message: title.clone(), title },
            actor: Actor::parse("ada").map_err(told)?,
            request_hash: RequestHash(hex::encode(name)),
        };
        match self.forge.propose(&change).await.map_err(told)? {
            Proposed::Opened(pull_request) => Ok((started.elapsed(), pull_request.number)),
            other => Err(io::Error::other(format!("not opened: {other:?}"))),
        }
    }

    /// A reviewer merges a pull request, and the service takes note and deletes its branch.
    ///
    /// # Errors
    /// What failed.
    pub async fn merge(&self, number: u64) -> io::Result<()> {
        self.double.merge(number);
        self.forge.base(Freshness::Fetched).await.map_err(told)?;
        let report = self.forge.sweep().await.map_err(told)?;
        if report.deleted == 1 { Ok(()) } else { Err(io::Error::other(format!("not swept: {report:?}"))) }
    }

    /// Somebody else moves the base branch.
    ///
    /// # Errors
    /// What failed.
    pub fn move_base(&self, version: usize) -> io::Result<()> {
        gitops::move_base(&self.remote.bare(), self.size, version)
    }

    /// What the folder of mirrors takes now.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn disk(&self) -> io::Result<Disk> {
        let mut disk = Disk { bytes: 0, packs: 0 };
        add(&self.destination, &mut disk)?;
        Ok(disk)
    }
}

fn add(path: &Path, disk: &mut Disk) -> io::Result<()> {
    let found = path.symlink_metadata()?;
    disk.bytes += found.blocks() * 512;
    disk.packs += usize::from(path.extension().is_some_and(|kind| kind == "pack"));
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            add(&entry?.path(), disk)?;
        }
    }
    Ok(())
}

fn told(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(error.to_string())
}
