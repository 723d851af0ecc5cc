//! What the forge's operations share: the settings, the memory of what was read, what is published to readers.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use git2::{Oid, Repository};

use super::LocalSettings;
use super::record::Record;
use crate::adapters::git::lock::ProcessLock;
use crate::adapters::git::refs;
use crate::domain::change::{CommitId, PullRequest};
use crate::domain::error::VcsError;
use crate::domain::snapshot::{Snapshot, SourceInfo};

/// Called between any two steps of a write with the step's name. Nothing in the service sets it: tests stop a process there.
pub type Step = Arc<dyn Fn(&'static str) + Send + Sync>;

/// What readers get without touching the repository.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) base: CommitId,
    pub(super) pull_requests: Arc<Snapshot<PullRequest, u64>>,
}

/// What tells cheaply that something moved: the base branch and the tips of our branches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signs {
    pub(super) tips: std::collections::BTreeMap<String, Oid>,
    pub(super) base: Oid,
}

/// What was read before and needn't be read again.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Records by number, with the blob that each was read from.
    pub(super) records: HashMap<u64, (Oid, Arc<Record>)>,
    /// For an open pull request: the head and the base commit for which it wasn't merged.
    pub(super) not_merged: HashMap<u64, (Oid, Oid)>,
    /// The signs at the last refresh.
    pub(super) signs: Option<Signs>,
    /// Refs written since refs were packed last: each is a file that every refresh opens.
    pub(super) loose: usize,
}

/// The forge without its threads: every method blocks.
pub(super) struct Core {
    pub(super) settings: LocalSettings,
    pub(super) path: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) source: SourceInfo,
    pub(super) published: ArcSwapOption<Published>,
    pub(super) step: Step,
    memory: Mutex<Memory>,
}

impl Core {
    pub(super) fn new(settings: LocalSettings, source: SourceInfo, step: Step) -> Self {
        let path = settings.destination.join(format!("{}.git", settings.repo));
        let lock = settings.destination.join(format!("{}.lock", settings.repo));
        // What an earlier process left loose isn't known, so the first sweep packs.
        let memory = Mutex::new(Memory { loose: 1, ..Memory::default() });
        let published = ArcSwapOption::empty();
        Self { settings, path, lock, source, published, step, memory }
    }

    /// Keeps other threads and processes from moving refs until it is dropped.
    pub(super) fn locked(&self) -> Result<ProcessLock, VcsError> {
        ProcessLock::take(&self.lock)
    }

    /// A panic elsewhere leaves at worst something to read again.
    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The base branch's ref.
    pub(super) fn base_ref(&self) -> String {
        refs::branch_ref(&self.settings.base)
    }

    /// The base branch's commit.
    pub(super) fn base(&self, repo: &Repository) -> Result<Oid, VcsError> {
        refs::tip(repo, &self.base_ref())?
            .ok_or_else(|| VcsError::Corrupt(format!("the base branch {} is gone", self.settings.base)))
    }

    /// Reads the signs. The tips first: who merges a branch and then deletes it must not be seen to have only deleted it.
    pub(super) fn signs(&self, repo: &Repository) -> Result<Signs, VcsError> {
        let tips = refs::below(repo, &format!("refs/heads/{}", self.settings.branch_prefix))?;
        Ok(Signs { tips, base: self.base(repo)? })
    }

    pub(super) fn step(&self, name: &'static str) {
        (self.step)(name);
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("settings", &self.settings).finish_non_exhaustive()
    }
}
