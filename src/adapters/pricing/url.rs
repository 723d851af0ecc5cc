//! An offer file behind a URL, or behind AWS's list of regions: asked for at an interval, and read only when it is another one.

mod body;
mod client;
mod index;
mod reach;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;

use self::body::Bounds;
use self::client::{Answer, Client, Named, Patience, Rules, Validators};
use super::interval::Interval;
use crate::domain::error::SourceError;
use crate::domain::ports::{InstanceTypeSource, Load};
use crate::domain::snapshot::{Contact, Revision, SourceInfo, SourceKind};
use crate::outbound::location;

/// What fetching may take.
#[derive(Debug, Clone, Copy)]
pub struct UrlLimits {
    /// Bytes of the file as it is sent; the largest region's has 450 MB, gzipped a tenth of it.
    pub bytes: u64,
    /// Until a connection stands.
    pub connect: Duration,
    /// Until the answer's head.
    pub head: Duration,
    /// Silence while the body arrives.
    pub idle: Duration,
    /// The whole load: the largest region's file at 2 Mbit/s.
    pub whole: Duration,
}

impl Default for UrlLimits {
    fn default() -> Self {
        let [connect, head, idle, whole] = [10, 30, 60, 1800].map(Duration::from_secs);
        Self { bytes: 4 << 30, connect, head, idle, whole }
    }
}

/// Where the price list is and how it is asked for.
pub struct UrlSettings {
    /// An offer file, or a `region_index.json`.
    pub url: Url,
    /// Which offer file of an index.
    pub region: String,
    /// Whether the URL itself may be plain http and private.
    pub allow_private: bool,
    /// How often it is asked for.
    pub interval: Interval,
    /// What fetching may take.
    pub limits: UrlLimits,
}

/// An offer file behind a URL.
pub struct UrlSource {
    url: Url,
    region: String,
    interval: Interval,
    limits: UrlLimits,
    client: Client,
    contact: Arc<Contact>,
    known: Mutex<Option<Known>>,
}

/// What the last load brought.
#[derive(Clone)]
struct Known {
    revision: Revision,
    version: Option<String>,
    /// How the server recognises the index.
    index: Validators,
    /// Where the offer file is.
    offer: Url,
    /// How the server recognises it.
    validators: Validators,
}

impl UrlSource {
    /// A source that nobody was asked for yet.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the URL, without repeating it.
    pub fn new(settings: UrlSettings) -> Result<Self, String> {
        let rules = Rules { allow_private: settings.allow_private, ..Rules::default() };
        Self::with_rules(settings, rules)
    }

    fn with_rules(settings: UrlSettings, rules: Rules) -> Result<Self, String> {
        let UrlSettings { url, region, interval, limits, .. } = settings;
        let client = Client::new(rules, Patience { connect: limits.connect, head: limits.head })?;
        client.check(&url, Named::ByUs)?;
        Ok(Self { url, region, interval, limits, client, contact: Arc::new(Contact::now()), known: Mutex::default() })
    }

    /// What is known of the revision that is served; nothing when it was another load's.
    fn known(&self, seen: Option<&Revision>) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.filter(|known| seen == Some(&known.revision))
    }

    fn remember(&self, known: Known) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }

    async fn fetch(&self, seen: Option<&Revision>) -> Result<Load, SourceError> {
        let known = self.known(seen);
        let Some((offer, named, index)) = self.offer(known.as_ref()).await? else { return Ok(Load::Unchanged) };
        let asked = known.clone().filter(|known| known.offer == offer);
        let validators = asked.as_ref().map(|known| known.validators.clone()).unwrap_or_default();
        // What an index names never changes its content, so that the same name is the same file.
        let response = match self.client.get(&offer, named, &validators).await? {
            Answer::NotModified => return Ok(Load::Unchanged),
            Answer::Body(response) => response,
        };
        let validators = Validators::of(&response);
        let version = known.as_ref().and_then(|known| known.version.clone());
        let bounds = Bounds { bytes: self.limits.bytes, idle: self.limits.idle };
        let load = body::read(response, version, bounds).await?;
        let (revision, version) = match (&load, known) {
            (Load::Loaded(catalog, _), _) => (catalog.revision.clone(), catalog.version.clone()),
            (Load::Unchanged, Some(known)) => (known.revision, known.version),
            (Load::Unchanged, None) => return Ok(load),
        };
        let same = seen == Some(&revision);
        self.remember(Known { revision, version, index, offer, validators });
        Ok(if same { Load::Unchanged } else { load })
    }

    /// Where the offer file is, and how the index that says so is recognised; `None` when it is the one that is known.
    async fn offer(&self, known: Option<&Known>) -> Result<Option<(Url, Named, Validators)>, SourceError> {
        if !index::is_index(&self.url) {
            return Ok(Some((self.url.clone(), Named::ByUs, Validators::default())));
        }
        let validators = known.map(|known| known.index.clone()).unwrap_or_default();
        let response = match self.client.get(&self.url, Named::ByUs, &validators).await? {
            Answer::NotModified => return Ok(None),
            Answer::Body(response) => response,
        };
        let validators = Validators::of(&response);
        let bounds = Bounds { bytes: index::MAX_BYTES, idle: self.limits.idle };
        let offer = index::offer(&self.url, &body::whole(response, bounds).await?, &self.region)?;
        if let Some(known) = known.filter(|known| known.offer == offer) {
            self.remember(Known { index: validators, ..known.clone() });
            return Ok(None);
        }
        // Beside the index it is as much ours as the index is.
        let named = if offer.origin() == self.url.origin() { Named::ByUs } else { Named::by(&self.url) };
        Ok(Some((offer, named, validators)))
    }
}

#[async_trait]
impl InstanceTypeSource for UrlSource {
    fn info(&self) -> SourceInfo {
        SourceInfo {
            kind: SourceKind::Url,
            location: location(&self.url),
            contact: Arc::clone(&self.contact),
            stale_after: self.interval.stale_after(),
            watches: Vec::new(),
        }
    }

    async fn changed(&self) {
        tokio::time::sleep(self.interval.next()).await;
    }

    async fn load<'a>(&'a self, seen: Option<&'a Revision>) -> Result<Load, SourceError> {
        let whole = self.limits.whole;
        let late = |_| SourceError::Unreachable(format!("it didn't arrive within {} seconds", whole.as_secs()));
        let load = tokio::time::timeout(whole, self.fetch(seen)).await.map_err(late)??;
        self.contact.touch();
        Ok(load)
    }
}

#[cfg(test)]
#[path = "../../../tests/support/file_server.rs"]
mod file_server;
#[cfg(test)]
mod tests;
