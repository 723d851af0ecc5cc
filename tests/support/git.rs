//! Plain git, as a reviewer uses it: a clone of the GitOps repository, merges, pushes; and a look into the repository.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::process::{TestApp, wait_for};

/// Where an app keeps its repository.
pub fn repository(app: &TestApp) -> PathBuf {
    app.path(".gitops/unicron.git")
}

/// Runs git in a folder, undisturbed by the machine's settings.
pub fn try_git(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Rev Iewer").env(format!("GIT_{role}_EMAIL"), "rev@example.com");
    }
    command.args(arguments).stdin(Stdio::null()).output().expect("git runs")
}

/// What git prints, when it succeeds.
#[track_caller]
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = try_git(folder, arguments);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every ref with its object: equal before and after, when nothing was written.
#[track_caller]
pub fn refs(app: &TestApp) -> String {
    git(&repository(app), &["for-each-ref", "--format=%(refname) %(objectname)"])
}

/// The branches of changes.
#[track_caller]
pub fn change_branches(app: &TestApp) -> Vec<String> {
    let refs = git(&repository(app), &["for-each-ref", "--format=%(refname:short)", "refs/heads/backend-api"]);
    refs.lines().map(str::to_owned).collect()
}

/// Fails when an object or a ref of the repository is damaged.
#[track_caller]
pub fn fsck(app: &TestApp) {
    let output = try_git(&repository(app), &["fsck", "--full", "--strict"]);
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    // What a write that was cut off left unreachable is no damage, and neither is the age of a setting's name.
    let harmless = ["dangling ", "notice: ", "warning: core.fsyncObjectFiles is deprecated"];
    let damage: Vec<&str> = told.lines().filter(|line| !harmless.iter().any(|start| line.starts_with(start))).collect();
    assert!(output.status.success() && damage.is_empty(), "{told}");
}

/// A reviewer's clone.
pub struct Checkout {
    folder: TempDir,
}

impl Checkout {
    /// Clones an app's repository.
    #[track_caller]
    pub fn of(app: &TestApp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &["clone", "--quiet", repository(app).to_str().unwrap(), "."]);
        Self { folder }
    }

    /// The clone's folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs git in the clone.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    /// The base branch as it is now.
    #[track_caller]
    pub fn update(&self) -> &Self {
        self.git(&["fetch", "--quiet", "--prune"]);
        self.git(&["checkout", "--quiet", "-B", "dev", "origin/dev"]);
        self
    }

    /// Merges a branch with a merge commit and pushes.
    #[track_caller]
    pub fn merge(&self, branch: &str) {
        self.update();
        self.git(&["merge", "--quiet", "--no-ff", "--no-edit", &format!("origin/{branch}")]);
        self.push();
    }

    /// Merges a branch as one commit of its own, which leaves the branch unmerged in Git's eyes, and pushes.
    #[track_caller]
    pub fn squash(&self, branch: &str) {
        self.update();
        self.git(&["merge", "--quiet", "--squash", &format!("origin/{branch}")]);
        self.git(&["commit", "--quiet", "--message", "squashed"]);
        self.push();
    }

    /// Deletes a branch of the repository.
    #[track_caller]
    pub fn delete(&self, branch: &str) {
        self.git(&["push", "--quiet", "origin", "--delete", branch]);
    }

    /// Writes a file on the base branch and pushes.
    #[track_caller]
    pub fn commit_file(&self, path: &str, content: &str) {
        self.update();
        let file = self.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
        self.commit_all();
    }

    /// Commits whatever stands in the folder, and pushes.
    #[track_caller]
    pub fn commit_all(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "by hand"]);
        self.push();
    }

    /// Pushes the base branch.
    #[track_caller]
    pub fn push(&self) {
        self.git(&["push", "--quiet", "origin", "dev"]);
    }

    /// A file of a branch.
    #[track_caller]
    pub fn show(&self, branch: &str, path: &str) -> String {
        self.git(&["fetch", "--quiet", "--prune"]);
        self.git(&["show", &format!("origin/{branch}:{path}")])
    }

    /// Merges the pull request that a write answered with, and waits until the service says so.
    #[track_caller]
    pub fn merge_pull_request(&self, app: &TestApp, answer: &Value) {
        let pull_request = &answer["pull_request"];
        self.merge(pull_request["branch"].as_str().unwrap_or_else(|| panic!("no pull request: {answer}")));
        wait_for_state(app, pull_request["number"].as_u64().unwrap(), "merged");
    }
}

/// Waits until a pull request is in a state, and returns it.
#[track_caller]
pub fn wait_for_state(app: &TestApp, number: u64, state: &str) -> Value {
    wait_for(state, || {
        let pull_request = app.get(&format!("/api/pull_requests/{number}")).json();
        (pull_request["state"] == state).then_some(pull_request)
    })
}
