//! The parameters of the list, read into a query of the domain.

use axum::http::HeaderMap;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::fields::FIELDS;
use crate::adapters::http::list::MAX_LIMIT;
use crate::adapters::http::negotiation::prefers_csv;
use crate::adapters::http::query::Query as Parameters;
use crate::domain::error::Violation;
use crate::domain::instance_type::{Bounds, Filter, Query, SortKey};
use crate::domain::near::near;

/// The architectures that the price list tells apart.
const ARCHITECTURES: [&str; 3] = ["x86_64", "arm64", "i386"];

/// What is asked of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Which types, in which order, which page.
    pub query: Query,
    /// The fields of an item, in this order; `None` is all.
    pub fields: Option<Vec<&'static str>>,
    /// CSV instead of JSON.
    pub csv: bool,
}

impl Wanted {
    /// Reads every parameter of the list; `format` counts before `Accept`.
    pub fn of(parameters: &mut Parameters, headers: &HeaderMap) -> Self {
        Self {
            query: Query {
                filter: filter(parameters),
                like: parameters.text("like"),
                sort: sort(parameters),
                limit: parameters.integer("limit", 1..=MAX_LIMIT).and_then(|limit| usize::try_from(limit).ok()),
                cursor: parameters.text("cursor"),
                facets: parameters.flag("facets").unwrap_or(false),
            },
            fields: fields(parameters),
            csv: parameters.word("format", &["json", "csv"]).map_or_else(|| prefers_csv(headers), |word| word == "csv"),
        }
    }

    /// Whether this is the answer that is kept ready: every type with every field, as JSON.
    pub fn is_whole(&self) -> bool {
        self.query.is_plain() && self.fields.is_none() && !self.csv
    }
}

fn filter(parameters: &mut Parameters) -> Filter {
    let gbps = |bound: Option<Decimal>| bound.and_then(|gbps| gbps.to_f64());
    Filter {
        vcpu: Bounds { min: count(parameters, "vcpu_min"), max: count(parameters, "vcpu_max") },
        memory_gib: Bounds { min: parameters.decimal("memory_gib_min"), max: parameters.decimal("memory_gib_max") },
        gpu: Bounds { min: count(parameters, "gpu_min"), max: count(parameters, "gpu_max") },
        price: Bounds { min: parameters.decimal("price_min"), max: parameters.decimal("price_max") },
        network_gbps: Bounds {
            min: gbps(parameters.decimal("network_gbps_min")),
            max: gbps(parameters.decimal("network_gbps_max")),
        },
        arch: parameters.word("arch", &ARCHITECTURES).map(str::to_owned),
        family: parameters.text("family"),
        series: parameters.text("series"),
        generation_min: count(parameters, "generation_min"),
        current_generation: parameters.flag("current_generation"),
        bare_metal: parameters.flag("bare_metal"),
        burstable: parameters.flag("burstable"),
        nvme: parameters.flag("nvme"),
        name: parameters.text("name"),
    }
}

fn count(parameters: &mut Parameters, name: &'static str) -> Option<u32> {
    parameters.integer(name, 0..=i64::from(u32::MAX)).and_then(|number| u32::try_from(number).ok())
}

fn sort(parameters: &mut Parameters) -> Vec<SortKey> {
    let Some(text) = parameters.text("sort") else { return Vec::new() };
    let words: Vec<&'static str> = SortKey::words().collect();
    let directed: Vec<&str> = text.split(',').collect();
    let bare: Vec<&str> = directed.iter().map(|word| word.strip_prefix('-').unwrap_or(word)).collect();
    if choose(parameters, "sort", &bare, &words).is_none() {
        return Vec::new();
    }
    directed.into_iter().filter_map(SortKey::parse).collect()
}

fn fields(parameters: &mut Parameters) -> Option<Vec<&'static str>> {
    let text = parameters.text("fields")?;
    choose(parameters, "fields", &text.split(',').collect::<Vec<_>>(), &FIELDS)
}

/// The known words that these are, each once; else a problem with near names, and without what was sent.
fn choose(
    parameters: &mut Parameters,
    name: &'static str,
    sent: &[&str],
    known: &[&'static str],
) -> Option<Vec<&'static str>> {
    let mut chosen = Vec::new();
    for word in sent {
        let detail = match known.iter().find(|known| *known == word) {
            Some(known) if !chosen.contains(known) => {
                chosen.push(*known);
                continue;
            }
            Some(known) => Violation::new(format!("?{name}"), format!("names {known} more than once; keep one")),
            None => unknown(name, word, known),
        };
        parameters.violation(detail);
        return None;
    }
    Some(chosen)
}

fn unknown(name: &str, word: &str, known: &[&'static str]) -> Violation {
    let meant = near(word, known.iter().copied());
    let hint = meant.first().map(|word| format!("; did you mean {word}?")).unwrap_or_default();
    let detail = format!("expected some of {}, joined with commas{hint}", known.join(", "));
    let suggestions = meant.into_iter().map(str::to_owned).collect();
    Violation { pointer: format!("?{name}"), detail, suggestions }
}
