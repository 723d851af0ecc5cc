//! A certificate from over the network: fetched in the background, served from memory, the last good one for as long as it must be.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::Timestamp;

use super::certificate::{CertificatePin, SealingCertificate};
use super::{CertificateSource, Current};
use crate::domain::error::SealError;

/// Gets a certificate's text from its place.
#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// The text, and where exactly it is from.
    ///
    /// # Errors
    /// What went wrong, as a sentence to follow [`Fetch::named`]; without credentials, and without what the server sent.
    async fn fetch(&self) -> Result<Fetched, String>;

    /// What to mend when it fails: a setting, or who is asked.
    fn named(&self) -> String;
}

/// What was fetched.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// A PEM text with a certificate in it.
    pub text: String,
    /// Where it is from, without credentials.
    pub from: String,
}

/// How often is asked, and how long an answer may take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The pause after a success; shortened by up to a tenth, so that replicas don't ask in step.
    pub every: Duration,
    /// The pause after a failure; it doubles with each further one, up to five minutes.
    pub again: Duration,
    /// How long one fetch may take.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let [every, again, patience] = [3600, 1, 20].map(Duration::from_secs);
        Self { every, again, patience }
    }
}

const LONGEST: Duration = Duration::from_secs(300);

impl Pace {
    /// The pause after so many failures in a row.
    fn pause(&self, failures: u32) -> Duration {
        let full = match failures {
            0 => self.every,
            failures => self.again.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST),
        };
        // Every `RandomState` has other keys: randomness without a dependency.
        let random = u32::try_from(RandomState::new().hash_one(()) % 1000).unwrap_or(0);
        full / 10 * 9 + full / 10 * random / 1000
    }
}

/// A certificate that is fetched, perhaps pinned.
pub struct FetchedCertificate<F> {
    origin: F,
    pin: Option<CertificatePin>,
    pace: Pace,
    failures: AtomicU32,
    state: ArcSwap<State>,
}

#[derive(Debug, Default, Clone)]
struct State {
    good: Option<Good>,
    failure: Option<String>,
}

#[derive(Debug, Clone)]
struct Good {
    certificate: Arc<SealingCertificate>,
    from: String,
    read_at: Timestamp,
}

impl<F: Fetch> FetchedCertificate<F> {
    /// The certificate of this place; nothing is fetched before [`CertificateSource::refresh`].
    #[must_use]
    pub fn new(origin: F, pin: Option<CertificatePin>, pace: Pace) -> Self {
        Self { origin, pin, pace, failures: AtomicU32::new(0), state: ArcSwap::default() }
    }

    async fn fetch(&self) -> Result<Good, String> {
        let patience = self.pace.patience;
        let late = |_| format!("no answer within {} seconds", patience.as_secs());
        let Fetched { text, from } = tokio::time::timeout(patience, self.origin.fetch()).await.map_err(late)??;
        let certificate = SealingCertificate::usable(&text, self.pin.as_ref(), Timestamp::now());
        let certificate = Arc::new(certificate.map_err(|reason| reason.to_string())?);
        Ok(Good { certificate, from, read_at: Timestamp::now() })
    }

    fn succeeded(&self, good: Good) {
        let state = self.state.load();
        let before = state.good.as_ref().map(|good| good.certificate.fingerprint());
        let (fingerprint, from) = (good.certificate.fingerprint(), &good.from);
        if before != Some(fingerprint) {
            tracing::info!(from, fingerprint, before, "secrets are sealed with this certificate from now on");
        } else if state.failure.is_some() {
            tracing::info!(from, fingerprint, "the sealing certificate can be fetched again");
        }
        self.state.store(Arc::new(State { good: Some(good), failure: None }));
    }

    fn failed(&self, reason: String) {
        let state = self.state.load();
        // Once for each reason, not at each attempt.
        if state.failure.as_ref() != Some(&reason) {
            let (from, kept) = (self.origin.named(), state.good.is_some());
            tracing::warn!(from, reason, kept, "the sealing certificate can't be fetched");
        }
        self.state.store(Arc::new(State { good: state.good.clone(), failure: Some(reason) }));
    }
}

#[async_trait]
impl<F: Fetch> CertificateSource for FetchedCertificate<F> {
    async fn current(&self) -> Result<Current, SealError> {
        let state = self.state.load();
        match (&state.good, &state.failure) {
            (Some(good), failure) => Ok(Current {
                certificate: good.certificate.clone(),
                source: good.from.clone(),
                read_at: good.read_at,
                failing: failure.is_some(),
                mend: self.origin.named(),
            }),
            (None, Some(reason)) => Err(SealError::NoCertificate(format!("{}: {reason}", self.origin.named()))),
            (None, None) => Err(SealError::NotReady),
        }
    }

    async fn refresh(&self) -> Duration {
        match self.fetch().await {
            Ok(good) => {
                let left = good.certificate.not_after().duration_since(Timestamp::now());
                self.succeeded(good);
                self.failures.store(0, Ordering::Relaxed);
                // The next one may be there at the very moment that this one ends.
                let left = Duration::try_from(left).unwrap_or_default().max(self.pace.again);
                self.pace.pause(0).min(left)
            }
            Err(reason) => {
                self.failed(reason);
                let failures = self.failures.load(Ordering::Relaxed).saturating_add(1);
                self.failures.store(failures, Ordering::Relaxed);
                self.pace.pause(failures)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_an_hour_after_a_success_and_double_up_to_five_minutes_after_failures() {
        let pace = Pace::default();
        for (failures, full) in [(0, 3600), (1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (u32::MAX, 300)] {
            let full = Duration::from_secs(full);
            let pause = pace.pause(failures);
            assert!(pause <= full && pause >= full / 10 * 9, "{failures}: {pause:?}");
        }
        let pauses: std::collections::BTreeSet<_> = (0..20).map(|_| pace.pause(0)).collect();
        assert!(pauses.len() > 1, "replicas would ask in step");
    }
}
