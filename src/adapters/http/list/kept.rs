//! Lists as bytes: each item is written once for as long as a list stays the same, and answers are cut out of what was written.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use arc_swap::ArcSwapOption;
use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use axum::response::Response;
use serde::Serialize;
use tokio::sync::{Mutex, OnceCell};

use super::body::{TwoParts, json};
use super::gzip::Zipped;
use super::source::SourceView;
use super::{ListView, Page, PageInfo, Paging, order, read_order, write_order};
use crate::adapters::http::error::ApiError;
use crate::domain::change::ObjectKey;
use crate::domain::error::Failure;
use crate::domain::snapshot::SourceInfo;

/// A list of objects that doesn't change; another state of the data is another list.
pub trait Listing: Send + Sync + 'static {
    /// What filters look at, beside the key.
    type Facts: Send + Sync;
    /// How an item is written.
    type View: Serialize;

    /// The items in the order of their keys, as a client sees them that reached this service as `host`.
    fn items(&self, host: &str) -> impl Iterator<Item = (ObjectKey, Self::Facts, Self::View)>;

    /// Where they come from.
    fn source(&self) -> &SourceInfo;
}

/// An item that was written.
pub struct Item<F> {
    /// Its identity.
    pub key: ObjectKey,
    /// What filters look at.
    pub facts: F,
    place: Range<usize>,
}

/// Fewer bytes fit into a packet as they are.
const WORTH_ZIPPING: usize = 1400;

/// What every list begins with.
const HEAD: &[u8] = br#"{"items":["#;

/// A list as bytes.
pub struct Written<L: Listing> {
    list: Arc<L>,
    host: String,
    /// When the list was asked for: it has all that happened before.
    taken: Instant,
    /// The answer up to the end of its items.
    json: Bytes,
    items: Vec<Item<L::Facts>>,
    /// Whether somebody who takes gzip asked for it before.
    asked: AtomicBool,
    zipped: OnceCell<Zipped>,
}

impl<L: Listing> Written<L> {
    fn new(list: Arc<L>, host: String, taken: Instant) -> serde_json::Result<Self> {
        let (mut json, mut items) = (HEAD.to_vec(), Vec::new());
        for (key, facts, view) in list.items(&host) {
            if !items.is_empty() {
                json.push(b',');
            }
            let start = json.len();
            serde_json::to_writer(&mut json, &view)?;
            items.push(Item { key, facts, place: start..json.len() });
        }
        json.shrink_to_fit();
        items.shrink_to_fit();
        let (json, asked, zipped) = (Bytes::from(json), AtomicBool::new(false), OnceCell::new());
        Ok(Self { list, host, taken, json, items, asked, zipped })
    }

    /// The page that is asked for, of the items that pass; of all when there is no filter. Only the whole list is ever gzipped.
    ///
    /// # Errors
    /// 400 when the cursor's key isn't of this list.
    pub async fn answer<A>(&self, paging: &Paging, accepts: Option<A>, gzip: bool) -> Result<Response, ApiError>
    where
        A: Fn(&Item<L::Facts>) -> bool,
    {
        if paging.is_whole() && accepts.is_none() { self.whole(gzip).await } else { self.page(paging, accepts) }
    }

