//! The list's envelope, written around items that are bytes already.

use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::view::InstanceTypeView;
use crate::adapters::http::list::PageInfo;
use crate::application::catalog::{CatalogStatus, LoadedCatalog};
use crate::domain::instance_type::Facets;

/// A list of instance types.
#[derive(ToSchema)]
#[schema(as = InstanceTypeList)]
#[allow(
    dead_code,
    reason = "the shape of what `Envelope` writes, for the OpenAPI document; a test holds both together"
)]
pub struct ListView {
    #[schema(schema_with = items)]
    items: Vec<InstanceTypeView<'static>>,
    /// How many types match the filters, on all pages.
    total_items: usize,
    page_info: PageInfo,
    source: SourceView,
    /// With `facets=true`: how often each value occurs, on all pages.
    facets: Option<FacetsView>,
}

/// Whole items, or with `fields` some of their fields.
fn items() -> RefOr<Schema> {
    let some = ObjectBuilder::new().description(Some("With `fields`: these fields of an InstanceType."));
    let item = AnyOfBuilder::new().item(Ref::from_schema_name(InstanceTypeView::name())).item(some);
    RefOr::T(Schema::Array(ArrayBuilder::new().items(item).build()))
}

/// Where the list comes from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InstanceTypeListSource)]
pub struct SourceView {
    /// `file` or `url`.
    kind: &'static str,
    /// When the types were loaded, RFC 3339.
    as_of: String,
    /// Whether the source has been silent, or failing, for too long; `/api/instance_types/source` tells more.
    stale: bool,
}

impl SourceView {
    /// The view of this load.
    pub fn of(status: &CatalogStatus, loaded: &LoadedCatalog) -> Self {
        Self { kind: status.source.kind.as_str(), as_of: loaded.loaded_at.to_string(), stale: status.stale }
    }
}

/// How often each value occurs: most frequent first, then by value.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypeFacets)]
pub struct FacetsView {
    family: Vec<FacetView>,
    /// A type with two counts for both.
    architecture: Vec<FacetView>,
    series: Vec<FacetView>,
}

/// A value and how often it occurs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypeFacet)]
pub struct FacetView {
    value: String,
    count: usize,
}

impl From<Facets> for FacetsView {
    fn from(facets: Facets) -> Self {
        let view = |counts: Vec<(String, usize)>| {
            counts.into_iter().map(|(value, count)| FacetView { value, count }).collect::<Vec<_>>()
        };
        Self { family: view(facets.family), architecture: view(facets.architecture), series: view(facets.series) }
    }
}

/// What follows the items.
#[derive(Serialize)]
struct Tail<'a> {
    total_items: usize,
    page_info: PageInfo,
    source: &'a SourceView,
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<FacetsView>,
}

/// A list that is being written.
#[derive(Default)]
pub struct Envelope(Vec<u8>);

impl Envelope {
    /// With room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Adds an item and tells where it stands.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn item(&mut self, item: &impl Serialize) -> serde_json::Result<Range<usize>> {
        self.next();
        let start = self.0.len();
        serde_json::to_writer(&mut self.0, item)?;
        Ok(start..self.0.len())
    }

    /// Adds an item that is JSON already.
    pub fn written(&mut self, json: &[u8]) {
        self.next();
        self.0.extend_from_slice(json);
    }

    fn next(&mut self) {
        self.0.extend_from_slice(if self.0.is_empty() { br#"{"items":["# } else { b"," });
    }

    /// Ends the list.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn end(
        mut self,
        total_items: usize,
        next_cursor: Option<String>,
        source: &SourceView,
        facets: Option<Facets>,
    ) -> serde_json::Result<Vec<u8>> {
        let page_info = PageInfo { next_cursor };
        let tail = Tail { total_items, page_info, source, facets: facets.map(FacetsView::from) };
        let tail = serde_json::to_vec(&tail)?;
        if self.0.is_empty() {
            self.0.extend_from_slice(br#"{"items":["#);
        }
        // The tail is an object of its own; its fields go on where the items end.
        self.0.extend_from_slice(b"],");
        self.0.extend_from_slice(&tail[1..]);
        Ok(self.0)
    }
}
