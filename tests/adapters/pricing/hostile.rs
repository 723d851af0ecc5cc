//! Documents that nobody should have to read: arbitrary bytes, arbitrary JSON, damaged offer files.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use super::files::offer_files;

pub fn hostile_documents() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => vec(any::<u8>(), 0..2000),
        1 => json(Just(String::new())).prop_map(|value| value.to_string().into_bytes()),
        2 => json(words()).prop_map(|value| format!(r#"{{"products":{{"A":{value}}},"terms":{value}}}"#).into_bytes()),
        6 => (offer_files(), vec(damage(), 1..6)).prop_map(|(file, damages)| {
            let mut bytes = file.document.into_bytes();
            for damage in damages {
                damage.to(&mut bytes);
            }
            bytes
        }),
    ]
}

/// Any JSON; `keys` are mixed with keys of any characters.
fn json(keys: impl Strategy<Value = String> + Clone + 'static) -> impl Strategy<Value = Value> {
    let text = prop_oneof![keys.clone(), any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 100, 8, move |inner| {
        let members = vec((text.clone(), inner.clone()), 0..8);
        prop_oneof![
            vec(inner, 0..8).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect()))
        ]
    })
}

fn words() -> impl Strategy<Value = String> + Clone {
    let words = "products terms OnDemand attributes version offerCode AmazonEC2 instanceType m5.xlarge tenancy Shared Linux \
        operatingSystem preInstalledSw NA capacitystatus Used memory GiB vcpu priceDimensions unit Hrs pricePerUnit USD 0.192";
    select(words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

#[derive(Debug, Clone)]
enum Damage {
    Byte(Index, u8),
    Cut(Index, usize),
    Copy(Index, usize, Index),
    Insert(Index, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (any::<Index>(), 1_usize..500).prop_map(|(at, length)| Damage::Cut(at, length)),
        (any::<Index>(), 1_usize..500, any::<Index>()).prop_map(|(from, length, to)| Damage::Copy(from, length, to)),
        (any::<Index>(), snippets()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

fn snippets() -> impl Strategy<Value = Vec<u8>> {
    let short: [&[u8]; 16] = [
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\0",
        b"\\ud800",
        b"1e999999",
        b"-",
        b"\"products\":{},",
        b"\"terms\":null,",
    ];
    let long = (select(vec!["[", "{\"a\":", "x", "9", " ", "\\u0061", "\"a\":1,", "\u{e9}"]), 1_usize..20_000)
        .prop_map(|(text, length)| text.repeat(length.div_ceil(text.len())).into_bytes());
    prop_oneof![3 => select(short.map(<[u8]>::to_vec).to_vec()), 1 => long, 1 => vec(any::<u8>(), 1..50)]
}

impl Damage {
    fn to(self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let all = bytes.len();
        match self {
            Self::Byte(at, byte) => bytes[at.index(all)] = byte,
            Self::Cut(at, length) => {
                let at = at.index(all);
                bytes.drain(at..all.min(at + length));
            }
            Self::Copy(from, length, to) => {
                let from = from.index(all);
                let copy = bytes[from..all.min(from + length)].to_vec();
                let to = to.index(all);
                bytes.splice(to..to, copy);
            }
            Self::Insert(at, snippet) => {
                let at = at.index(all);
                bytes.splice(at..at, snippet);
            }
        }
    }
}
