//! Whether a complete load is believable after what is served.

use super::LoadedCatalog;
use crate::domain::error::SourceError;
use crate::domain::instance_type::Catalog;

/// Refuses a load that keeps less than `min_keep` of the last types, or of the last prices. The first load is always believed.
pub(super) fn accept(current: Option<&LoadedCatalog>, next: &Catalog, min_keep: f64) -> Result<(), SourceError> {
    let Some(current) = current else { return Ok(()) };
    for (what, before, after) in
        [("types", current.catalog.types.len(), next.types.len()), ("prices", prices(&current.catalog), prices(next))]
    {
        if before > 0 && (after == 0 && what == "prices" || too_few(before, after, min_keep)) {
            return Err(SourceError::Refused(format!(
                "it has {after} {what}, the last one had {before}; INSTANCE_TYPES_MIN_KEEP is {min_keep}"
            )));
        }
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss)] // far below 2^52 of either
fn too_few(before: usize, after: usize, min_keep: f64) -> bool {
    (after as f64) < before as f64 * min_keep
}

fn prices(catalog: &Catalog) -> usize {
    catalog.types.values().filter(|kind| kind.price.is_some()).count()
}
