//! Brings the pull requests up to date with the repository: reads them, decides their states, records what became of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use git2::{Oid, Repository};
use jiff::Timestamp;

use super::core::{Core, Published, Signs};
use super::merged::{Question, merged_at};
use super::record::{HIGHEST, Record, head_ref, meta_ref, parse_ref};
use crate::adapters::git::trailers::our_commit;
use crate::adapters::git::{commit_id, oid, refs};
use crate::domain::change::{ObjectKey, PullRequest, PullRequestState};
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;
use crate::domain::snapshot::{Invalid, Observed, Revision, Snapshot};

/// How long a closed pull request may still turn out to be merged: one push can delete the branch before it moves the base.
const GRACE: Duration = Duration::from_secs(10);

/// The repository's state, as a refresh left it.
pub(super) struct View {
    pub(super) signs: Signs,
    /// Readable records by number.
    pub(super) records: BTreeMap<u64, Arc<Record>>,
    /// The number after the highest that any ref has; `None` when that one is the last of all.
    pub(super) next_number: Option<u64>,
    /// Branches of merged and closed pull requests that this refresh deleted.
    pub(super) deleted: usize,
}

impl View {
    /// The open pull request of an object, or of its branch: after a change of the prefix, its branch has another name.
    pub(super) fn open_for(&self, key: &ObjectKey, branch: &BranchName) -> Option<&PullRequest> {
        self.records
            .values()
            .map(|record| &record.pull_request)
            .find(|pull| pull.state == PullRequestState::Open && (pull.key == *key || pull.branch == *branch))
    }

    /// Whether a commit of ours belongs to a pull request that is merged or closed.
    pub(super) fn is_settled(&self, commit: Oid) -> bool {
        let commit = commit_id(commit);
        self.records
            .values()
            .any(|record| record.pull_request.commit == commit && record.pull_request.state != PullRequestState::Open)
    }
}

/// One pull request's refs.
#[derive(Default)]
struct Refs {
    meta: Option<Oid>,
    head: Option<Oid>,
}

impl Core {
    /// Reads everything, records what changed, publishes it. The caller holds the process lock.
    pub(super) fn refresh(&self, repo: &Repository) -> Result<View, VcsError> {
        let mut signs = self.signs(repo)?;
        let mut pulls: BTreeMap<u64, Refs> = BTreeMap::new();
        for (name, oid) in refs::below(repo, "refs/pull")? {
            let Some((number, is_meta)) = parse_ref(&name) else { continue };
            let refs = pulls.entry(number).or_default();
            *(if is_meta { &mut refs.meta } else { &mut refs.head }) = Some(oid);
        }
        let mut records: BTreeMap<u64, (Oid, Arc<Record>)> = BTreeMap::new();
        let mut owners: HashMap<String, u64> = HashMap::new();
        for (number, found) in &pulls {
            let Some(meta) = found.meta else { continue };
            if let Some(record) = self.record(repo, *number, meta) {
                owners.insert(record.pull_request.branch.to_string(), *number);
                records.insert(*number, (meta, record));
            }
        }
        let mut deleted = 0;
        for (number, (meta, record)) in &mut records {
            let branch = record.pull_request.branch.to_string();
            let name = format!("refs/heads/{branch}");
            let owned = owners.get(&branch) == Some(number);
            let tip = match signs.tips.get(&name) {
                // Made under another prefix, which was the setting then.
                None if owned && !is_final(&record.pull_request) => refs::tip(repo, &name)?,
                tip => tip.copied().filter(|_| owned),
            };
            if is_final(&record.pull_request) {
                deleted += usize::from(self.delete_leftover(repo, record, tip, &mut signs)?);
                continue;
            }
            let head = pulls.get(number).and_then(|found| found.head);
            // A closed one doesn't follow its branch: what is there now may be a new change that isn't opened yet.
            let followed = tip.filter(|_| record.pull_request.state == PullRequestState::Open);
            let updated = match self.update(repo, record, followed, head, signs.base) {
                // One pull request whose objects somebody removed must not stop all others.
                Err(VcsError::Corrupt(reason)) => {
                    tracing::warn!(number, reason, "a pull request can't be brought up to date");
                    continue;
                }
                updated => updated?,
            };
            if updated != **record {
                let blob = updated.store(repo)?;
                refs::advance(repo, &meta_ref(*number), *meta, blob)?;
                self.memory().loose += 1;
                (*meta, *record) = (blob, Arc::new(updated));
            }
            deleted += usize::from(self.delete_leftover(repo, record, tip, &mut signs)?);
        }
        self.publish(&signs, &pulls, &records);
        let mut memory = self.memory();
        memory.records = records.iter().map(|(number, known)| (*number, known.clone())).collect();
        memory.signs = Some(signs.clone());
        drop(memory);
        let next_number = pulls.keys().next_back().copied().unwrap_or(0).checked_add(1).filter(|next| *next <= HIGHEST);
        let records = records.into_iter().map(|(number, (_, record))| (number, record)).collect();
        Ok(View { signs, records, next_number, deleted })
    }

