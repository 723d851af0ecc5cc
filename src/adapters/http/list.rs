//! What all lists have in common: pages with a cursor, and where their data comes from.

use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::query::Query;
use crate::domain::change::ObjectKey;
use crate::domain::cursor::{self, Part};
use crate::domain::error::Violation;
use crate::domain::glob::glob;
use crate::domain::names::Namespace;
use crate::domain::snapshot::SourceInfo;
use crate::domain::watch::{Trouble, WatchReport};

/// The most items of one page.
pub const MAX_LIMIT: i64 = 1000;

/// Where a list's data comes from.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceView {
    /// `kubernetes` or `git`.
    kind: &'static str,
    /// The moment that the data was last known to be current, RFC 3339.
    as_of: String,
    /// Seconds since then.
    age_seconds: f64,
    /// Whether the source has been silent for too long.
    stale: bool,
    /// The watches of a cluster that the data comes through; left out where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    watches: Vec<WatchView>,
}

/// How a watch of a cluster does.
#[derive(Debug, Serialize, ToSchema)]
pub struct WatchView {
    /// The kind.
    #[schema(example = "secrets")]
    kind: &'static str,
    /// The namespace; null for all.
    namespace: Option<String>,
    /// When the API server last sent anything, RFC 3339.
    last_contact_at: Option<String>,
    /// When an object last came, changed or went, RFC 3339.
    last_event_at: Option<String>,
    /// The cluster's state that is known.
    resource_version: Option<String>,
    /// How often everything was listed anew.
    relists: u64,
    /// How often the watch failed.
    errors: u64,
    /// Objects that can't be decoded.
    undecodable: u64,
    /// A fixed code of what is wrong.
    reason: Option<&'static str>,
}

impl WatchView {
    fn of(watch: WatchReport) -> Self {
        Self {
            kind: watch.kind,
            namespace: watch.namespace.map(|namespace| namespace.to_string()),
            last_contact_at: watch.last_contact.map(|at| at.to_string()),
            last_event_at: watch.last_event.map(|at| at.to_string()),
            resource_version: watch.resource_version,
            relists: watch.relists,
            errors: watch.errors,
            undecodable: watch.undecodable,
            reason: watch.trouble.map(Trouble::as_str),
        }
    }
}

impl SourceView {
    /// The view at this moment.
    pub fn of(source: &SourceInfo) -> Self {
        Self {
            kind: source.kind.as_str(),
            as_of: source.contact.at().to_string(),
            age_seconds: seconds(source.contact.age()),
            stale: source.is_stale(),
            watches: source.watches.iter().map(|watch| WatchView::of(watch.report())).collect(),
        }
    }
}

/// Seconds with three decimals.
pub fn seconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

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

/// Which page is asked for.
pub struct Paging {
    limit: usize,
    after: Option<Vec<Part>>,
    query: u64,
}

impl Paging {
    /// Reads `limit` and `cursor`; `query` is the list's name and filters in canonical form, to which the cursor is bound.
    pub fn of(parameters: &mut Query, query: &str) -> Self {
        let limit = parameters.integer("limit", 1..=MAX_LIMIT).and_then(|limit| usize::try_from(limit).ok());
        let query = cursor::query_hash(query);
        let after = parameters.text("cursor").and_then(|text| match cursor::decode(query, &text) {
            Ok(parts) => Some(parts),
            Err(error) => {
                parameters.problem("cursor", error.to_string());
                None
            }
        });
        Self { limit: limit.unwrap_or(usize::MAX), after, query }
    }

    /// Cuts the page out of all matching items, which stand in the order of their keys.
    ///
    /// # Errors
    /// 400 when the cursor's key isn't of this list.
    pub fn page<T, K: Ord, V>(
        self,
        items: &[T],
        key: impl Fn(&T) -> K,
        read: impl Fn(&[Part]) -> Option<K>,
        write: impl Fn(&K) -> Vec<Part>,
        view: impl Fn(&T) -> V,
        source: &SourceInfo,
    ) -> Result<ListView<V>, ApiError> {
        let after = match &self.after {
            None => None,
            Some(parts) => Some(read(parts).ok_or_else(|| {
                ApiError::bad_request(vec![Violation::new("?cursor", cursor::BadCursor::Unreadable.to_string())])
            })?),
        };
        let total_items = items.len();
        let rest: Vec<&T> = items.iter().filter(|item| after.as_ref().is_none_or(|after| key(item) > *after)).collect();
        let page = &rest[..rest.len().min(self.limit)];
        let more = page.len() < rest.len();
        let next_cursor = page.last().filter(|_| more).map(|last| cursor::encode(self.query, &write(&key(last))));
        Ok(ListView {
            items: page.iter().map(|item| view(item)).collect(),
            total_items,
            page_info: PageInfo { next_cursor },
            source: SourceView::of(source),
        })
    }
}

/// The key of an object as a cursor holds it, and back.
pub fn key_parts(key: &(String, String)) -> Vec<Part> {
    vec![Part::Text(key.0.clone()), Part::Text(key.1.clone())]
}

/// Reads [`key_parts`] back.
pub fn read_key(parts: &[Part]) -> Option<(String, String)> {
    match parts {
        [Part::Text(namespace), Part::Text(name)] => Some((namespace.clone(), name.clone())),
        _ => None,
    }
}

/// Namespace and name, by which objects are ordered.
pub fn order(key: &ObjectKey) -> (String, String) {
    (key.namespace.to_string(), key.name.to_string())
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

    /// Whether an object passes.
    pub fn accepts(&self, key: &ObjectKey, component: Option<&str>) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| key.namespace == *namespace)
            && self.name.as_ref().is_none_or(|pattern| glob(pattern, key.name.as_str()))
            && self.component.as_ref().is_none_or(|wanted| component == Some(wanted))
    }
}
