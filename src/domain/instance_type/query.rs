//! Queries over the catalogue: conditions, "like", order, facets, pages.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::filter::{Bounds, Filter};
use super::sort::{SortKey, Value};
use super::{Catalog, InstanceType};
use crate::domain::cursor::{self, BadCursor, Part};
use crate::domain::error::{Failure, Violation};

/// What a caller wants to see of the catalogue.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// The conditions.
    pub filter: Filter,
    /// Types that can take this one's place: as many vCPUs, memory and GPUs, an architecture of it, not dearer.
    pub like: Option<String>,
    /// The order; empty is by name, or cheapest first beside `like`. Ties go by name.
    pub sort: Vec<SortKey>,
    /// The most types of a page; all when left out.
    pub limit: Option<usize>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Whether to count families, architectures and series.
    pub facets: bool,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<'a> {
    /// Types that meet the conditions, on all pages.
    pub total: usize,
    /// The types of this page.
    pub items: Vec<&'a InstanceType>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
    /// The counts over all pages, when asked for.
    pub facets: Option<Facets>,
}

/// How often each value occurs among the types that meet the conditions: most frequent first, then by value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By family.
    pub family: Vec<(String, usize)>,
    /// By architecture; a type with two counts for both.
    pub architecture: Vec<(String, usize)>,
    /// By series.
    pub series: Vec<(String, usize)>,
}

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// `like` names no known type; names that may have been meant.
    #[error("no such instance type; name one that GET /api/instance_types lists")]
    UnknownLike(Vec<String>),
    /// The cursor can't be used.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let detail = error.to_string();
        let (pointer, suggestions) = match error {
            QueryError::UnknownLike(near) => ("?like", near),
            QueryError::Cursor(_) => ("?cursor", Vec::new()),
        };
        Self::BadParameter(vec![Violation { pointer: pointer.to_owned(), detail, suggestions }])
    }
}

impl Query {
    /// Whether it selects every type, by name, on one page.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Identifies the conditions and the order, so that a cursor of another query is told apart.
    fn hash(&self) -> u64 {
        cursor::query_hash(&format!("{:?}", (&self.filter, &self.like, &self.sort)))
    }

    /// The order that is meant when none is given.
    fn order(&self) -> &[SortKey] {
        match (self.sort.as_slice(), &self.like) {
            ([], Some(_)) => &[SortKey::CHEAPEST],
            (keys, _) => keys,
        }
    }
}

impl Catalog {
    /// Answers a query.
    ///
    /// # Errors
    /// [`QueryError`] when `like` names no known type, or the cursor isn't one of this query.
    pub fn query(&self, query: &Query) -> Result<Page<'_>, QueryError> {
        let after = query.cursor.as_ref().map(|text| cursor::decode(query.hash(), text)).transpose()?;
        let substitute = query.like.as_ref().map(|name| self.substitutes(name)).transpose()?;
        let order = query.order();
        let mut rows: Vec<Row<'_>> = self
            .types
            .values()
            .filter(|kind| query.filter.accepts(kind) && substitute.as_ref().is_none_or(|like| like.accepts(kind)))
            .map(|kind| Row { first: order.first().map_or(Value::Null, |key| key.value(kind)), kind })
            .collect();
        let total = rows.len();
        let facets = query.facets.then(|| Facets::of(&rows));
        if let Some(after) = after {
            let end = End::new(order, &after)?;
            rows.retain(|row| row.is_after(order, &end));
        }
        let limit = query.limit.unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        if more && limit > 0 {
            // Only the page is sorted, not what comes after it.
            rows.select_nth_unstable_by(limit - 1, |a, b| a.compare(b, order));
        }
        rows.truncate(limit);
        rows.sort_unstable_by(|a, b| a.compare(b, order));
        let next_cursor = rows.last().filter(|_| more).map(|row| cursor::encode(query.hash(), &row.key(order)));
        Ok(Page { total, items: rows.into_iter().map(|row| row.kind).collect(), next_cursor, facets })
    }

    fn substitutes(&self, name: &str) -> Result<Substitutes, QueryError> {
        let wanted = self.types.get(name).ok_or_else(|| QueryError::UnknownLike(self.near(name)))?;
        Ok(Substitutes {
            filter: Filter {
                vcpu: Bounds { min: wanted.vcpu, max: None },
                memory_gib: Bounds::default(),
                gpu: Bounds { min: wanted.gpu.as_ref().map(|gpu| gpu.count), max: None },
                price: Bounds { min: None, max: wanted.price.as_ref().map(|price| price.usd_per_hour) },
                ..Filter::default()
            },
            memory_bytes: wanted.memory_bytes,
            architectures: wanted.architectures.clone(),
        })
    }
}

/// The conditions that `like` stands for; what is unknown of the wanted type is no condition.
struct Substitutes {
    filter: Filter,
    memory_bytes: Option<u64>,
    architectures: Vec<String>,
}

impl Substitutes {
    fn accepts(&self, kind: &InstanceType) -> bool {
        self.filter.accepts(kind)
            && self.memory_bytes.is_none_or(|least| kind.memory_bytes.is_some_and(|bytes| bytes >= least))
            && (self.architectures.is_empty() || kind.architectures.iter().any(|a| self.architectures.contains(a)))
    }
}

/// A type on its way into a page, with the value of the first key, which decides most comparisons.
struct Row<'a> {
    first: Value<'a>,
    kind: &'a InstanceType,
}

impl Row<'_> {
    fn compare(&self, other: &Row<'_>, order: &[SortKey]) -> Ordering {
        let Some((first, rest)) = order.split_first() else { return self.kind.name.cmp(&other.kind.name) };
        first
            .compare(&self.first, &other.first)
            .then_with(|| {
                rest.iter()
                    .map(|key| key.compare(&key.value(self.kind), &key.value(other.kind)))
                    .find(|ordering| ordering.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
            .then_with(|| self.kind.name.cmp(&other.kind.name))
    }

    fn is_after(&self, order: &[SortKey], end: &End<'_>) -> bool {
        order
            .iter()
            .zip(&end.values)
            .map(|(key, value)| key.compare(&key.value(self.kind), value))
            .find(|ordering| ordering.is_ne())
            .unwrap_or_else(|| self.kind.name.as_str().cmp(end.name))
            .is_gt()
    }

    fn key(&self, order: &[SortKey]) -> Vec<Part> {
        let values = order.iter().map(|key| key.value(self.kind).to_part());
        values.chain([Part::Text(self.kind.name.clone())]).collect()
    }
}

/// The last type of the page before.
struct End<'a> {
    values: Vec<Value<'a>>,
    name: &'a str,
}

impl<'a> End<'a> {
    fn new(order: &[SortKey], parts: &'a [Part]) -> Result<Self, BadCursor> {
        match parts.split_last() {
            Some((Part::Text(name), values)) if values.len() == order.len() => {
                Ok(Self { values: values.iter().map(Value::of_part).collect(), name })
            }
            _ => Err(BadCursor::Unreadable),
        }
    }
}

impl Facets {
    fn of(rows: &[Row<'_>]) -> Self {
        Self {
            family: counted(rows.iter().filter_map(|row| row.kind.family.as_deref())),
            architecture: counted(rows.iter().flat_map(|row| row.kind.architectures.iter().map(String::as_str))),
            series: counted(rows.iter().map(|row| row.kind.series())),
        }
    }
}

fn counted<'a>(values: impl Iterator<Item = &'a str>) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().map(|(value, count)| (value.to_owned(), count)).collect();
    // Stable: equal counts stay in the order of their values.
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

#[cfg(test)]
mod tests;
