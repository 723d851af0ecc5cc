//! `fields`: items with some of their fields only. Just these are worked out, as labels and shares of a price cost time.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::view::{GpuView, NetworkView, PriceView, ProcessorView, StorageView};
use crate::domain::instance_type::InstanceType;

/// The fields of an item, in the order of [`super::view::InstanceTypeView`].
pub const FIELDS: [&str; 20] = [
    "name",
    "label",
    "family",
    "series",
    "generation",
    "size",
    "vcpu",
    "memory_mib",
    "memory_bytes",
    "architectures",
    "processor",
    "gpu",
    "storage",
    "network",
    "ebs_max_mbps",
    "bare_metal",
    "burstable",
    "current_generation",
    "region",
    "price",
];

/// An item with these fields only, in this order.
pub struct Selected<'a> {
    /// The type.
    pub kind: &'a InstanceType,
    /// Names of [`FIELDS`].
    pub fields: &'a [&'static str],
}

impl Serialize for Selected<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for field in self.fields {
            write(&mut map, field, self.kind)?;
        }
        map.end()
    }
}

fn write<M: SerializeMap>(map: &mut M, field: &str, kind: &InstanceType) -> Result<(), M::Error> {
    match field {
        "name" => map.serialize_entry(field, &kind.name),
        "label" => map.serialize_entry(field, &kind.label()),
        "family" => map.serialize_entry(field, &kind.family),
        "series" => map.serialize_entry(field, kind.series()),
        "generation" => map.serialize_entry(field, &kind.generation()),
        "size" => map.serialize_entry(field, kind.size()),
        "vcpu" => map.serialize_entry(field, &kind.vcpu),
        "memory_mib" => map.serialize_entry(field, &kind.memory_mib),
        "memory_bytes" => map.serialize_entry(field, &kind.memory_bytes),
        "architectures" => map.serialize_entry(field, &kind.architectures),
        "processor" => map.serialize_entry(field, &ProcessorView::of(&kind.processor)),
        "gpu" => map.serialize_entry(field, &GpuView::of(kind.gpu.as_ref())),
        "storage" => map.serialize_entry(field, &StorageView::of(&kind.storage)),
        "network" => map.serialize_entry(field, &NetworkView::of(&kind.network)),
        "ebs_max_mbps" => map.serialize_entry(field, &kind.ebs_max_mbps),
        "bare_metal" => map.serialize_entry(field, &kind.bare_metal),
        "burstable" => map.serialize_entry(field, &kind.burstable()),
        "current_generation" => map.serialize_entry(field, &kind.current_generation),
        "region" => map.serialize_entry(field, &kind.region),
        "price" => map.serialize_entry(field, &PriceView::of(kind)),
        // `FIELDS` has no other; a test holds both against the whole view.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::http::instance_types::view::InstanceTypeView;
    use crate::domain::instance_type::samples::{few, named};

    #[test]
    fn all_fields_together_are_the_whole_item_byte_for_byte() {
        for kind in few().types.values().chain([&named("x1.large")]) {
            let selected = serde_json::to_string(&Selected { kind, fields: &FIELDS }).unwrap();
            assert_eq!(selected, serde_json::to_string(&InstanceTypeView::of(kind)).unwrap());
        }
    }
}
