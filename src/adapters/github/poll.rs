//! Keeps what readers get up to date: asks GitHub for pull requests and the base branch, reads the changes that are new.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use git2::Oid;
use tokio_util::sync::CancellationToken;

use super::api::Pull;
use super::known::{Carried, Known};
use super::{GithubForge, Published, Trouble};
use crate::adapters::git::commit_id;
use crate::domain::change::{CommitId, ObjectKey, PullRequest, PullRequestState};
use crate::domain::error::VcsError;
use crate::domain::snapshot::{Observed, Revision, Snapshot};

/// How often what crashes left is swept up; once at the start.
const SWEEP: Duration = Duration::from_secs(3600);
/// The first pause after a failure, before there was any contact.
const FIRST_RETRY: Duration = Duration::from_secs(1);

impl GithubForge {
    /// Keeps what readers get up to date until cancelled, and sweeps up at the start and every hour. A failure is logged, once
    /// per change of it, and the loop goes on: readers see the age of what they get.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut next_sweep = Instant::now();
        let mut failing: Option<String> = None;
        let mut retry = FIRST_RETRY;
        loop {
            let sweeps = Instant::now() >= next_sweep || self.sweep_soon.load(Ordering::Relaxed);
            let outcome = tokio::select! {
                () = cancel.cancelled() => return,
                outcome = self.look(sweeps) => outcome,
            };
            let pause = match &outcome {
                Ok(swept) => {
                    if let Some(again) = swept {
                        next_sweep = Instant::now() + *again;
                    }
                    retry = FIRST_RETRY;
                    self.settings.poll
                }
                // Whichever of the two halves is limited isn't asked before its time; the other one goes on.
                Err(VcsError::RateLimited { retry_after }) => self.settings.poll.min(*retry_after),
                Err(_) => {
                    retry = (retry * 2).min(self.settings.poll);
                    retry
                }
            };
            let failure = outcome.err().map(|error| error.to_string());
            if failure != failing {
                if let Some(error) = &failure {
                    tracing::warn!(error, repository = self.source.location, "GitHub can't be read");
                } else {
                    tracing::info!(repository = self.source.location, "GitHub can be read again");
                }
                failing = failure;
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Looks once. After a sweep: when to sweep again, soon when something was left alone because it is young.
    async fn look(&self, sweeps: bool) -> Result<Option<Duration>, VcsError> {
        self.refresh().await?;
        if !sweeps && !self.sweep_soon.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.sweep_soon.store(false, Ordering::Relaxed);
        let swept = self.sweep_branches().await;
        let (report, left) = swept.inspect_err(|_| self.sweep_soon.store(true, Ordering::Relaxed))?;
        if report != crate::domain::change::SweepReport::default() {
            tracing::info!(report.resumed, report.deleted, "swept the GitOps repository");
        }
        Ok(Some(if left { self.settings.in_flight } else { SWEEP }))
    }

    /// Asks GitHub now; callers at the same time share one look.
    pub(super) async fn refresh(&self) -> Result<(), VcsError> {
        let outcome = self.polling.share(Box::pin(self.read_all())).await;
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = outcome.as_ref().err().map(trouble);
        outcome
    }

    async fn read_all(&self) -> Result<(), VcsError> {
        let began = self.notes.load(Ordering::Acquire);
        let (base, listing) = tokio::join!(self.fetch_base(), self.api.poll(&self.settings.branch_prefix));
        let base = base?;
        let listing = match listing {
            Ok(listing) => listing,
            Err(error) => {
                // What is merged counts, also while the API keeps silent.
                if self.is_loaded() {
                    self.publish_at(Some(commit_id(base)));
                }
                return Err(error);
            }
        };
        let mut pulls: BTreeMap<u64, Pull> =
            listing.open.into_iter().chain(listing.ended).map(|pull| (pull.number, pull)).collect();
        // What was open and is in neither list ended long ago, in GitHub's eyes: so many others did since.
        let lost: Vec<u64> = {
            let known = self.known();
            let open = known.values().filter(|known| known.pull.state == PullRequestState::Open);
            open.map(|known| known.pull.number).filter(|number| !pulls.contains_key(number)).collect()
        };
        for number in lost {
            match self.api.get(number).await {
                Ok(pull) => _ = pulls.insert(number, pull),
                Err(VcsError::NoSuchPullRequest(_)) => _ = self.known().remove(&number),
                Err(error) => return Err(error),
            }
        }
        self.learn(pulls, began).await?;
        self.publish(base);
        Ok(())
    }

    async fn fetch_base(&self) -> Result<Oid, VcsError> {
        let operation = self.operation().await?;
        self.heard(self.mirror.fetch_base(&operation).await)
    }

    /// Reads the changes of pull requests that are new, or whose branch moved. What this process did to one since the look
    /// `began` is newer than what the look saw.
    async fn learn(&self, pulls: BTreeMap<u64, Pull>, began: u64) -> Result<(), VcsError> {
        let (mut unread, mut seen) = (Vec::new(), Vec::new());
        {
            let known = self.known();
            for pull in pulls.into_values() {
                match known.get(&pull.number) {
                    Some(old) if old.pull.head_sha == pull.head_sha => {
                        seen.push(Known { carried: old.carried.clone(), pull, noted: 0 });
                    }
                    _ => unread.push(pull),
                }
            }
        }
        if !unread.is_empty() {
            let operation = self.operation().await?;
            let numbers: Vec<u64> = unread.iter().map(|pull| pull.number).collect();
            let heads = self.mirror.fetch_pulls(&numbers, &operation).await?;
            let wanted: Vec<(Pull, Option<Oid>)> =
                unread.into_iter().map(|pull| (pull.clone(), heads.get(&pull.number).copied())).collect();
            let read = self.local(move |repo| {
                let read = |(pull, head): &(Pull, Option<Oid>)| {
                    // GitHub's API may be ahead of its Git server: what that doesn't have yet, the next look asks for again.
                    let Some(head) = head else { return Ok(None) };
                    let carried = Carried::find(repo, *head, |_| true)?;
                    Ok(Some(Known { pull: pull.clone(), carried, noted: 0 }))
                };
                wanted.iter().filter_map(|pull| read(pull).transpose()).collect::<Result<Vec<_>, VcsError>>()
            });
            seen.extend(read.await?);
        }
        let mut known = self.known();
        for entry in seen {
            if known.get(&entry.pull.number).is_some_and(|old| old.noted > began) {
                continue;
            }
            let was_open = known.get(&entry.pull.number).is_some_and(|old| old.pull.state == PullRequestState::Open);
            if was_open && entry.pull.state != PullRequestState::Open {
                self.sweep_soon.store(true, Ordering::Relaxed);
            }
            known.insert(entry.pull.number, self.checked(entry));
        }
        Ok(())
    }

    /// A change counts as ours only on the branch that its object has.
    fn checked(&self, mut entry: Known) -> Known {
        use crate::domain::ports::VersionControl as _;
        let belongs = |carried: &Carried| {
            self.branch(&carried.trailers.key).is_ok_and(|branch| branch.as_str() == entry.pull.head_ref)
        };
        entry.carried = entry.carried.take().filter(belongs);
        entry
    }

    /// Takes note of a pull request that this process saw or changed, so that readers see it at once.
    pub(super) fn note(&self, pull: Pull, carried: Carried) -> Result<PullRequest, VcsError> {
        let pull_request = carried.pull_request(&pull)?;
        let noted = self.notes.fetch_add(1, Ordering::AcqRel) + 1;
        self.known().insert(pull.number, Known { pull, carried: Some(carried), noted });
        self.publish_at(None);
        Ok(pull_request)
    }

    fn publish(&self, base: Oid) {
        self.publish_at(Some(commit_id(base)));
        self.source.contact.touch();
    }

    /// Publishes what is known, with the base branch where it is now, or where it was: nothing before the first look.
    pub(super) fn publish_at(&self, base: Option<CommitId>) {
        let mut identity = digest::Context::new(&digest::SHA256);
        // Held until it is published, so that no older state is published after a newer one.
        let known = self.known();
        let Some(base) = base.or_else(|| self.published.load().as_ref().map(|published| published.base.clone())) else {
            return;
        };
        let mut items = BTreeMap::new();
        for pull_request in known.values().filter_map(Known::pull_request) {
            // GitHub's times have whole seconds, in which more than one thing may happen.
            let PullRequest { number, updated_at, state, draft, title, base, .. } = &pull_request;
            identity.update(format!("{number} {updated_at} {} {draft} {base} {title}\n", state.as_str()).as_bytes());
            items.insert(pull_request.number, Observed::Valid(Arc::new(pull_request)));
        }
        let revision = Revision(format!("{}-{}", base.0, hex::encode(&identity.finish().as_ref()[..8])));
        let pull_requests = Arc::new(Snapshot { revision, source: self.source.clone(), items });
        self.published.store(Some(Arc::new(Published { base, pull_requests })));
    }

    /// The open pull request of an object, as far as it is known here.
    pub(super) fn open_for(&self, key: &ObjectKey) -> Option<PullRequest> {
        let known = self.known();
        let open = known.values().filter(|known| known.pull.state == PullRequestState::Open);
        open.filter_map(Known::pull_request).find(|pull_request| pull_request.key == *key)
    }
}

/// A fixed code for why GitHub can't be read.
fn trouble(error: &VcsError) -> Trouble {
    match error {
        VcsError::Refused { .. } => "refused",
        VcsError::RateLimited { .. } => "rate_limited",
        VcsError::TimedOut => "timed_out",
        _ => "unreachable",
    }
}
