//! The order of instance types: several keys, unknown values last in either direction, ties by name.

use std::cmp::Ordering;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::InstanceType;
use crate::domain::cursor::Part;

/// What types can be sorted by: the parameter's words and their fields. The first word of a field is its own.
const WORDS: [(&str, Field); 20] = [
    ("name", Field::Name),
    ("price", Field::Price),
    ("usd_per_hour", Field::Price),
    ("vcpu", Field::Vcpu),
    ("memory", Field::Memory),
    ("memory_mib", Field::Memory),
    ("memory_gib", Field::Memory),
    ("gpu", Field::Gpu),
    ("gpu_memory", Field::GpuMemory),
    ("network", Field::Network),
    ("network_gbps", Field::Network),
    ("storage", Field::Storage),
    ("ebs", Field::Ebs),
    ("clock", Field::Clock),
    ("family", Field::Family),
    ("series", Field::Series),
    ("size", Field::Size),
    ("generation", Field::Generation),
    ("per_vcpu", Field::PerVcpu),
    ("per_gib", Field::PerGib),
];

/// A field to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Price,
    Vcpu,
    Memory,
    Gpu,
    GpuMemory,
    Network,
    Storage,
    Ebs,
    Clock,
    Family,
    Series,
    Size,
    Generation,
    PerVcpu,
    PerGib,
}

/// One key of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    field: Field,
    descending: bool,
}

impl SortKey {
    /// Cheapest first.
    pub const CHEAPEST: Self = Self { field: Field::Price, descending: false };

    /// Reads `price` or `-memory`; `None` when there is no such field.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (word, descending) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
        WORDS.iter().find(|(known, _)| *known == word).map(|&(_, field)| Self { field, descending })
    }

    /// The words that [`SortKey::parse`] knows.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// The type's value of this key.
    pub(super) fn value(self, kind: &InstanceType) -> Value<'_> {
        let price = || kind.price.as_ref().map(|price| price.usd_per_hour);
        match self.field {
            Field::Name => Value::Text(&kind.name),
            Field::Family => kind.family.as_deref().map_or(Value::Null, Value::Text),
            Field::Series => Value::Text(kind.series()),
            Field::Size => Value::Text(kind.size()),
            Field::Price => scaled(price()),
            Field::PerVcpu => scaled(price().and_then(|usd| usd.checked_div(kind.vcpu?.into()))),
            Field::PerGib => scaled(price().and_then(|usd| usd.checked_div(kind.memory_gib()?))),
            Field::Vcpu => whole(kind.vcpu),
            Field::Memory => whole(kind.memory_bytes),
            Field::Gpu => whole(Some(kind.gpu.as_ref().map_or(0, |gpu| gpu.count))),
            Field::GpuMemory => whole(kind.gpu.as_ref().and_then(|gpu| gpu.memory_gb)),
            Field::Network => scaled(kind.network.gbps.and_then(|gbps| Decimal::try_from(gbps).ok())),
            Field::Storage => whole(kind.storage.total_gb),
            Field::Ebs => whole(kind.ebs_max_mbps),
            Field::Clock => scaled(kind.processor.clock_ghz.and_then(|ghz| Decimal::try_from(ghz).ok())),
            Field::Generation => whole(kind.generation()),
        }
    }

    /// Orders two values of this key; unknown ones are last whichever the direction.
    pub(super) fn compare(self, a: &Value<'_>, b: &Value<'_>) -> Ordering {
        match (a, b) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Greater,
            (_, Value::Null) => Ordering::Less,
            _ if self.descending => b.cmp(a),
            _ => a.cmp(b),
        }
    }
}

/// A type's value of one key, comparable without allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value<'a> {
    Number(i64),
    Text(&'a str),
    Null,
}

impl<'a> Value<'a> {
    /// The value as a part of a cursor.
    pub(super) fn to_part(self) -> Part {
        match self {
            Self::Number(number) => Part::Number(number),
            Self::Text(text) => Part::Text(text.to_owned()),
            Self::Null => Part::Null,
        }
    }

    /// The value that a cursor's part holds.
    pub(super) fn of_part(part: &'a Part) -> Self {
        match part {
            Part::Number(number) => Self::Number(*number),
            Part::Text(text) => Self::Text(text),
            Part::Null => Self::Null,
        }
    }
}

fn whole(number: Option<impl TryInto<i64>>) -> Value<'static> {
    number.and_then(|number| number.try_into().ok()).map_or(Value::Null, Value::Number)
}

/// A decimal in steps of 10⁻¹⁰, the finest that AWS prices have.
fn scaled(number: Option<Decimal>) -> Value<'static> {
    let steps = |number: Decimal| {
        number
            .checked_mul(Decimal::from(10_000_000_000_u64))?
            .round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven)
            .to_i64()
    };
    number.and_then(steps).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instance_type::samples::{m5_xlarge, named};

    #[test]
    fn every_word_is_read_in_both_directions_and_others_are_not() {
        for word in SortKey::words() {
            assert!(SortKey::parse(word).is_some_and(|key| !key.descending));
            assert!(SortKey::parse(&format!("-{word}")).is_some_and(|key| key.descending));
        }
        assert!(["", "-", "--price", "Price", "price ", "colour"].iter().all(|word| SortKey::parse(word).is_none()));
    }

    #[test]
    fn unknown_values_are_last_in_both_directions() {
        for word in ["price", "-price", "vcpu", "-memory", "per_gib", "-family"] {
            let key = SortKey::parse(word).unwrap();
            let (known, unknown) = (m5_xlarge(), named("a1.large"));
            assert_eq!(key.compare(&key.value(&known), &key.value(&unknown)), Ordering::Less, "{word}");
        }
    }

    #[test]
    fn prices_that_differ_in_the_tenth_decimal_are_told_apart() {
        let mut a = m5_xlarge();
        a.price.as_mut().unwrap().usd_per_hour = "0.1920000001".parse().unwrap();
        let key = SortKey::CHEAPEST;
        assert_eq!(key.compare(&key.value(&a), &key.value(&m5_xlarge())), Ordering::Greater);
    }
}
