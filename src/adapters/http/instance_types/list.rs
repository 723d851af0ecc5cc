//! `GET /api/instance_types`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::Response;

use super::conditional::fingerprint;
use super::envelope::{Envelope, ListView};
use super::fields::{FIELDS, Selected};
use super::parameters::Wanted;
use super::prepared::{Cache, Prepared};
use super::{CSV, JSON};
use crate::adapters::http::error::ApiError;
use crate::adapters::http::negotiation;
use crate::adapters::http::query::Query;
use crate::adapters::http::responses::ReadErrors;
use crate::adapters::http::state::AppState;
use crate::domain::error::Failure;
use crate::domain::instance_type::Page;

/// Where the next page of a CSV list begins, which has no envelope to tell it.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Lists the AWS instance types.
#[utoipa::path(
    get, path = "/api/instance_types", tag = "instance types",
    params(
        ("vcpu_min" = Option<u32>, Query, description = "At least so many vCPUs"),
        ("vcpu_max" = Option<u32>, Query, description = "At most so many vCPUs"),
        ("memory_gib_min" = Option<f64>, Query, description = "At least so much memory, in GiB", minimum = 0),
        ("memory_gib_max" = Option<f64>, Query, description = "At most so much memory, in GiB", minimum = 0),
        ("gpu_min" = Option<u32>, Query, description = "At least so many GPUs"),
        ("gpu_max" = Option<u32>, Query, description = "At most so many GPUs; types without any have 0"),
        ("price_min" = Option<f64>, Query, description = "At least so many USD per hour", minimum = 0),
        ("price_max" = Option<f64>, Query, description = "At most so many USD per hour", minimum = 0),
        ("network_gbps_min" = Option<f64>, Query, description = "At least so many Gbps", minimum = 0),
        ("network_gbps_max" = Option<f64>, Query, description = "At most so many Gbps", minimum = 0),
        ("arch" = Option<String>, Query, description = "An architecture that the type has: x86_64, arm64, i386"),
        ("family" = Option<String>, Query, description = "AWS's family in any case, such as `General purpose`"),
        ("series" = Option<String>, Query, description = "The series, such as `m5`"),
        ("generation_min" = Option<u32>, Query, description = "The oldest generation: 5 leaves `m4` out"),
        ("current_generation" = Option<bool>, Query, description = "Whether AWS calls it current"),
        ("bare_metal" = Option<bool>, Query, description = "Whether it is bare metal"),
        ("burstable" = Option<bool>, Query, description = "Whether it runs on CPU credits"),
        ("nvme" = Option<bool>, Query, description = "Whether it has NVMe disks"),
        ("name" = Option<String>, Query, description = "Only names that match this glob (`*`, `?`)"),
        ("like" = Option<String>, Query, description = "Types that can take this one's place: as many vCPUs, memory and GPUs, an architecture of it, not dearer; cheapest first"),
        ("sort" = Option<String>, Query, description = "Fields joined with commas, `-` for descending: `price,-memory`. name, price, vcpu, memory, gpu, gpu_memory, network, storage, ebs, clock, family, series, size, generation, per_vcpu, per_gib. Unknown values are last; ties go by name"),
        ("fields" = Option<String>, Query, description = "Only these fields of an item, joined with commas: `name,vcpu`"),
        ("facets" = Option<bool>, Query, description = "Adds how often each family, architecture and series occurs"),
        ("format" = Option<String>, Query, description = "`json` or `csv`; counts before Accept"),
        ("limit" = Option<u32>, Query, description = "The most items of the answer, 1-1000; all by default", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "`page_info.next_cursor` of the page before; of a CSV list its header x-next-cursor"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that is kept"),
        ("If-Modified-Since" = Option<String>, Header, description = "The Last-Modified of an answer that is kept"),
    ),
    responses(
        (status = 200, description = "The list, gzipped when it is the whole one and Accept-Encoding allows it", content(
            (ListView = "application/json"), (String = "text/csv")),
         headers(("ETag" = String), ("Last-Modified" = String), ("x-next-cursor" = String))),
        (status = 304, description = "The answer that is kept still holds"),
        ReadErrors,
    )
)]
pub async fn list_instance_types(
    State(state): State<AppState>,
    Extension(cache): Extension<Arc<Cache>>,
    uri: Uri,
    headers: HeaderMap,
    mut query: Query,
) -> Result<Response, ApiError> {
    let wanted = Wanted::of(&mut query, &headers);
    query.finish()?;
    let prepared = super::prepared(&state, &cache).await?;
    if wanted.is_whole() {
        return whole(&prepared, &headers).await;
    }
    let page = prepared.loaded().catalog.query(&wanted.query).map_err(Failure::from)?;
    // The load, the address and the format determine the bytes: nothing needs to be written to know them.
    let variant = format!("{}\n{}", if wanted.csv { CSV } else { JSON }, uri.query().unwrap_or_default());
    let validators = prepared.validators(&fingerprint(variant.as_bytes()));
    if validators.are_known_to(&headers) {
        return Ok(validators.unchanged());
    }
    if !wanted.csv {
        let bytes = json(&prepared, page, wanted.fields.as_deref()).map_err(|e| ApiError::defect(e.to_string()))?;
        return Ok(validators.answer(JSON, None, bytes));
    }
    let csv = super::csv::write(&page.items, wanted.fields.as_deref().unwrap_or(&FIELDS));
    let mut response = validators.answer(CSV, None, csv);
    if let Some(Ok(cursor)) = page.next_cursor.map(HeaderValue::try_from) {
        response.headers_mut().insert(NEXT_CURSOR, cursor);
    }
    Ok(response)
}

/// The list of every type with every field, from the bytes that are kept.
async fn whole(prepared: &Prepared, headers: &HeaderMap) -> Result<Response, ApiError> {
    let gzip = negotiation::takes_gzip(headers);
    let validators = prepared.whole_validators(gzip);
    if validators.are_known_to(headers) {
        return Ok(validators.unchanged());
    }
    if gzip {
        return Ok(validators.answer(JSON, Some("gzip"), prepared.gzip().await?));
    }
    Ok(validators.answer(JSON, None, prepared.json()))
}

fn json(prepared: &Prepared, page: Page<'_>, fields: Option<&[&'static str]>) -> serde_json::Result<Vec<u8>> {
    let written = |kind| prepared.bytes(kind);
    let capacity: usize = match fields {
        None => page.items.iter().map(|kind| written(kind).len() + 1).sum(),
        Some(fields) => page.items.len() * fields.len() * 24,
    };
    let mut envelope = Envelope::with_capacity(capacity + 512);
    for kind in page.items {
        match fields {
            None => envelope.written(written(kind)),
            Some(fields) => envelope.item(&Selected { kind, fields }).map(drop)?,
        }
    }
    envelope.end(page.total, page.next_cursor, prepared.source(), page.facets)
}
