//! The loop that notices what others do to the repository: merges, pushes, deleted branches.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::LocalForge;
use super::core::Core;
use crate::domain::error::VcsError;
use crate::domain::ports::VersionControl as _;

/// How often the repository is looked at.
pub(super) const INTERVAL: Duration = Duration::from_millis(500);

/// How often everything is read, whether or not a sign of change was seen: another process may have opened a pull request
/// for a branch that was known, which moves no branch.
const FULL_READ: Duration = Duration::from_secs(10);

/// How often crashes of other processes are cleaned up after; our own are at start.
const SWEEP: Duration = Duration::from_secs(3600);

/// How many loose refs are let be: the next refresh opens each of them.
const LOOSE: usize = 200;

impl LocalForge {
    /// Keeps what readers get up to date until cancelled; sweeps at the start and every hour. A failure is logged, once per
    /// change of it, and the loop goes on: readers see the age of what they get.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut swept, mut read): (Option<Instant>, Option<Instant>) = (None, None);
        let mut failing: Option<String> = None;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let outcome = if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
                let report = self.sweep().await;
                if report.is_ok() {
                    swept = Some(Instant::now());
                }
                report.map(|report| {
                    if report != crate::domain::change::SweepReport::default() {
                        tracing::info!(report.resumed, report.deleted, "swept the GitOps repository");
                    }
                })
            } else {
                let full = read.is_none_or(|at| at.elapsed() >= FULL_READ);
                if full {
                    read = Some(Instant::now());
                }
                self.poll(full).await
            };
            let failure = outcome.err().map(|error| error.to_string());
            if failure != failing {
                if let Some(error) = &failure {
                    tracing::warn!(error, "the GitOps repository can't be read; trying again");
                } else {
                    tracing::info!("the GitOps repository can be read again");
                }
                failing = failure;
            }
        }
    }

    /// Looks once; reads everything when a sign moved.
    async fn poll(&self, full: bool) -> Result<(), VcsError> {
        let core = std::sync::Arc::clone(&self.core);
        let moved = self.jobs.run(move |repo| core.has_moved(repo)).await?;
        if moved || full {
            self.write_job(|core, repo| {
                let _lock = core.locked()?;
                core.refresh(repo)?;
                core.pack(repo, LOOSE)
            })
            .await?;
        }
        Ok(())
    }
}

impl Core {
    /// Whether the base branch or a branch of ours isn't where the last refresh saw it.
    pub(super) fn has_moved(&self, repo: &git2::Repository) -> Result<bool, VcsError> {
        let signs = self.signs(repo)?;
        let moved = self.memory().signs.as_ref() != Some(&signs);
        if !moved {
            // What is served is what the repository has; after a move, only the refresh can say so.
            self.source.contact.touch();
        }
        Ok(moved)
    }
}
