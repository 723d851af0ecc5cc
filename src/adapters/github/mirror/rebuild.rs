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
            self.rebuild(seen, operation).await?;
            self.rebuilt.note();
        }
        Ok(true)
    }

    /// Makes the mirror anew, unless another caller did so since it was the `seen`th.
    async fn rebuild(self: &Arc<Self>, seen: u64, operation: &Operation) -> Result<(), VcsError> {
        let alone = operation.bounded(Arc::clone(&self.swapping).write_owned()).await?;
        if self.generation.load(Ordering::Acquire) != seen {
            return Ok(());
        }
        let (inner, within) = (Arc::clone(self), operation.clone());
        let span = tracing::Span::current();
        let made = tokio::task::spawn_blocking(move || {
            let _alone = alone;
            span.in_scope(|| inner.make_anew(&within))
        });
        let made = operation.bounded(made).await?;
        made.map_err(|error| VcsError::Unreachable(format!("making the mirror anew failed: {error}")))?
    }

    fn make_anew(&self, operation: &Operation) -> Result<(), VcsError> {
        let fresh = self.place.make_fresh()?;
        self.remote.fetch(&fresh, &self.base, BASE, Some(1), operation)?.ok_or_else(|| self.no_base())?;
        drop(fresh);
        self.place.swap()?;
        self.generation.fetch_add(1, Ordering::AcqRel);
        tracing::info!("made the mirror of the GitOps repository anew");
        Ok(())
    }

    /// Makes the mirror anew when it has grown too large. A failure is no reason to fail what was asked for.
    pub(super) async fn slim(self: &Arc<Self>, operation: &Operation) {
        let generation = self.generation.load(Ordering::Acquire);
        let (packs, loose) = self.place.count();
        if packs <= self.pack_limit && loose <= self.loose_limit {
            return;
        }
        tracing::info!(packs, loose, "the mirror has grown too large");
        if let Err(error) = self.rebuild(generation, operation).await {
            tracing::warn!(%error, "the mirror couldn't be made anew");
        }
    }
}
