//! Offer files that proptest makes up, each with the types that are to come out of it.

use std::collections::BTreeMap;

use cre_backend_api::domain::instance_type::{Gpu, InstanceType, Network, Price, Processor, Storage};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// A file, and what is in it.
#[derive(Debug, Clone)]
pub struct OfferFile {
    pub document: String,
    pub types: BTreeMap<String, InstanceType>,
    pub rows: u64,
    pub dropped: BTreeMap<&'static str, u64>,
}

/// An attribute: AWS's words for it, none if it is absent, and what they mean.
type Said<T> = (Option<String>, T);

/// A type, and its attributes in AWS's words.
#[derive(Debug, Clone)]
struct Row {
    kind: InstanceType,
    attributes: Map<String, Value>,
}

pub fn offer_files() -> impl Strategy<Value = OfferFile> {
    let rows = vec((rows(), of(prices())), 0..12);
    (rows, vec(others(), 0..6), Just(["offerCode", "version", "new", "products", "terms", "attributesList"]))
        .prop_flat_map(|(rows, others, order)| {
            let places: Vec<usize> = (0..rows.len() + others.len()).collect();
            (Just(rows), Just(others), Just(order).prop_shuffle(), Just(places).prop_shuffle(), any::<bool>())
        })
        .prop_map(|(rows, others, order, places, pretty)| file(rows, &others, &order, &places, pretty))
}

