//! How a store of a cluster does, for readiness and metrics.

use std::time::Duration;

use crate::domain::snapshot::SourceInfo;
use crate::domain::watch::Trouble;

/// How a store does.
pub struct Report<'a> {
    /// Whether there is something to show: a first complete list, or the knowledge that there can be none.
    pub settled: bool,
    /// What is wrong now.
    pub trouble: Option<Trouble>,
    /// Where the objects are from, how old they are, and the watches.
    pub source: &'a SourceInfo,
}

impl Report<'_> {
    /// Since the cluster was heard from; `None` when it never was.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        self.source.watches.iter().any(|watch| watch.contact.is_heard()).then(|| self.source.contact.age())
    }
}

/// A store that tells how it does.
pub trait Reported: Send + Sync + 'static {
    /// How it does now.
    fn report(&self) -> Report<'_>;
}
