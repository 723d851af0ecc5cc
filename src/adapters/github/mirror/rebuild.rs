//! Makes the mirror anew beside itself and swaps the two.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{BASE, Inner};
use crate::adapters::github::remote::Operation;
use crate::domain::error::VcsError;

/// How soon after a rebuild another one for damage is no use: what is wrong then is the remote's, or the disk's.
const PAUSE: Duration = Duration::from_secs(30);

/// When the mirror was last made anew for damage.
#[derive(Debug, Default)]
pub(super) struct LastRebuild(Mutex<Option<Instant>>);

impl LastRebuild {
    fn is_recent(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|last| last.elapsed() < PAUSE)
    }

    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

impl Inner {
    /// Makes the damaged mirror anew; `false` when that was done just now and is of no use.
    pub(super) async fn mend(self: &Arc<Self>, seen: u64, operation: &Operation) -> Result<bool, VcsError> {
        if self.generation.load(Ordering::Acquire) == seen {
            if self.rebuilt.is_recent() {
                return Ok(false);
            }
            self.rebuild(seen, true, operation).await?;
            self.rebuilt.note();
        }
        Ok(true)
    }

    /// Makes the mirror anew, unless another caller did so since it was the `seen`th. Others go on in the old one until the
    /// new one is complete.
    async fn rebuild(self: &Arc<Self>, seen: u64, patient: bool, operation: &Operation) -> Result<(), VcsError> {
        let turn = operation.bounded(Arc::clone(&self.rebuilding).lock_owned()).await?;
        if self.generation.load(Ordering::Acquire) != seen {
            return Ok(());
        }
        let within = operation.clone();
        let turn = self.blocking(operation, move |inner| {
            let fresh = inner.place.make_fresh()?;
            let base = inner.remote.fetch(&fresh, &inner.base, BASE, Some(1), &within)?;
            base.ok_or_else(|| inner.no_base()).map(|_| turn)
        });
        let turn = turn.await?;
        let alone = if patient {
            operation.bounded(Arc::clone(&self.swapping).write_owned()).await?
        } else {
            let busy = |_| VcsError::Unreachable("somebody is at work in it".to_owned());
            Arc::clone(&self.swapping).try_write_owned().map_err(busy)?
        };
        let swapped = self.blocking(operation, move |inner| {
            let _both = (turn, alone);
            inner.place.swap()?;
            inner.generation.fetch_add(1, Ordering::AcqRel);
            tracing::info!("made the mirror of the GitOps repository anew");
            Ok(())
        });
        swapped.await
    }

    /// Work on a blocking thread that needs no repository. It goes on to its end when the caller stops waiting.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        operation: &Operation,
        work: impl FnOnce(&Self) -> Result<T, VcsError> + Send + 'static,
    ) -> Result<T, VcsError> {
        let (inner, span) = (Arc::clone(self), tracing::Span::current());
        let job = tokio::task::spawn_blocking(move || span.in_scope(|| work(&inner)));
        let done = operation.bounded(job).await?;
        done.map_err(|error| VcsError::Unreachable(format!("making the mirror anew failed: {error}")))?
    }

    /// Makes the mirror anew when it has grown too large. It takes no more than half of the time that is left, waits for
    /// nobody who is at work in the mirror, and its failure is no reason to fail what was asked for: there will be a next time.
    pub(super) async fn slim(self: &Arc<Self>, operation: &Operation) {
        let generation = self.generation.load(Ordering::Acquire);
        let (packs, loose) = self.place.count();
        if packs <= self.pack_limit && loose <= self.loose_limit {
            return;
        }
        tracing::info!(packs, loose, "the mirror has grown too large");
        let left = operation.deadline.saturating_duration_since(Instant::now());
        let within = Operation { deadline: Instant::now() + left / 2, ..operation.clone() };
        if let Err(error) = self.rebuild(generation, false, &within).await {
            tracing::warn!(%error, "the mirror couldn't be made anew");
        }
    }
}
