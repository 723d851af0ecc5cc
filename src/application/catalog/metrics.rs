//! What the instance types tell in metrics: how the price list was read, and how old it is. No metric carries a type's name.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use crate::domain::error::SourceError;
use crate::domain::instance_type::{Catalog, IngestReport};

const LOADS: &str = "backend_api_instance_types_loads_total";
const ROWS: &str = "backend_api_instance_types_rows";
const KEPT: &str = "backend_api_instance_types_kept";
const DROPPED: &str = "backend_api_instance_types_dropped";
const UNPRICED: &str = "backend_api_instance_types_unpriced";
const READ: &str = "backend_api_instance_types_read_bytes";
const TOOK: &str = "backend_api_instance_types_read_seconds";
const PUBLISHED: &str = "backend_api_instance_types_published_timestamp_seconds";
const LOADED: &str = "backend_api_instance_types_loaded_timestamp_seconds";
const AGE: &str = "backend_api_instance_types_age_seconds";

/// Says what each metric is. Only a recorder that is there already hears it.
pub(super) fn describe() {
    describe_counter!(LOADS, "Looks at the price list by outcome: loaded, unchanged, unreachable, malformed, refused");
    describe_gauge!(ROWS, "Products in the price list that is served");
    describe_gauge!(KEPT, "Instance types that are served");
    describe_gauge!(DROPPED, "Products that became no instance type, by reason");
    describe_gauge!(UNPRICED, "Instance types without a price");
    describe_gauge!(READ, Unit::Bytes, "Size of the price list that is served, unpacked");
    describe_gauge!(TOOK, Unit::Seconds, "Time that reading it took");
    describe_gauge!(PUBLISHED, Unit::Seconds, "When AWS published it, as Unix time");
    describe_gauge!(LOADED, Unit::Seconds, "When it was loaded, as Unix time");
    describe_gauge!(AGE, Unit::Seconds, "Time since what is served was last known to be what the source has");
}

/// Counts a look at the source.
pub(super) fn looked(outcome: Result<bool, &SourceError>) {
    let word = match outcome {
        Ok(true) => "loaded",
        Ok(false) => "unchanged",
        Err(SourceError::Unreachable(_)) => "unreachable",
        Err(SourceError::Malformed(_)) => "malformed",
        Err(SourceError::Refused(_)) => "refused",
    };
    counter!(LOADS, "outcome" => word).increment(1);
}

/// Tells the report of the load that is served from now on. A reason that the last one had and this one hasn't becomes zero.
#[allow(clippy::cast_precision_loss)] // far below 2^52
pub(super) fn served(catalog: &Catalog, report: &IngestReport, before: Option<&IngestReport>, loaded_at: i64) {
    for reason in before.into_iter().flat_map(|before| before.dropped.keys()) {
        gauge!(DROPPED, "reason" => *reason).set(0.0);
    }
    for (reason, count) in &report.dropped {
        gauge!(DROPPED, "reason" => *reason).set(*count as f64);
    }
    for (name, count) in [(ROWS, report.rows), (KEPT, report.kept), (UNPRICED, report.unpriced), (READ, report.bytes)] {
        gauge!(name).set(count as f64);
    }
    gauge!(TOOK).set(report.seconds);
    gauge!(LOADED).set(loaded_at as f64);
    if let Some(published) = catalog.published_at {
        gauge!(PUBLISHED).set(published.as_second() as f64);
    }
}

/// Tells the age, which changes by itself.
pub(super) fn aged(age: Duration) {
    gauge!(AGE).set(age.as_secs_f64());
}
