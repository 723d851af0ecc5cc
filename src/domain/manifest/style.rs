//! How a manifest is written: the order of its keys, what it quotes, how it sets its lists. An edit keeps it, so that its
//! diff shows the change and little else.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The style of one document.
#[derive(Debug, Default)]
pub(super) struct Style {
    /// The order of keys.
    pub(super) order: Order,
    /// Texts in double quotes that could stand without.
    quoted: BTreeSet<String>,
    /// Whether the items of a list stand below its key rather than further in.
    pub(super) flush_lists: bool,
}

impl Style {
    /// The style of a text; of one that can't be read, the default.
    pub(super) fn of(text: &str) -> Self {
        let orders: Vec<Order> = serde_yaml::from_multiple_with_options(text, super::options()).unwrap_or_default();
        let order = orders.into_iter().find(|order| !matches!(order, Order::Scalar)).unwrap_or_default();
        // A part between two quotes may also be what stands between two quoted texts; no harm: it is then quoted as well.
        let quoted = text.split('"').filter(|part| part.len() <= 1024).map(str::to_owned).collect();
        Self { order, quoted, flush_lists: has_flush_list(text) }
    }

    /// Whether a text that could stand without quotes has them.
    pub(super) fn quotes(&self, text: &str) -> bool {
        self.quoted.contains(text)
    }
}

/// Whether some key is followed by an item on the same level.
fn has_flush_list(text: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lines: Vec<&str> = text.lines().collect();
    lines.windows(2).any(|pair| {
        pair[0].trim_end().ends_with(':')
            && !pair[0].trim_start().starts_with("- ")
            && pair[1].trim_start().starts_with("- ")
            && indent(pair[0]) == indent(pair[1])
    })
}

/// The order of keys in a document, at every depth.
#[derive(Debug, Default)]
pub(super) enum Order {
    /// No map and no list.
    #[default]
    Scalar,
    /// The items' orders.
    List(Vec<Order>),
    /// The keys, each with the order below it.
    Map(Vec<(String, Order)>),
}

/// Where there is nothing to go by.
static UNKNOWN: Order = Order::Scalar;

impl Order {
    /// The place of a key; one that is new comes last.
    pub(super) fn rank(&self, key: &str) -> usize {
        match self {
            Self::Map(entries) => entries.iter().position(|(name, _)| name == key).unwrap_or(entries.len()),
            Self::Scalar | Self::List(_) => 0,
        }
    }

    /// The order below a key.
    pub(super) fn below(&self, key: &str) -> &Self {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map_or(&UNKNOWN, |(_, order)| order),
            Self::Scalar | Self::List(_) => &UNKNOWN,
        }
    }

    /// The order of an item; one that is new is like the first.
    pub(super) fn item(&self, index: usize) -> &Self {
        match self {
            Self::List(items) => items.get(index).or(items.first()).unwrap_or(&UNKNOWN),
            Self::Scalar | Self::Map(_) => &UNKNOWN,
        }
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrderVisitor)
    }
}

struct OrderVisitor;

impl<'de> Visitor<'de> for OrderVisitor {
    type Value = Order;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Order, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Order::Map(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Order, A::Error> {
        let mut orders = Vec::new();
        while let Some(order) = items.next_element()? {
            orders.push(order);
        }
        Ok(Order::List(orders))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Order, D::Error> {
        Order::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Order, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Order::Scalar)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Order, E> {
        Ok(Order::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Order, E> {
        Ok(Order::Scalar)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Order, E> {
        Ok(Order::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Order, E> {
        Ok(Order::Scalar)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Order, E> {
        Ok(Order::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Order, E> {
        Ok(Order::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Order, E> {
        Ok(Order::Scalar)
    }

    fn visit_none<E>(self) -> Result<Order, E> {
        Ok(Order::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Order, E> {
        Ok(Order::Scalar)
    }
}
