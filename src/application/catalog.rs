//! The instance types as they are served: loaded at start, kept up to date, and never replaced by a worse load.

mod backoff;
mod guard;
mod metrics;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::backoff::Backoff;
use crate::domain::error::{Failure, SourceError};
use crate::domain::instance_type::{Catalog, IngestReport};
use crate::domain::ports::{InstanceTypeSource, Load};
use crate::domain::snapshot::SourceInfo;

/// A catalogue in service.
#[derive(Debug)]
pub struct LoadedCatalog {
    /// The types.
    pub catalog: Catalog,
    /// How their file was read.
    pub report: IngestReport,
    /// When.
    pub loaded_at: Timestamp,
}

/// Where the types come from and how old they are; what `/source` and readiness show.
#[derive(Debug, Clone)]
pub struct CatalogStatus {
    /// The source.
    pub source: SourceInfo,
    /// What is served; `None` before the first load.
    pub current: Option<Arc<LoadedCatalog>>,
    /// When the source was last looked at with success; `None` before the first load.
    pub checked_at: Option<Timestamp>,
    /// Time since what is served was last known to be what the source has.
    pub age: Duration,
    /// Whether that is too long ago.
    pub stale: bool,
    /// Why the last load failed or was refused; `None` after a good one.
    pub last_error: Option<String>,
}

/// The last load's failure, and since when loads fail.
#[derive(Debug, Clone)]
struct Trouble {
    message: String,
    since: Timestamp,
}

/// The use case: answers from memory, and updates itself while [`InstanceTypes::run`] runs.
pub struct InstanceTypes {
    source: Arc<dyn InstanceTypeSource>,
    min_keep: f64,
    current: ArcSwapOption<LoadedCatalog>,
    trouble: Mutex<Option<Trouble>>,
    reload: Notify,
}

impl InstanceTypes {
    /// A use case without types yet. `min_keep` is the share of the last types, and of the last prices, below which a load is refused.
    #[must_use]
    pub fn new(source: Arc<dyn InstanceTypeSource>, min_keep: f64) -> Self {
        metrics::describe();
        Self { source, min_keep, current: ArcSwapOption::empty(), trouble: Mutex::new(None), reload: Notify::new() }
    }

    /// What is served now; `None` before the first load.
    #[must_use]
    pub fn current(&self) -> Option<Arc<LoadedCatalog>> {
        self.current.load_full()
    }

    /// What is served now.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] before the first load.
    pub fn loaded(&self) -> Result<Arc<LoadedCatalog>, Failure> {
        self.current().ok_or_else(|| Failure::Unavailable {
            message: "the instance types aren't loaded yet; GET /api/instance_types/source tells why".to_owned(),
            retry_after: Duration::from_secs(2),
        })
    }

    /// Where the types come from and how old they are.
    #[must_use]
    pub fn status(&self) -> CatalogStatus {
        let source = self.source.info();
        let current = self.current();
        let trouble = self.trouble().clone();
        // A source that answers, but with nothing usable, confirms nothing: what is served ages from the first failure on.
        let failing = trouble.as_ref().map_or(Duration::ZERO, |trouble| since(trouble.since));
        let age = source.contact.age().max(failing);
        CatalogStatus {
            checked_at: current.as_ref().map(|_| source.contact.at()),
            age,
            stale: age > source.stale_after,
            last_error: trouble.map(|trouble| trouble.message),
            current,
            source,
        }
    }

    /// Tells in metrics what changes by itself; for whoever is about to write them.
    pub fn observe(&self) {
        if self.current.load().is_some() {
            metrics::aged(self.status().age);
        }
    }

    /// Asks for a load now, even of a source that looks unchanged: what SIGHUP does.
    pub fn request_reload(&self) {
        self.reload.notify_one();
    }

    /// Loads at once, then whenever the source changed, a reload is asked for, or a failure is to be tried again; until cancelled.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut backoff = Backoff::default();
        let mut forced = false;
        loop {
            let retry = tokio::select! {
                () = cancel.cancelled() => return,
                outcome = self.load(forced) => match outcome {
                    Ok(()) => { backoff.reset(); None }
                    // The same content would be refused again.
                    Err(SourceError::Refused(_)) => None,
                    Err(_) => Some(backoff.next()),
                },
            };
            forced = tokio::select! {
                () = cancel.cancelled() => return,
                () = self.reload.notified() => true,
                () = self.source.changed() => false,
                () = pause(retry) => false,
            };
        }
    }

    /// Loads once; a failure is remembered and logged, and leaves what is served as it is.
    ///
    /// # Errors
    /// The source's, or [`SourceError::Refused`] when what it gave isn't believable after what is served.
    pub async fn load(&self, forced: bool) -> Result<(), SourceError> {
        let current = self.current();
        let seen = current.as_ref().filter(|_| !forced).map(|current| &current.catalog.revision);
        let outcome = match self.source.load(seen).await {
            Ok(Load::Unchanged) => Ok(None),
            Ok(Load::Loaded(catalog, report)) => guard::accept(current.as_deref(), &catalog, self.min_keep)
                .map(|()| Some(LoadedCatalog { catalog, report, loaded_at: Timestamp::now() })),
            Err(error) => Err(error),
        };
        metrics::looked(outcome.as_ref().map(Option::is_some));
        match outcome {
            Ok(loaded) => {
                *self.trouble() = None;
                if let Some(loaded) = loaded {
                    self.serve(loaded);
                }
                Ok(())
            }
            Err(error) => {
                self.note(&error, current.is_some());
                Err(error)
            }
        }
    }

    fn serve(&self, loaded: LoadedCatalog) {
        let LoadedCatalog { catalog, report, loaded_at } = &loaded;
        info!(
            source = self.source.info().location,
            version = catalog.version,
            rows = report.rows,
            kept = report.kept,
            dropped = ?report.dropped,
            unpriced = report.unpriced,
            bytes = report.bytes,
            seconds = report.seconds,
            "instance types loaded"
        );
        let before = self.current.load();
        metrics::served(catalog, report, before.as_ref().map(|before| &before.report), loaded_at.as_second());
        self.current.store(Some(Arc::new(loaded)));
    }

    fn note(&self, error: &SourceError, serving: bool) {
        let message = error.to_string();
        warn!(
            source = self.source.info().location,
            error = message,
            serving_last_good = serving,
            "instance types not loaded"
        );
        let mut trouble = self.trouble();
        let since = trouble.as_ref().map_or_else(Timestamp::now, |trouble| trouble.since);
        *trouble = Some(Trouble { message, since });
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Time since then; zero if the clock went backwards.
fn since(then: Timestamp) -> Duration {
    Duration::try_from(Timestamp::now().duration_since(then)).unwrap_or(Duration::ZERO)
}

/// Waits before the next attempt; for ever when none is due.
async fn pause(retry: Option<Duration>) {
    match retry {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
