//! Runs work on a repository off the async threads: one `Repository` per job, a bounded number of jobs at once.

use std::path::PathBuf;
use std::sync::Arc;

use git2::Repository;
use tokio::sync::Semaphore;
use tracing::Span;

use crate::domain::error::VcsError;

/// A bare repository's work place.
#[derive(Debug, Clone)]
pub struct Jobs {
    path: PathBuf,
    slots: Arc<Semaphore>,
}

impl Jobs {
    /// Jobs on the bare repository at `path`, at most `slots` at once.
    #[must_use]
    pub fn new(path: PathBuf, slots: usize) -> Self {
        Self { path, slots: Arc::new(Semaphore::new(slots)) }
    }

    /// Runs `work` on a blocking thread, inside the caller's span. It goes on to its end when the caller gives up waiting:
    /// a write is never cut in two by a client that hangs up.
    ///
    /// # Errors
    /// The work's own, or those of opening the repository.
    pub async fn run<T, F>(&self, work: F) -> Result<T, VcsError>
    where
        T: Send + 'static,
        F: FnOnce(&Repository) -> Result<T, VcsError> + Send + 'static,
    {
        let shutting_down = || VcsError::Unreachable("the service is shutting down".to_owned());
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| shutting_down())?;
        let (path, span) = (self.path.clone(), Span::current());
        let job = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            span.in_scope(|| work(&super::open(&path)?))
        });
        match job.await {
            Ok(outcome) => outcome,
            Err(stopped) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            Err(_) => Err(shutting_down()),
        }
    }
}