fn file(
    rows: Vec<(Row, Option<Decimal>)>,
    others: &[(Value, &'static str)],
    order: &[&str],
    places: &[usize],
    pretty: bool,
) -> OfferFile {
    let mut products: Vec<(String, Value)> = Vec::new();
    let mut on_demand = Map::new();
    let mut types = BTreeMap::new();
    for (i, (Row { mut kind, mut attributes }, usd)) in rows.into_iter().enumerate() {
        let sku = format!("SKU{i:013}");
        // No two rows are the same type.
        kind.name = format!("{}-{i}", kind.name);
        attributes.insert("instanceType".to_owned(), json!(kind.name));
        let family = if kind.bare_metal { "Compute Instance (bare metal)" } else { "Compute Instance" };
        products.push((sku.clone(), json!({"sku": sku, "productFamily": family, "attributes": attributes})));
        let written = usd.map_or_else(|| "0.0000000000".to_owned(), |usd| usd.to_string());
        on_demand.insert(sku.clone(), term(&sku, &written));
        kind.price = usd.map(|usd| Price {
            usd_per_hour: usd.normalize(),
            sku,
            effective_date: Some("2026-07-01T00:00:00Z".into()),
        });
        types.insert(kind.name.clone(), kind);
    }
    let mut dropped = BTreeMap::new();
    for (i, (product, reason)) in others.iter().enumerate() {
        let sku = format!("OTHER{i}");
        on_demand.insert(sku.clone(), term(&sku, "0.0000000000"));
        products.push((sku, product.clone()));
        *dropped.entry(*reason).or_default() += 1;
    }
    let shuffled: Map<_, _> = places.iter().map(|&place| products[place].clone()).collect();
    let rows = shuffled.len() as u64;
    let mut members = json!({"offerCode": "AmazonEC2", "version": "20260701000000", "new": [{"a": "}]\"\\"}, null],
        "products": shuffled, "terms": {"Reserved": {"SKU": {"a": [1]}}, "OnDemand": on_demand}, "attributesList": {}});
    let ordered: Map<_, _> = order.iter().map(|&key| (key.to_owned(), members[key].take())).collect();
    let document = if pretty { serde_json::to_string_pretty(&ordered) } else { serde_json::to_string(&ordered) };
    OfferFile { document: document.unwrap(), types, rows, dropped }
}

fn term(sku: &str, usd: &str) -> Value {
    json!({format!("{sku}.JRTCKXETXF"): {"effectiveDate": "2026-07-01T00:00:00Z", "termAttributes": {}, "priceDimensions": {
        format!("{sku}.JRTCKXETXF.6YS6EN2CT7"): {"unit": "Hrs", "endRange": "Inf", "pricePerUnit": {"USD": usd}, "appliesTo": []}}}})
}

fn prices() -> impl Strategy<Value = Decimal> {
    (1_i64..1_000_000_000_000).prop_map(|billionths| Decimal::new(billionths, 10))
}

/// Rows that are no types, and why.
fn others() -> impl Strategy<Value = (Value, &'static str)> {
    let usual = json!({"instanceType": "m5.xlarge", "tenancy": "Shared", "operatingSystem": "Linux", "preInstalledSw": "NA",
        "capacitystatus": "Used", "memory": "16 GiB"});
    select(vec![
        ("operatingSystem", json!("Windows"), "operating_system"),
        ("marketoption", json!("CapacityBlock"), "market_option"),
        ("capacitystatus", json!("UnusedCapacityReservation"), "capacity_status"),
        ("preInstalledSw", json!("SQL Web"), "preinstalled_software"),
        ("licenseModel", json!("Bring your own license"), "license_model"),
        ("tenancy", json!("Dedicated"), "tenancy"),
        ("instanceType", json!("m5"), "dedicated_host"),
        ("instanceType", json!(""), "no_instance_type"),
        ("instanceType", json!(null), "no_instance_type"),
    ])
    .prop_map(move |(key, value, reason)| {
        let mut attributes = usual.clone();
        attributes[key] = value;
        (json!({"attributes": attributes}), reason)
    })
}

fn rows() -> impl Strategy<Value = Row> {
    let size = (computing(), machines(), beside(), names());
    size.prop_map(|((vcpu, memory, clock), (gpu, storage, ebs), (network, text, current), (name, arm, bare_metal))| {
        let (processor, family, region) = text;
        let kind = InstanceType {
            name,
            family: family.clone(),
            vcpu: vcpu.1,
            memory_mib: memory.1.map(|bytes: u64| bytes >> 20),
            memory_bytes: memory.1,
            architectures: vec![if arm { "arm64" } else { "x86_64" }.to_owned()],
            processor: Processor {
                name: processor.map(|(name, _)| name.to_owned()),
                manufacturer: processor.map(|(_, maker)| maker.to_owned()),
                clock_ghz: clock.1,
            },
            gpu: gpu.2,
            storage: storage.1,
            network: network.1,
            ebs_max_mbps: ebs.1,
            bare_metal,
            current_generation: current.1,
            region: region.clone(),
            price: None,
        };
        let said = [
            ("vcpu", vcpu.0),
            ("memory", memory.0),
            ("clockSpeed", clock.0),
            ("gpu", gpu.0),
            ("gpuMemory", gpu.1),
            ("storage", storage.0),
            ("networkPerformance", network.0),
            ("dedicatedEbsThroughput", ebs.0),
            ("currentGeneration", current.0),
            ("physicalProcessor", processor.map(|(name, _)| name.to_owned())),
            ("instanceFamily", family),
            ("regionCode", region),
        ];
        let mut attributes: Map<_, _> =
            said.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?.into()))).collect();
        for (key, text) in
            [("tenancy", "Shared"), ("operatingSystem", "Linux"), ("preInstalledSw", "NA"), ("capacitystatus", "Used")]
        {
            attributes.insert(key.to_owned(), text.into());
        }
        Row { kind, attributes }
    })
}

/// A name, whether it is ARM, whether it is bare metal.
fn names() -> impl Strategy<Value = (String, bool, bool)> {
    let series = select(vec![("m5", false), ("c7i", false), ("m6g", true), ("im4gn", true), ("u7i", false)]);
    (series, select(vec![("large", false), ("48xlarge", false), ("metal", true), ("metal-24xl", true)]))
        .prop_map(|((series, arm), (size, metal))| (format!("{series}.{size}"), arm, metal))
}

/// What says nothing: absent, or in AWS's words for it.
fn nothing() -> impl Strategy<Value = Option<String>> + Clone {
    select(vec![None, Some("NA".to_owned()), Some(String::new())])
}

/// Either nothing, or words and their meaning.
fn maybe<T: Clone + std::fmt::Debug>(
    said: impl Strategy<Value = (String, T)>,
) -> impl Strategy<Value = Said<Option<T>>> {
    prop_oneof![1 => nothing().prop_map(|text| (text, None)), 4 => said.prop_map(|(text, value)| (Some(text), Some(value)))]
}

type Computing = (Said<Option<u32>>, Said<Option<u64>>, Said<Option<f64>>);

