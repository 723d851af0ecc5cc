//! A Git repository in memory: version control, and the stores of what its base branch declares.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::here;
use crate::domain::change::{
    BlobId, ChangeSet, CommitId, File, FileChange, Freshness, ObjectKey, ObjectKind, Proposed, PullRequest,
    PullRequestState, Repository, SweepReport,
};
use crate::domain::error::{StoreError, VcsError};
use crate::domain::manifest::{self, ManifestError};
use crate::domain::names::{BranchName, RepoPath};
use crate::domain::nodegroup::Nodegroup;
use crate::domain::ports::{NodegroupStore, SecretStore, VersionControl};
use crate::domain::secret::SecretSummary;
use crate::domain::snapshot::{Invalid, ManifestRef, Observed, Revision, Snapshot, SourceKind};

type Files = BTreeMap<String, String>;

/// A repository whose commits are numbered.
pub(crate) struct FakeGit(Mutex<State>);

struct State {
    commits: Vec<Files>,
    pull_requests: Vec<(PullRequest, Vec<FileChange>)>,
    /// How many of the next commits and proposals find the base moved.
    moves: usize,
    /// Pull requests that are merged as soon as somebody fetches.
    unseen_merges: Vec<u64>,
    /// What is asked of version control, in order.
    calls: Vec<&'static str>,
}

impl FakeGit {
    pub(crate) fn new(files: &[(&'static str, String)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.clone())).collect();
        let (pull_requests, unseen_merges, calls) = (Vec::new(), Vec::new(), Vec::new());
        Self(Mutex::new(State { commits: vec![files], pull_requests, moves: 0, unseen_merges, calls }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Lets the base branch move under the next writes.
    pub(crate) fn move_base(&self, times: usize) {
        self.state().moves = times;
    }

    /// The files of the base branch.
    pub(crate) fn files(&self) -> Files {
        self.state().commits.last().unwrap().clone()
    }

    /// How often something was asked of version control.
    pub(crate) fn count(&self, call: &str) -> usize {
        self.state().calls.iter().filter(|name| **name == call).count()
    }

    /// The files of a pull request, with their new content.
    pub(crate) fn proposed(&self, number: u64) -> Vec<(String, Option<String>)> {
        let state = self.state();
        let (_, files) = &state.pull_requests[usize::try_from(number).unwrap() - 1];
        let text = |content: &Vec<u8>| String::from_utf8(content.clone()).unwrap();
        files.iter().map(|file| (file.path.to_string(), file.content.as_ref().map(text))).collect()
    }

    pub(crate) fn merge(&self, number: u64) {
        self.state().merge(number);
    }

    /// Merges where this service hasn't looked yet.
    pub(crate) fn merge_unseen(&self, number: u64) {
        self.state().unseen_merges.push(number);
    }

    /// Lets a pull request be this old.
    pub(crate) fn age(&self, number: u64, age: SignedDuration) {
        self.state().pull_request(number).created_at = Timestamp::now() - age;
    }
}

impl State {
    fn pull_request(&mut self, number: u64) -> &mut PullRequest {
        &mut self.pull_requests[usize::try_from(number).unwrap() - 1].0
    }

    fn merge(&mut self, number: u64) {
        self.pull_request(number).state = PullRequestState::Merged;
        let files = self.pull_requests[usize::try_from(number).unwrap() - 1].1.clone();
        self.apply(&files);
    }

    fn apply(&mut self, files: &[FileChange]) {
        let mut tree = self.commits.last().unwrap().clone();
        for file in files {
            match &file.content {
                Some(content) => tree.insert(file.path.to_string(), String::from_utf8(content.clone()).unwrap()),
                None => tree.remove(file.path.as_str()),
            };
        }
        self.commits.push(tree);
    }

    fn head(&self) -> CommitId {
        CommitId((self.commits.len() - 1).to_string())
    }

    fn at(&self, commit: &CommitId) -> &Files {
        &self.commits[commit.0.parse::<usize>().unwrap()]
    }

    /// Whether what the change expects is so on the base branch.
    fn check(&mut self, change: &ChangeSet) -> Result<(), VcsError> {
        if self.moves > 0 {
            self.moves -= 1;
            self.apply(&[]);
            return Err(VcsError::BaseMoved);
        }
        let files = self.commits.last().unwrap();
        let holds = |file: &FileChange| files.get(file.path.as_str()).map(|text| blob(text)) == file.expect;
        if change.files.iter().all(holds) { Ok(()) } else { Err(VcsError::BaseMoved) }
    }

    fn pull_request_of(&self, change: &ChangeSet) -> PullRequest {
        PullRequest {
            number: u64::try_from(self.pull_requests.len()).unwrap() + 1,
            url: None,
            branch: branch(&change.key),
            base: BranchName::parse("dev").unwrap(),
            state: PullRequestState::Open,
            draft: false,
            title: change.text.title.clone(),
            action: change.action,
            key: change.key.clone(),
            cluster: change.cluster.clone(),
            requested_by: change.actor.clone(),
            commit: CommitId("proposed".to_owned()),
            base_commit: change.base.clone(),
            request_hash: change.request_hash.clone(),
            files: change.files.iter().map(|file| (file.path.clone(), file.action())).collect(),
            created_at: Timestamp::now(),
            updated_at: Timestamp::now(),
            merged_at: None,
        }
    }
}

/// A blob's id: the text's own, so that equal files have equal ids.
pub(crate) fn blob(text: &str) -> BlobId {
    BlobId(format!("{:x}", text.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))))
}

fn branch(key: &ObjectKey) -> BranchName {
    BranchName::parse(&format!("backend-api/{}/{}/{}", key.kind, key.namespace, key.name)).unwrap()
}

#[async_trait]
impl VersionControl for FakeGit {
    async fn base(&self, freshness: Freshness) -> Result<CommitId, VcsError> {
        let mut state = self.state();
        if freshness == Freshness::Fetched {
            state.calls.push("fetch");
            for number in std::mem::take(&mut state.unseen_merges) {
                state.merge(number);
            }
        }
        Ok(state.head())
    }

    async fn list<'a>(
        &'a self,
        at: &'a CommitId,
        under: Option<&'a RepoPath>,
    ) -> Result<Vec<(RepoPath, BlobId)>, VcsError> {
        let prefix = under.map_or_else(String::new, |under| format!("{under}/"));
        let state = self.state();
        let below = state.at(at).iter().filter(|(path, _)| path.starts_with(&prefix));
        Ok(below.filter_map(|(path, text)| Some((RepoPath::parse(path).ok()?, blob(text)))).collect())
    }

    async fn read<'a>(&'a self, at: &'a CommitId, path: &'a RepoPath) -> Result<Option<File>, VcsError> {
        let state = self.state();
        let text = state.at(at).get(path.as_str());
        Ok(text.map(|text| File { blob: blob(text), content: text.clone().into_bytes() }))
    }

    async fn propose<'a>(&'a self, change: &'a ChangeSet) -> Result<Proposed, VcsError> {
        let mut state = self.state();
        state.calls.push("propose");
        let open = state.pull_requests.iter().map(|(open, _)| open);
        let open = open.rev().find(|open| open.state == PullRequestState::Open && open.key == change.key).cloned();
        match open {
            Some(open) if open.request_hash == change.request_hash => return Ok(Proposed::Adopted(open)),
            Some(open) => return Err(VcsError::Conflict(Some(Box::new(open)))),
            None => state.check(change)?,
        }
        let pull_request = state.pull_request_of(change);
        state.pull_requests.push((pull_request.clone(), change.files.clone()));
        Ok(Proposed::Opened(pull_request))
    }