    /// The record in a blob; read once.
    fn record(&self, repo: &Repository, number: u64, blob: Oid) -> Option<Arc<Record>> {
        let known = self.memory().records.get(&number).filter(|(known, _)| *known == blob).map(|(_, r)| Arc::clone(r));
        known.or_else(|| Record::load(repo, number, blob).map(Arc::new))
    }

    /// The record as it should be now: its head follows the branch, its state follows the base branch.
    fn update(
        &self,
        repo: &Repository,
        record: &Record,
        tip: Option<Oid>,
        head: Option<Oid>,
        base: Oid,
    ) -> Result<Record, VcsError> {
        let mut updated = record.clone();
        let pull = &mut updated.pull_request;
        let commit = oid(&pull.commit)?;
        let newest = tip.or(head).unwrap_or(commit);
        if head != Some(newest) {
            match head {
                Some(before) => refs::advance(repo, &head_ref(pull.number), before, newest)?,
                None => refs::create(repo, &head_ref(pull.number), newest)?,
            };
            let ours = our_commit(repo, newest, |trailers| trailers.key == pull.key)?;
            pull.commit = ours.map_or_else(|| pull.commit.clone(), |(ours, _)| commit_id(ours));
            if newest != commit {
                pull.updated_at = Timestamp::now();
            }
        }
        let known = self.memory().not_merged.get(&pull.number).copied();
        let question = Question {
            head: newest,
            base,
            built_on: oid(&pull.base_commit)?,
            asked_before: known.filter(|(head, _)| *head == newest).map(|(_, base)| base),
            paths: pull.files.iter().map(|(path, _)| path).collect(),
        };
        let merged = merged_at(repo, &question)?;
        let before = pull.state;
        if let Some(at) = merged {
            (pull.state, pull.merged_at) = (PullRequestState::Merged, Some(at));
            self.memory().not_merged.remove(&pull.number);
        } else {
            if tip.is_none() {
                pull.state = PullRequestState::Closed;
            }
            self.memory().not_merged.insert(pull.number, (newest, base));
        }
        if pull.state != before {
            pull.updated_at = Timestamp::now();
        }
        Ok(updated)
    }

    /// Deletes the branch of a merged or closed pull request, unless something newer is on it or branches are kept.
    fn delete_leftover(
        &self,
        repo: &Repository,
        record: &Record,
        tip: Option<Oid>,
        signs: &mut Signs,
    ) -> Result<bool, VcsError> {
        let pull = &record.pull_request;
        let Some(tip) = tip.filter(|_| pull.state != PullRequestState::Open && !self.settings.keep_branches) else {
            return Ok(false);
        };
        let ours = our_commit(repo, tip, |trailers| trailers.key == pull.key)?;
        if ours.map(|(commit, _)| commit_id(commit)).as_ref() != Some(&pull.commit) {
            return Ok(false);
        }
        let name = refs::branch_ref(&pull.branch);
        let deleted = refs::delete(repo, &name, tip)?;
        if deleted {
            signs.tips.remove(&name);
        }
        Ok(deleted)
    }

    fn publish(&self, signs: &Signs, pulls: &BTreeMap<u64, Refs>, records: &BTreeMap<u64, (Oid, Arc<Record>)>) {
        let mut items = BTreeMap::new();
        let mut identity = digest::Context::new(&digest::SHA256);
        for (number, found) in pulls {
            let item = match records.get(number) {
                Some((meta, record)) => {
                    identity.update(format!("{number} {meta}\n").as_bytes());
                    Observed::Valid(Arc::new(record.pull_request.clone()))
                }
                None if found.meta.is_some() => Observed::Invalid(Box::new(Invalid {
                    reason: format!("refs/pull/{number}/meta isn't a pull request of this service"),
                    manifest: None,
                })),
                None => continue,
            };
            items.insert(*number, item);
        }
        let base = commit_id(signs.base);
        let revision = Revision(format!("{}-{}", base.0, hex::encode(&identity.finish().as_ref()[..8])));
        let snapshot = Arc::new(Snapshot { revision, source: self.source.clone(), items });
        self.published.store(Some(Arc::new(Published { base, pull_requests: snapshot })));
        self.source.contact.touch();
    }
}

/// Whether a pull request's state can't change any more.
fn is_final(pull: &PullRequest) -> bool {
    match pull.state {
        PullRequestState::Open => false,
        PullRequestState::Merged => true,
        PullRequestState::Closed => Timestamp::now().duration_since(pull.updated_at).unsigned_abs() > GRACE,
    }
}
