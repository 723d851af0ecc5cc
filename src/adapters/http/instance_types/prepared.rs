//! The whole list, written once per load and compressed once: it is what most clients ask for, and the same for all of them.

use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use axum::body::Bytes;
use flate2::{Compression, GzBuilder};
use tokio::sync::{Mutex, OnceCell};

use super::conditional::{Modified, Validators, fingerprint};
use super::envelope::{Envelope, SourceView};
use super::view::InstanceTypeView;
use crate::adapters::http::error::ApiError;
use crate::application::catalog::{CatalogStatus, LoadedCatalog};
use crate::domain::instance_type::InstanceType;

/// One load as bytes. Other lists and single items are cut out of them.
#[derive(Debug)]
pub struct Prepared {
    loaded: Arc<LoadedCatalog>,
    stale: bool,
    source: SourceView,
    json: Bytes,
    gzip: OnceCell<Bytes>,
    /// Where each type stands in `json`.
    items: HashMap<String, Range<usize>>,
    /// The tag of `json`, without quotes.
    tag: String,
    modified: Option<Modified>,
    plain_validators: Validators,
    gzip_validators: Validators,
}

impl Prepared {
    fn of(loaded: Arc<LoadedCatalog>, source: SourceView, stale: bool) -> serde_json::Result<Self> {
        let mut envelope = Envelope::default();
        let mut items = HashMap::with_capacity(loaded.catalog.types.len());
        for (name, kind) in &loaded.catalog.types {
            items.insert(name.clone(), envelope.item(&InstanceTypeView::of(kind))?);
        }
        let json = Bytes::from(envelope.end(items.len(), None, &source, None)?);
        let tag = fingerprint(&json);
        let modified = Modified::at(loaded.loaded_at);
        let dated = modified.clone().filter(|_| !stale);
        let plain_validators = Validators::new(&tag, dated.clone());
        let gzip_validators = Validators::new(&format!("{tag}-gzip"), dated);
        let gzip = OnceCell::new();
        Ok(Self { loaded, stale, source, json, gzip, items, tag, modified, plain_validators, gzip_validators })
    }

    /// The whole list.
    pub fn json(&self) -> Bytes {
        self.json.clone()
    }

    /// The whole list, compressed when first asked for.
    ///
    /// # Errors
    /// A defect, when that fails.
    pub async fn gzip(&self) -> Result<Bytes, ApiError> {
        let compress = async || {
            let json = self.json.clone();
            let compressed = tokio::task::spawn_blocking(move || compress(&json)).await;
            compressed.ok().and_then(Result::ok).ok_or_else(|| ApiError::defect("the list can't be compressed"))
        };
        self.gzip.get_or_try_init(compress).await.cloned()
    }

    /// One type.
    pub fn item(&self, name: &str) -> Option<Bytes> {
        self.items.get(name).map(|range| self.json.slice(range.clone()))
    }

    /// One type's bytes in a list.
    pub fn bytes(&self, kind: &InstanceType) -> &[u8] {
        self.items.get(&kind.name).map_or(b"null", |range| &self.json[range.clone()])
    }

    /// The load.
    pub fn loaded(&self) -> &LoadedCatalog {
        &self.loaded
    }

    /// The load's source as lists show it.
    pub fn source(&self) -> &SourceView {
        &self.source
    }

    /// What identifies the whole list, plain or gzipped.
    pub fn whole_validators(&self, gzip: bool) -> &Validators {
        if gzip { &self.gzip_validators } else { &self.plain_validators }
    }

    /// What identifies a list that these bytes and `variant` determine. A stale list has no date: it turns fresh, as it turned
    /// stale, without a load.
    pub fn validators(&self, variant: &str) -> Validators {
        Validators::new(&format!("{}-{variant}", self.tag), self.modified().filter(|_| !self.stale))
    }

    /// When the load was.
    pub fn modified(&self) -> Option<Modified> {
        self.modified.clone()
    }
}

/// Without a time inside: the same list gives the same bytes.
fn compress(bytes: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzBuilder::new().write(Vec::with_capacity(bytes.len() / 8), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish().map(Bytes::from)
}

/// Keeps what was prepared of the latest load.
#[derive(Debug, Default)]
pub struct Cache {
    latest: ArcSwapOption<Prepared>,
    /// One prepares, the others wait for it.
    preparing: Mutex<()>,
}

impl Cache {
    /// What is prepared of this load; prepared now when the load or `stale` is another one than the last time.
    ///
    /// # Errors
    /// A defect, when the list can't be written.
    pub async fn of(&self, loaded: Arc<LoadedCatalog>, status: &CatalogStatus) -> Result<Arc<Prepared>, ApiError> {
        if let Some(prepared) = self.kept(&loaded, status.stale) {
            return Ok(prepared);
        }
        let _one = self.preparing.lock().await;
        if let Some(prepared) = self.kept(&loaded, status.stale) {
            return Ok(prepared);
        }
        let (source, stale) = (SourceView::of(status, &loaded), status.stale);
        let prepared = tokio::task::spawn_blocking(move || Prepared::of(loaded, source, stale)).await;
        let prepared = prepared.map_err(|_| ApiError::defect("preparing the list panicked"))?;
        let prepared = Arc::new(prepared.map_err(|error| ApiError::defect(error.to_string()))?);
        self.latest.store(Some(prepared.clone()));
        Ok(prepared)
    }

    fn kept(&self, loaded: &Arc<LoadedCatalog>, stale: bool) -> Option<Arc<Prepared>> {
        let latest = self.latest.load();
        let same = |kept: &&Arc<Prepared>| Arc::ptr_eq(&kept.loaded, loaded) && kept.stale == stale;
        latest.as_ref().filter(same).cloned()
    }
}
