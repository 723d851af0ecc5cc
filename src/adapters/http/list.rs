//! What all lists have in common: filters, pages with a cursor, the envelope.

pub mod body;
mod gzip;
pub mod kept;
pub mod source;

use serde::Serialize;
use utoipa::ToSchema;

use self::source::SourceView;
use super::error::ApiError;
use super::query::Query;
use crate::domain::change::ObjectKey;
use crate::domain::cursor::{self, Part};
use crate::domain::error::Violation;
use crate::domain::glob::glob;
use crate::domain::names::Namespace;

/// The most items of one page.
pub const MAX_LIMIT: i64 = 1000;

/// Where the next page begins.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageInfo {
    /// The cursor of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListView<T> {
    items: Vec<T>,
    /// How many items match the filters, on all pages.
    total_items: usize,
    page_info: PageInfo,
    source: SourceView,
}

impl<T> ListView<T> {
    /// A page as it is answered.
    pub fn of<I>(page: Page<I>, view: impl FnMut(I) -> T, source: SourceView) -> Self {
        let Page { items, total, next_cursor } = page;
        let items = items.into_iter().map(view).collect();
        Self { items, total_items: total, page_info: PageInfo { next_cursor }, source }
    }
}

/// The items of one page, and what is told about it.
#[derive(Debug)]
pub struct Page<I> {
    /// The items.
    pub items: Vec<I>,
    /// How many items match the filters, on all pages.
    pub total: usize,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// Which page is asked for.
pub struct Paging {
    limit: Option<usize>,
    after: Option<Vec<Part>>,
    query: u64,
}

impl Paging {
    /// Reads `limit` and `cursor`; `query` is the list's name and filters in canonical form, to which the cursor is bound.
    pub fn of(parameters: &mut Query, query: impl FnOnce() -> String) -> Self {
        let limit = parameters.integer("limit", 1..=MAX_LIMIT).and_then(|limit| usize::try_from(limit).ok());
        let cursor = parameters.text("cursor");
        // Without either there is no cursor to read or to write.
        let query = if limit.is_some() || cursor.is_some() { cursor::query_hash(&query()) } else { 0 };
        let after = cursor.and_then(|text| match cursor::decode(query, &text) {
            Ok(parts) => Some(parts),
            Err(error) => {
                parameters.problem("cursor", error.to_string());
                None
            }
        });
        Self { limit, after, query }
    }

    /// Whether everything is asked for at once.
    pub fn is_whole(&self) -> bool {
        self.limit.is_none() && self.after.is_none()
    }

    /// Cuts the page out of all matching items, which stand in the order of their keys.
    ///
    /// # Errors
    /// 400 when the cursor's key isn't of this list.
    pub fn page<'p, I: Copy, K: Ord>(
        &'p self,
        mut items: Vec<I>,
        key: impl Fn(I) -> K,
        read: impl Fn(&'p [Part]) -> Option<K>,
        write: impl Fn(K) -> Vec<Part>,
    ) -> Result<Page<I>, ApiError> {
        let total = items.len();
        if let Some(parts) = &self.after {
            let after = read(parts).ok_or_else(|| {
                ApiError::bad_request(vec![Violation::new("?cursor", cursor::BadCursor::Unreadable.to_string())])
            })?;
            let passed = items.partition_point(|item| key(*item) <= after);
            items.drain(..passed);
        }
        let limit = self.limit.unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|last| cursor::encode(self.query, &write(key(*last))));
        Ok(Page { items, total, next_cursor })
    }
}

/// What objects are ordered by, and what a cursor holds: namespace and name.
pub type Order<'a> = (&'a str, &'a str);

/// What an object is ordered by.
pub fn order(key: &ObjectKey) -> Order<'_> {
    (key.namespace.as_str(), key.name.as_str())
}

/// An object's place as a cursor holds it.
pub fn write_order((namespace, name): Order<'_>) -> Vec<Part> {
    vec![Part::Text(namespace.to_owned()), Part::Text(name.to_owned())]
}

/// Reads [`write_order`] back.
pub fn read_order(parts: &[Part]) -> Option<Order<'_>> {
    match parts {
        [Part::Text(namespace), Part::Text(name)] => Some((namespace, name)),
        _ => None,
    }
}

/// The filters that every list of objects has.
#[derive(Debug)]
pub struct ObjectFilter {
    namespace: Option<Namespace>,
    name: Option<String>,
    component: Option<String>,
}

impl ObjectFilter {
    /// Reads `namespace`, `name` (a glob) and `component`.
    pub fn of(parameters: &mut Query) -> Self {
        Self {
            namespace: parameters.parsed("namespace", Namespace::parse),
            name: parameters.text("name"),
            component: parameters.text("component"),
        }
    }

    /// Whether every object passes.
    pub fn is_none(&self) -> bool {
        self.namespace.is_none() && self.name.is_none() && self.component.is_none()
    }

    /// Whether an object passes.
    pub fn accepts(&self, key: &ObjectKey, component: Option<&str>) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| key.namespace == *namespace)
            && self.name.as_ref().is_none_or(|pattern| glob(pattern, key.name.as_str()))
            && self.component.as_ref().is_none_or(|wanted| component == Some(wanted))
    }
}
