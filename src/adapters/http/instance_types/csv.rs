//! The list as CSV (RFC 4180): a header of dotted names, a line per type; unknown values are empty, lists joined with `;`.

use std::borrow::Cow;

use crate::domain::instance_type::{InstanceType, Price};

/// A cell before it is quoted; `None` is unknown.
type Cell<'a> = Option<Cow<'a, str>>;

/// A column: its name, and how its cells are read.
type Column = (&'static str, for<'a> fn(&'a InstanceType) -> Cell<'a>);

/// The columns, in the order of the JSON's fields. What stands before the dot is the field that `fields` selects.
const COLUMNS: [Column; 34] = [
    ("name", |kind| text(&kind.name)),
    ("label", |kind| owned(Some(kind.label()))),
    ("family", |kind| kind.family.as_deref().and_then(text)),
    ("series", |kind| text(kind.series())),
    ("generation", |kind| owned(kind.generation())),
    ("size", |kind| text(kind.size())),
    ("vcpu", |kind| owned(kind.vcpu)),
    ("memory_mib", |kind| owned(kind.memory_mib)),
    ("memory_bytes", |kind| owned(kind.memory_bytes)),
    ("architectures", |kind| owned(Some(kind.architectures.join(";")))),
    ("processor.name", |kind| kind.processor.name.as_deref().and_then(text)),
    ("processor.manufacturer", |kind| kind.processor.manufacturer.as_deref().and_then(text)),
    ("processor.clock_ghz", |kind| float(kind.processor.clock_ghz)),
    ("gpu.count", |kind| owned(kind.gpu.as_ref().map(|gpu| gpu.count).filter(|&count| count > 0))),
    ("gpu.memory_gb", |kind| owned(kind.gpu.as_ref().filter(|gpu| gpu.count > 0).and_then(|gpu| gpu.memory_gb))),
    ("storage.ebs_only", |kind| owned(kind.storage.ebs_only)),
    ("storage.disks", |kind| owned(kind.storage.disks)),
    ("storage.total_gb", |kind| owned(kind.storage.total_gb)),
    ("storage.media", |kind| kind.storage.media.and_then(text)),
    ("storage.nvme", |kind| owned(Some(kind.storage.nvme))),
    ("network.text", |kind| kind.network.text.as_deref().and_then(text)),
    ("network.gbps", |kind| float(kind.network.gbps)),
    ("network.burst", |kind| owned(Some(kind.network.burst))),
    ("ebs_max_mbps", |kind| owned(kind.ebs_max_mbps)),
    ("bare_metal", |kind| owned(Some(kind.bare_metal))),
    ("burstable", |kind| owned(Some(kind.burstable()))),
    ("current_generation", |kind| owned(kind.current_generation)),
    ("region", |kind| kind.region.as_deref().and_then(text)),
    ("price.usd_per_hour", |kind| owned(kind.price.as_ref().map(Price::per_hour))),
    ("price.usd_per_month", |kind| owned(kind.price.as_ref().map(Price::per_month))),
    ("price.per_vcpu", |kind| owned(kind.per_vcpu())),
    ("price.per_gib", |kind| owned(kind.per_gib())),
    ("price.sku", |kind| kind.price.as_ref().and_then(|price| text(&price.sku))),
    ("price.effective_date", |kind| kind.price.as_ref().and_then(|price| text(price.effective_date.as_deref()?))),
];

/// The list; `fields` are the top-level fields wanted, in their order, or all.
pub fn write(items: &[&InstanceType], fields: &[&'static str]) -> String {
    let columns: Vec<&Column> = fields.iter().flat_map(|field| columns_of(field)).collect();
    let mut csv = String::with_capacity((items.len() + 1) * columns.len() * 8);
    line(&mut csv, columns.iter().map(|(name, _)| Some(Cow::Borrowed(*name))));
    for kind in items {
        line(&mut csv, columns.iter().map(|(_, cell)| cell(kind)));
    }
    csv
}

fn columns_of(field: &str) -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(move |(name, _)| name.split('.').next() == Some(field))
}

fn line<'a>(csv: &mut String, cells: impl Iterator<Item = Cell<'a>>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            csv.push(',');
        }
        if let Some(cell) = cell {
            push(csv, &cell);
        }
    }
    csv.push_str("\r\n");
}