    async fn whole(&self, gzip: bool) -> Result<Response, ApiError> {
        let zipped = if gzip { self.zipped().await? } else { None };
        let tail = tail(self.items.len(), None, SourceView::of(self.list.source()))?;
        let parts = match zipped {
            Some(zipped) => zipped.with(&tail),
            None => [self.json.clone(), tail.into()],
        };
        let mut response = json(Body::new(TwoParts(parts)));
        let headers = response.headers_mut();
        headers.insert(VARY, HeaderValue::from(ACCEPT_ENCODING));
        if zipped.is_some() {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(response)
    }

    /// The list compressed, from the second time on: to compress what changes before it is read again costs more than it saves.
    async fn zipped(&self) -> Result<Option<&Zipped>, ApiError> {
        if self.json.len() < WORTH_ZIPPING || !self.asked.swap(true, Ordering::Relaxed) {
            return Ok(None);
        }
        let compress = async || {
            let json = self.json.clone();
            let zipped = tokio::task::spawn_blocking(move || Zipped::of(&json)).await;
            zipped.ok().and_then(Result::ok).ok_or_else(|| ApiError::defect("the list can't be compressed"))
        };
        self.zipped.get_or_try_init(compress).await.map(Some)
    }

    fn page<A>(&self, paging: &Paging, accepts: Option<A>) -> Result<Response, ApiError>
    where
        A: Fn(&Item<L::Facts>) -> bool,
    {
        let items = match accepts {
            Some(accepts) => self.items.iter().filter(|item| accepts(item)).collect(),
            None => self.items.iter().collect(),
        };
        let Page { items, total, next_cursor } =
            paging.page(items, |item| order(&item.key), read_order, write_order)?;
        let tail = tail(total, next_cursor, SourceView::of(self.list.source()))?;
        let bytes: usize = items.iter().map(|item| item.place.len() + 1).sum();
        let mut body = Vec::with_capacity(HEAD.len() + bytes + tail.len());
        body.extend_from_slice(HEAD);
        for item in items {
            if body.len() > HEAD.len() {
                body.push(b',');
            }
            body.extend_from_slice(&self.json[item.place.clone()]);
        }
        body.extend_from_slice(&tail);
        Ok(json(Body::from(body)))
    }
}

/// What follows the items: the end of a list without any.
fn tail(total_items: usize, next_cursor: Option<String>, source: SourceView) -> Result<Vec<u8>, ApiError> {
    let page_info = PageInfo { next_cursor };
    let empty = ListView::<()> { items: Vec::new(), total_items, page_info, source };
    let mut json = serde_json::to_vec(&empty).map_err(|error| ApiError::defect(error.to_string()))?;
    json.drain(..HEAD.len());
    Ok(json)
}

/// Keeps the newest list as bytes, for the host that last asked: most services are reached by one name.
pub struct KeptList<L: Listing> {
    newest: ArcSwapOption<Written<L>>,
    /// One list is written at a time; who else wants it waits.
    writing: Arc<Mutex<()>>,
}

impl<L: Listing> Default for KeptList<L> {
    fn default() -> Self {
        Self { newest: ArcSwapOption::empty(), writing: Arc::default() }
    }
}

impl<L: Listing> KeptList<L> {
    /// The newest list as bytes: as it is kept, or written now.
    ///
    /// # Errors
    /// What `newest` fails with.
    pub async fn newest<F>(self: &Arc<Self>, host: &str, newest: impl Fn() -> F) -> Result<Arc<Written<L>>, ApiError>
    where
        F: Future<Output = Result<Arc<L>, Failure>>,
    {
        let asked = Instant::now();
        let list = newest().await?;
        if let Some(written) = self.kept(host, |kept| Arc::ptr_eq(&kept.list, &list)) {
            return Ok(written);
        }
        let one_at_a_time = Arc::clone(&self.writing).lock_owned().await;
        // What was written meanwhile will do, even if there is something newer by now: where lists change faster than they are
        // written, nobody waits for more than two.
        if let Some(written) = self.kept(host, |kept| kept.taken >= asked) {
            return Ok(written);
        }
        let taken = Instant::now();
        let list = newest().await?;
        if let Some(written) = self.kept(host, |kept| Arc::ptr_eq(&kept.list, &list)) {
            return Ok(written);
        }
        let (kept, host) = (Arc::clone(self), host.to_owned());
        // It goes on when its client goes away: the next one wants it as well.
        let writing = tokio::task::spawn_blocking(move || {
            let _one_at_a_time = one_at_a_time;
            let written = Arc::new(Written::new(list, host, taken)?);
            kept.newest.store(Some(Arc::clone(&written)));
            Ok(written)
        });
        let written = writing.await.map_err(|_| ApiError::defect("writing a list panicked"))?;
        written.map_err(|error: serde_json::Error| ApiError::defect(error.to_string()))
    }

    fn kept(&self, host: &str, will_do: impl Fn(&Written<L>) -> bool) -> Option<Arc<Written<L>>> {
        let newest = self.newest.load();
        newest.as_ref().filter(|kept| kept.host == host && will_do(kept)).cloned()
    }
}

#[cfg(test)]
mod tests;
