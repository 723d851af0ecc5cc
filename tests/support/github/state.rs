//! What the double remembers, and what it asks of git.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::faults::Faults;
use crate::support::git::{git, try_git};

pub const OWNER: &str = "acme";
pub const REPO: &str = "unicron";
/// The static token that is let in.
pub const TOKEN: &str = "ghp_0123456789abcdefSECRET";
pub const INSTALLATION_ID: u64 = 77;
/// The repository's id; a fork's is another.
pub const REPO_ID: u64 = 1;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Logged {
    pub method: String,
    pub path: String,
    pub body: Value,
}

/// A pull request.
#[derive(Debug, Clone)]
pub struct Pull {
    pub number: u64,
    pub title: String,
    pub body: Value,
    pub head: String,
    pub head_sha: String,
    /// The fork that its branch is in, by its id.
    pub fork: Option<u64>,
    pub base: String,
    pub open: bool,
    pub draft: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub merged_at: Option<Timestamp>,
    pub merge_commit: Option<String>,
    pub labels: BTreeSet<String>,
    pub reviewers: BTreeSet<String>,
    pub teams: BTreeSet<String>,
    pub assignees: BTreeSet<String>,
    /// What was put on it, in its order: the field of an event, and a name.
    pub events: Vec<(&'static str, String)>,
}

/// Everything.
pub struct State {
    bare: PathBuf,
    /// Where links lead: the double itself, or the proxy in front of it.
    pub public_url: String,
    pub pulls: BTreeMap<u64, Pull>,
    pub log: Vec<Logged>,
    pub(super) faults: Faults,
    /// Who can review and be assigned.
    pub people: BTreeSet<String>,
    pub teams: BTreeSet<String>,
    /// What the credentials may.
    pub can_write: bool,
    pub archived: bool,
    /// The installation tokens that were issued, with their ends.
    pub issued: BTreeMap<String, Timestamp>,
    /// How long the next installation token lasts.
    pub lifetime: SignedDuration,
    pub remaining: u64,
    /// The most of a page, whatever is asked for; small, so that a test has several.
    pub page_size: usize,
    /// The branches, as the last look at the repository found them.
    heads: BTreeMap<String, String>,
    next: u64,
    minted: u64,
    /// What was asked of git once: it stays so.
    contained: Mutex<BTreeMap<(String, String), bool>>,
}

impl State {
    pub(super) fn new(bare: &Path, public_url: String) -> Self {
        Self {
            bare: bare.to_owned(),
            public_url,
            pulls: BTreeMap::new(),
            log: Vec::new(),
            faults: Faults::default(),
            people: ["rev".to_owned(), "ada".to_owned()].into(),
            teams: ["platform".to_owned()].into(),
            can_write: true,
            archived: false,
            issued: BTreeMap::new(),
            lifetime: SignedDuration::from_hours(1),
            remaining: 5000,
            page_size: 100,
            heads: BTreeMap::new(),
            next: 1,
            minted: 0,
            contained: Mutex::default(),
        }
    }

