//! What these tests share: a forge in a temporary folder, changes, and the git command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cre_backend_api::adapters::git::build::Author;
use cre_backend_api::adapters::local::{LocalForge, LocalSettings};
use cre_backend_api::domain::change::{
    Action, BlobId, ChangeSet, ChangeText, CommitId, FileChange, Freshness, ObjectKey, ObjectKind, Proposed,
    PullRequest, PullRequestState, RequestHash,
};
use cre_backend_api::domain::names::{Actor, BranchName, ClusterName, RepoPath};
use cre_backend_api::domain::ports::VersionControl as _;
use cre_backend_api::domain::snapshot::Observed;

pub fn mk_settings(destination: &Path) -> LocalSettings {
    LocalSettings {
        destination: destination.to_owned(),
        repo: "unicron".into(),
        base: BranchName::parse("dev").unwrap(),
        branch_prefix: "backend-api".into(),
        keep_branches: false,
        author: Author::new("cre-backend-api", None),
        keep_folders: vec![Some(path("nodegroups")), Some(path("secrets"))],
    }
}

pub fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

/// A forge in a folder of its own.
pub struct TestForge {
    pub forge: LocalForge,
    pub folder: tempfile::TempDir,
}

impl TestForge {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(edit: impl FnOnce(&mut LocalSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = mk_settings(&folder.path().join("gitops"));
        edit(&mut settings);
        Self { forge: LocalForge::open(settings).await.unwrap(), folder }
    }

    /// Another forge on the same folder, as a second process has it.
    pub async fn another(&self) -> LocalForge {
        LocalForge::open(mk_settings(&self.folder.path().join("gitops"))).await.unwrap()
    }

    /// The git command, in the bare repository.
    pub fn git(&self, args: &[&str]) -> String {
        git(self.forge.path(), args)
    }

    /// A clone to work in; of the base branch.
    pub fn clone(&self) -> PathBuf {
        let work = self.folder.path().join("work");
        if !work.exists() {
            git(self.folder.path(), &["clone", "--quiet", self.forge.path().to_str().unwrap(), "work"]);
        }
        work
    }

    /// Puts a file on the base branch, as a person does.
    pub fn push_file(&self, file: &str, content: &str) {
        let work = self.clone();
        git(&work, &["pull", "--quiet", "origin", "dev"]);
        std::fs::create_dir_all(work.join(file).parent().unwrap()).unwrap();
        std::fs::write(work.join(file), content).unwrap();
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "--quiet", "-m", "By hand"]);
        git(&work, &["push", "--quiet", "origin", "HEAD:dev"]);
    }

    /// Merges a branch into the base branch with `git merge <flags>` in a clone, and pushes it.
    pub fn merge(&self, branch: &BranchName, flags: &[&str]) {
        let work = self.clone();
        git(&work, &["fetch", "--quiet", "--prune", "origin"]);
        git(&work, &["reset", "--quiet", "--hard", "origin/dev"]);
        git(&work, &[&["merge", "--quiet"], flags, &[&format!("origin/{branch}")]].concat());
        if flags.contains(&"--squash") {
            git(&work, &["commit", "--quiet", "-m", "Squashed"]);
        }
        git(&work, &["push", "--quiet", "origin", "HEAD:dev"]);
    }

    pub async fn base(&self) -> CommitId {
        self.forge.base(Freshness::Fetched).await.unwrap()
    }

    /// A change that creates, updates or deletes a nodegroup's file, as the base branch has it now.
    pub async fn change(&self, name: &str, content: Option<&str>) -> ChangeSet {
        let base = self.base().await;
        let file = path(&format!("nodegroups/team-a/{name}.yaml"));
        let before = self.forge.read(&base, &file).await.unwrap().map(|file| file.blob);
        mk_change(name, base, before, content)
    }

    pub async fn open(&self, change: &ChangeSet) -> PullRequest {
        match self.forge.propose(change).await.unwrap() {
            Proposed::Opened(pull) => pull,
            other => panic!("not opened: {other:?}"),
        }
    }

    /// A pull request as it is published after the repository was looked at.
    pub async fn pull(&self, number: u64) -> PullRequest {
        self.forge.base(Freshness::Fetched).await.unwrap();
        published(&self.forge, number).await.unwrap()
    }

    pub async fn state(&self, number: u64) -> PullRequestState {
        self.pull(number).await.state
    }

    pub fn branches(&self) -> Vec<String> {
        self.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads/backend-api"])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    pub fn pull_refs(&self) -> Vec<String> {
        self.git(&["for-each-ref", "--format=%(refname)", "refs/pull"]).lines().map(str::to_owned).collect()
    }
}

pub async fn published(forge: &LocalForge, number: u64) -> Option<PullRequest> {
    match forge.pull_requests().await.unwrap().items.get(&number)? {
        Observed::Valid(pull) => Some((**pull).clone()),
        Observed::Invalid(invalid) => panic!("{invalid:?}"),
    }
}

pub fn mk_change(name: &str, base: CommitId, expect: Option<BlobId>, content: Option<&str>) -> ChangeSet {
    let action = match (&expect, content) {
        (_, None) => Action::Delete,
        (None, Some(_)) => Action::Create,
        (Some(_), Some(_)) => Action::Update,
    };
    let title = format!("{} nodegroup {name}", action.as_str());
    ChangeSet {
        key: ObjectKey::parse(ObjectKind::Nodegroup, "team-a", name).unwrap(),
        cluster: Some(ClusterName::parse("prod").unwrap()),
        action,
        base,
        files: vec![FileChange {
            path: path(&format!("nodegroups/team-a/{name}.yaml")),
            expect,
            content: content.map(|content| content.as_bytes().to_vec()),
        }],
        text: ChangeText { body: format!("Body of {title}"), commit_message: format!("{title}\n\nWhy."), title },
        actor: Actor::parse("alice").unwrap(),
        request_hash: RequestHash(hash_of(content.unwrap_or("delete"))),
    }
}

/// Stands in for the keyed hash: equal for equal content.
fn hash_of(content: &str) -> String {
    hex::encode(content)
}

/// Runs the git command with an environment and a configuration of its own, so that an inherited `GIT_DIR` can't lead it to
/// another repository; panics with what it said when it fails.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", std::env::temp_dir()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Rita").env(format!("GIT_{role}_EMAIL"), "rita@example.com");
    }
    command.args(["-c", "advice.detachedHead=false", "-c", "protocol.file.allow=always"]).args(args);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Waits until something is so, and tells how long it took.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) -> Duration {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < Duration::from_secs(30), "never {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}