fn push(csv: &mut String, cell: &str) {
    // A spreadsheet takes such a cell for a formula. No value of AWS begins so, but the list is a file that anybody may have written.
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !cell.contains(['"', ',', '\r', '\n']) {
        csv.push_str(cell);
        return;
    }
    csv.push('"');
    if formula {
        csv.push('\'');
    }
    csv.push_str(&cell.replace('"', "\"\""));
    csv.push('"');
}

#[allow(clippy::unnecessary_wraps, reason = "all cells are read alike")]
fn text(value: &str) -> Cell<'_> {
    Some(Cow::Borrowed(value))
}

fn owned(value: Option<impl ToString>) -> Cell<'static> {
    value.map(|value| Cow::Owned(value.to_string()))
}

/// As JSON writes it: `10.0`.
fn float(value: Option<f64>) -> Cell<'static> {
    value.map(|value| Cow::Owned(format!("{value:?}")))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::adapters::http::instance_types::fields::FIELDS;
    use crate::adapters::http::instance_types::view::InstanceTypeView;
    use crate::domain::instance_type::samples::{few, named};
    use crate::domain::instance_type::{Gpu, Network, Processor, Storage};

    /// The JSON's leaves by their dotted names.
    fn leaves(prefix: &str, value: &Value, into: &mut Vec<(String, String)>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(name, value)| {
                leaves(&format!("{prefix}{}{name}", if prefix.is_empty() { "" } else { "." }), value, into);
            }),
            Value::Array(list) => {
                let joined: Vec<_> = list.iter().filter_map(Value::as_str).collect();
                into.push((prefix.to_owned(), joined.join(";")));
            }
            Value::String(text) => into.push((prefix.to_owned(), text.clone())),
            Value::Null => into.push((prefix.to_owned(), String::new())),
            other => into.push((prefix.to_owned(), other.to_string())),
        }
    }

    #[test]
    fn the_columns_are_the_leaves_of_the_json_with_the_same_values() {
        let mut kind = few().types["m1.small"].clone();
        kind.processor = Processor { name: Some("A".into()), manufacturer: Some("B".into()), clock_ghz: Some(3.0) };
        kind.gpu = Some(Gpu { count: 8, memory_gb: Some(640) });
        kind.storage =
            Storage { ebs_only: Some(false), disks: Some(2), total_gb: Some(1800), media: Some("ssd"), nvme: true };
        kind.network = Network { text: Some("Up to 10 Gigabit".into()), gbps: Some(10.0), burst: true };
        kind.ebs_max_mbps = Some(4750);
        kind.region = Some("us-east-1".into());
        kind.price.as_mut().unwrap().effective_date = Some("2026-07-01T00:00:00Z".into());
        let mut expected = Vec::new();
        leaves("", &serde_json::to_value(InstanceTypeView::of(&kind)).unwrap(), &mut expected);
        let mut columns: Vec<(String, String)> = COLUMNS
            .iter()
            .map(|(name, cell)| ((*name).to_owned(), cell(&kind).unwrap_or_default().into_owned()))
            .collect();
        assert_eq!(columns.iter().map(|(name, _)| name.split('.').next().unwrap()).fold(vec![], deduped), FIELDS);
        expected.sort();
        columns.sort();
        assert_eq!(columns, expected);
    }

    fn deduped<'a>(mut seen: Vec<&'a str>, field: &'a str) -> Vec<&'a str> {
        if seen.last() != Some(&field) {
            seen.push(field);
        }
        seen
    }

    #[test]
    fn cells_are_quoted_where_they_must_be_and_never_taken_for_formulas() {
        let mut kind = named("m5.large");
        let cell = |kind: &InstanceType| write(&[kind], &["family"]).split_once("\r\n").unwrap().1.to_owned();
        for (value, written) in [
            ("plain words", "plain words\r\n"),
            ("a,b", "\"a,b\"\r\n"),
            ("say \"x\"", "\"say \"\"x\"\"\"\r\n"),
            ("two\nlines", "\"two\nlines\"\r\n"),
            ("=1+1", "\"'=1+1\"\r\n"),
            ("@x", "\"'@x\"\r\n"),
        ] {
            kind.family = Some(value.to_owned());
            assert_eq!(cell(&kind), written);
        }
        kind.family = None;
        assert_eq!(cell(&kind), "\r\n");
    }
}