    /// A branch's tip.
    pub fn tip(&self, branch: &str) -> Option<String> {
        let name = format!("refs/heads/{branch}^{{commit}}");
        let output = try_git(&self.bare, &["rev-parse", "--verify", "--quiet", &name]);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// A branch's tip at the last look.
    pub(super) fn head(&self, branch: &str) -> Option<String> {
        self.heads.get(branch).cloned()
    }

    /// Whether one commit is in the history of another.
    pub fn contains(&self, later: &str, earlier: &str) -> bool {
        let mut contained = self.contained.lock().unwrap();
        let asked = || try_git(&self.bare, &["merge-base", "--is-ancestor", earlier, later]).status.success();
        *contained.entry((later.to_owned(), earlier.to_owned())).or_insert_with(asked)
    }

    /// A new pull request, whatever it is; tests put others' in so.
    pub fn add(&mut self, title: &str, head: &str, base: &str, fork: Option<u64>) -> u64 {
        let number = self.next;
        self.next += 1;
        let now = now();
        let head_sha = self.tip(head).unwrap_or_else(|| "0".repeat(40));
        let pull = Pull {
            number,
            title: title.to_owned(),
            body: Value::Null,
            head: head.to_owned(),
            head_sha,
            fork,
            base: base.to_owned(),
            open: true,
            draft: false,
            created_at: now,
            updated_at: now,
            closed_at: None,
            merged_at: None,
            merge_commit: None,
            labels: BTreeSet::new(),
            reviewers: BTreeSet::new(),
            teams: BTreeSet::new(),
            assignees: BTreeSet::new(),
            events: Vec::new(),
        };
        self.pulls.insert(number, pull);
        self.hold(number);
        number
    }

    /// Keeps a pull request's newest commit as GitHub does, also when its branch is gone.
    fn hold(&self, number: u64) {
        let head = &self.pulls[&number].head_sha;
        if !head.bytes().all(|byte| byte == b'0') {
            git(&self.bare, &["update-ref", &format!("refs/pull/{number}/head"), head]);
        }
    }

    /// Takes over what happened in the repository: open pull requests follow their branch, are closed when it is deleted, and
    /// merged when the base has it.
    pub(super) fn follow(&mut self) {
        let heads = git(&self.bare, &["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads"]);
        let head =
            |line: &str| line.strip_prefix("refs/heads/")?.split_once(' ').map(|(name, tip)| (name.into(), tip.into()));
        let before = std::mem::replace(&mut self.heads, heads.lines().filter_map(head).collect());
        let open: Vec<u64> =
            self.pulls.values().filter(|pull| pull.open && pull.fork.is_none()).map(|pull| pull.number).collect();
        for number in open {
            let (head, base) = (self.pulls[&number].head.clone(), self.pulls[&number].base.clone());
            let moved = [&head, &base].iter().any(|branch| before.get(*branch) != self.heads.get(*branch));
            let (head, base) = (self.head(&head), self.head(&base));
            if !moved && head.as_ref() == Some(&self.pulls[&number].head_sha) {
                continue;
            }
            let merged = matches!((&head, &base), (Some(head), Some(base)) if self.contains(base, head));
            let pull = self.pulls.get_mut(&number).expect("it is there");
            match head {
                None => pull.end(None),
                Some(_) if merged => pull.end(base),
                Some(head) if head != pull.head_sha => {
                    pull.head_sha = head;
                    pull.updated_at = now();
                }
                Some(_) => {}
            }
            self.hold(number);
        }
    }

    pub(super) fn merge(&mut self, number: u64) {
        self.follow();
        let pull = self.pulls[&number].clone();
        assert!(pull.open, "{number} has ended");
        let base = self.tip(&pull.base).expect("the base branch is there");
        let tree = git(&self.bare, &["merge-tree", "--write-tree", &base, &pull.head_sha]);
        let message = format!("Merge pull request #{number}");
        let commit = git(&self.bare, &["commit-tree", tree.trim(), "-p", &base, "-p", &pull.head_sha, "-m", &message]);
        git(&self.bare, &["update-ref", &format!("refs/heads/{}", pull.base), commit.trim(), &base]);
        self.pulls.get_mut(&number).expect("it is there").end(Some(commit.trim().to_owned()));
    }

    /// Whether a bearer token opens the API: the static one, or an installation's that hasn't ended.
    pub(super) fn lets_in(&self, token: &str) -> bool {
        token == TOKEN || self.issued.get(token).is_some_and(|end| *end > Timestamp::now())
    }

    pub(super) fn issue(&mut self) -> (String, Timestamp) {
        self.minted += 1;
        let token = format!("ghs_{:06}installationSECRET", self.minted);
        let end = now().checked_add(self.lifetime).expect("a time of this century");
        self.issued.insert(token.clone(), end);
        (token, end)
    }
}

impl Pull {
    /// Puts something on it; what is there already is no event.
    pub(super) fn put(&mut self, field: &'static str, names: BTreeSet<String>) {
        let there = match field {
            "label" => &mut self.labels,
            "assignee" => &mut self.assignees,
            "requested_team" => &mut self.teams,
            _ => &mut self.reviewers,
        };
        let new: Vec<String> = names.into_iter().filter(|name| there.insert(name.clone())).collect();
        self.events.extend(new.into_iter().map(|name| (field, name)));
        self.updated_at = now();
    }

    /// Closed, or merged by a commit.
    pub(super) fn end(&mut self, merged: Option<String>) {
        let now = now();
        self.open = false;
        self.updated_at = now;
        self.closed_at = Some(now);
        self.merged_at = merged.as_ref().map(|_| now);
        self.merge_commit = merged;
    }
}

/// GitHub's times have whole seconds.
pub(super) fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).expect("a time of this century")
}