fn computing() -> impl Strategy<Value = Computing> {
    let vcpu = maybe((1_u32..1000).prop_map(|count| (count.to_string(), count)));
    let memory = maybe((1_u64..4_000_000).prop_map(|quarters| {
        let (whole, rest) = (quarters / 4, ["", ".25", ".5", ".75"][(quarters % 4) as usize]);
        (format!("{}{rest} GiB", with_commas(whole)), quarters << 28)
    }));
    let clock = maybe((1_u32..80, select(vec!["GHz", "Ghz"]), any::<bool>()).prop_map(|(tenths, unit, up_to)| {
        let number = format!("{}.{}", tenths / 10, tenths % 10);
        (format!("{}{number} {unit}", if up_to { "Up to " } else { "" }), number.parse().unwrap())
    }));
    (vcpu, memory, clock)
}

fn with_commas(number: u64) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", with_commas(number / 1000), number % 1000) }
}

type Machines = ((Option<String>, Option<String>, Option<Gpu>), Said<Storage>, Said<Option<u32>>);

fn machines() -> impl Strategy<Value = Machines> {
    let memory = maybe(
        (1_u32..5000, select(vec!["", " HBM3", " HBM3e"]))
            .prop_map(|(gb, technology)| (format!("{} GB{technology}", with_commas(gb.into())), gb)),
    );
    let gpu = of((1_u32..20, memory)).prop_map(|gpu| match gpu {
        None => (None, None, None),
        Some((count, (text, memory_gb))) => (Some(count.to_string()), text, Some(Gpu { count, memory_gb })),
    });
    let disks = (
        1_u32..30,
        1_u64..20_000,
        select(vec!["x", "X"]),
        select(vec![("NVMe SSD", "ssd"), ("SSD", "ssd"), ("HDD", "hdd")]),
    )
        .prop_map(|(disks, gb, x, (words, media))| {
            let total_gb = Some(u64::from(disks) * gb);
            let nvme = words.contains("NVMe");
            let storage = Storage { ebs_only: Some(false), disks: Some(disks), total_gb, media: Some(media), nvme };
            (Some(format!("{disks} {x} {gb} GB {words}")), storage)
        });
    let storage = prop_oneof![
        nothing().prop_map(|text| (text, Storage::default())),
        Just((Some("EBS only".to_owned()), Storage { ebs_only: Some(true), ..Storage::default() })),
        disks
    ];
    let ebs = maybe(
        (1_u32..100_000, select(vec!["", "Up to "])).prop_map(|(mbps, up_to)| (format!("{up_to}{mbps} Mbps"), mbps)),
    );
    (gpu, storage, ebs)
}

type Texts = (Option<(&'static str, &'static str)>, Option<String>, Option<String>);

fn beside() -> impl Strategy<Value = (Said<Network>, Texts, Said<Option<bool>>)> {
    let numbered = (1_u32..4000, select(vec!["Gigabit", "Megabit"]), any::<bool>(), 1_u32..5).prop_map(
        |(amount, unit, burst, ports)| {
            let ports_text = if ports > 1 { format!("{ports}x ") } else { String::new() };
            let text = format!("{}{ports_text}{amount} {unit}", if burst { "Up to " } else { "" });
            let megabits = f64::from(amount * ports) * if unit == "Gigabit" { 1000.0 } else { 1.0 };
            (Some(text.clone()), Network { text: Some(text), gbps: Some(megabits / 1000.0), burst })
        },
    );
    let vague = select(vec!["Low to Moderate", "Very Low", "High"])
        .prop_map(|text| (Some(text.to_owned()), Network { text: Some(text.to_owned()), ..Network::default() }));
    let network = prop_oneof![nothing().prop_map(|text| (text, Network::default())), numbered, vague];
    let processor = select(vec![
        ("Intel Xeon Platinum 8175", "Intel"),
        ("AMD EPYC 7R13 Processor", "AMD"),
        ("AWS Graviton2 Processor", "AWS"),
    ]);
    // Any text, as long as white space around it and words for nothing don't blur what is expected.
    let text = || {
        of("[^ \\t\\r\\n\\p{Z}\\p{C}]{3,20}".prop_filter("says something", |text| !text.eq_ignore_ascii_case("n/a")))
    };
    let current = maybe(select(vec![("Yes".to_owned(), true), ("No".to_owned(), false)]));
    (network, (of(processor), text(), text()), current)
}
