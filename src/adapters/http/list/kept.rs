//! Lists as bytes: each item is written once for as long as a list stays the same, and answers are cut out of what was written.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;
use axum::body::{Body, Bytes};
use axum::response::Response;
use serde::Serialize;
use tokio::sync::Mutex;

use super::body::{TwoParts, json};
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
        Ok(Self { list, host, taken, json: Bytes::from(json), items })
    }

    /// The page that is asked for, of the items that pass; of all when there is no filter.
    ///
    /// # Errors
    /// 400 when the cursor's key isn't of this list.
    pub fn answer<A>(&self, paging: &Paging, accepts: Option<A>) -> Result<Response, ApiError>
    where
        A: Fn(&Item<L::Facts>) -> bool,
    {
        let source = SourceView::of(self.list.source());
        if paging.is_whole() && accepts.is_none() {
            let tail = tail(self.items.len(), None, source)?;
            return Ok(json(Body::new(TwoParts([self.json.clone(), tail.into()]))));
        }
        let items = match accepts {
            Some(accepts) => self.items.iter().filter(|item| accepts(item)).collect(),
            None => self.items.iter().collect(),
        };
        let Page { items, total, next_cursor } =
            paging.page(items, |item| order(&item.key), read_order, write_order)?;
        let tail = tail(total, next_cursor, source)?;
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