    async fn commit<'a>(&'a self, change: &'a ChangeSet) -> Result<CommitId, VcsError> {
        let mut state = self.state();
        state.calls.push("commit");
        state.check(change)?;
        state.apply(&change.files);
        Ok(state.head())
    }

    async fn pull_requests(&self) -> Result<Arc<Snapshot<PullRequest, u64>>, VcsError> {
        let state = self.state();
        let all = state.pull_requests.iter().map(|(pull_request, _)| pull_request);
        let items =
            all.map(|pull_request| (pull_request.number, Observed::Valid(Arc::new(pull_request.clone())))).collect();
        Ok(Arc::new(Snapshot { revision: Revision(state.head().0), source: here(SourceKind::Git), items }))
    }

    async fn withdraw(&self, number: u64) -> Result<PullRequest, VcsError> {
        let mut state = self.state();
        let pull_request = state.pull_request(number);
        match pull_request.state {
            PullRequestState::Merged => return Err(VcsError::WrongState("it is merged".to_owned())),
            PullRequestState::Open | PullRequestState::Closed => pull_request.state = PullRequestState::Closed,
        }
        Ok(pull_request.clone())
    }

    fn repository(&self) -> Repository {
        Repository { url: "here".to_owned(), base: BranchName::parse("dev").unwrap() }
    }

    fn branch(&self, key: &ObjectKey) -> Result<BranchName, VcsError> {
        Ok(branch(key))
    }

    async fn sweep(&self) -> Result<SweepReport, VcsError> {
        Ok(SweepReport::default())
    }
}

impl FakeGit {
    /// The objects of a kind that the base branch declares.
    fn declared<T>(
        &self,
        kind: ObjectKind,
        read: impl Fn(&serde_json::Value, ManifestRef) -> Result<T, ManifestError>,
    ) -> Arc<Snapshot<T>> {
        let state = self.state();
        let mut items = BTreeMap::new();
        for (path, text) in state.commits.last().unwrap() {
            let Ok(path) = RepoPath::parse(path) else { continue };
            let documents = manifest::documents(text.as_bytes()).unwrap();
            for document in documents.iter().filter(|document| manifest::kind(document) == Some(kind)) {
                let place = ManifestRef { path: path.clone(), blob: blob(text).0, documents: documents.len() };
                let observed = read(document, place.clone()).map_or_else(
                    |error| Observed::Invalid(Box::new(Invalid { reason: error.0, manifest: Some(place.clone()) })),
                    |object| Observed::Valid(Arc::new(object)),
                );
                items.insert(manifest::key(kind, document).unwrap(), observed);
            }
        }
        Arc::new(Snapshot { revision: Revision(state.head().0), source: here(SourceKind::Git), items })
    }
}

#[async_trait]
impl NodegroupStore for FakeGit {
    async fn snapshot(&self) -> Result<Arc<Snapshot<Nodegroup>>, StoreError> {
        Ok(self.declared(ObjectKind::Nodegroup, |document, place| {
            Ok(Nodegroup { manifest: Some(place), ..manifest::nodegroup::read(document)? })
        }))
    }
}

#[async_trait]
impl SecretStore for FakeGit {
    async fn snapshot(&self) -> Result<Arc<Snapshot<SecretSummary>>, StoreError> {
        Ok(self.declared(ObjectKind::Secret, |document, place| {
            Ok(SecretSummary { manifest: Some(place), ..manifest::read_secret(document)? })
        }))
    }
}
