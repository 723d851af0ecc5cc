//! Offer files, with every trap that real ones hold.

mod traps;

use std::borrow::Borrow;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// An m5.xlarge as AWS writes it, with some attributes changed; `null` removes one.
fn product(changes: impl Borrow<Value>) -> Value {
    let mut attributes = json!({
        "servicecode": "AmazonEC2", "location": "US East (N. Virginia)", "locationType": "AWS Region",
        "instanceType": "m5.xlarge", "currentGeneration": "Yes", "instanceFamily": "General purpose", "vcpu": "4",
        "physicalProcessor": "Intel Xeon Platinum 8175 (Skylake)", "clockSpeed": "3.1 GHz", "memory": "16 GiB",
        "storage": "EBS only", "networkPerformance": "Up to 10 Gigabit", "processorArchitecture": "64-bit",
        "tenancy": "Shared", "operatingSystem": "Linux", "licenseModel": "No License required",
        "operation": "RunInstances", "capacitystatus": "Used", "marketoption": "OnDemand", "preInstalledSw": "NA",
        "dedicatedEbsThroughput": "Up to 4750 Mbps", "regionCode": "us-east-1",
    });
    for (key, value) in changes.borrow().as_object().expect("an object") {
        match value {
            Value::Null => attributes.as_object_mut().unwrap().remove(key),
            value => attributes.as_object_mut().unwrap().insert(key.clone(), value.clone()),
        };
    }
    json!({"sku": "ignored", "productFamily": "Compute Instance", "attributes": attributes})
}

fn term(currency: &str, amount: &str) -> Value {
    json!({"X.JRTCKXETXF": {"offerTermCode": "JRTCKXETXF", "effectiveDate": "2026-07-01T00:00:00Z", "priceDimensions": {
        "X.JRTCKXETXF.6YS6EN2CT7": {"unit": "Hrs", "pricePerUnit": {currency: amount}, "appliesTo": []}}}})
}

/// A file with these products, each at a price.
fn offer(products: &[(&str, Value, &str)]) -> String {
    let all: serde_json::Map<_, _> =
        products.iter().map(|(sku, product, _)| ((*sku).into(), product.clone())).collect();
    let terms: serde_json::Map<_, _> = products.iter().map(|(sku, _, usd)| ((*sku).into(), term("USD", usd))).collect();
    format!(
        r#"{{"formatVersion":"v1.0","disclaimer":"\u00e9","offerCode":"AmazonEC2","version":"2026","publicationDate":"2026-07-01T00:00:00Z",
        "products":{},"terms":{{"OnDemand":{},"Reserved":{{"A":{{}}}}}},"attributesList":{{}}}}"#,
        Value::from(all),
        Value::from(terms)
    )
}

fn load(document: &str) -> (Catalog, IngestReport) {
    match read(document.as_bytes(), None).expect("a readable file") {
        Load::Loaded(catalog, report) => (catalog, report),
        Load::Unchanged => panic!("nothing was seen before"),
    }
}

/// The only type of a file with one product.
fn only(changes: &Value) -> InstanceType {
    let (mut catalog, _) = load(&offer(&[("A", product(changes), "0.1920000000")]));
    catalog.types.pop_first().expect("a type").1
}

/// Why a file's only product was dropped.
fn dropped(product: &Value) -> &'static str {
    let (catalog, report) = load(&offer(&[("A", product.clone(), "1")]));
    assert!(catalog.types.is_empty());
    assert_eq!((report.rows, report.kept, report.dropped.values().sum()), (1, 0, 1));
    report.dropped.keys().next().expect("a reason")
}

#[test]
fn a_product_and_its_term_become_a_type() {
    let document = offer(&[("SKU1", product(json!({})), "0.1920000000")]);
    let (catalog, report) = load(&document);
    let m5 = &catalog.types["m5.xlarge"];
    assert_eq!((m5.vcpu, m5.memory_mib, m5.memory_bytes), (Some(4), Some(16_384), Some(17_179_869_184)));
    assert_eq!(m5.family.as_deref(), Some("General purpose"));
    assert_eq!(m5.architectures, ["x86_64"]);
    assert_eq!((m5.processor.manufacturer.as_deref(), m5.processor.clock_ghz), (Some("Intel"), Some(3.1)));
    assert_eq!((m5.network.gbps, m5.network.burst, m5.ebs_max_mbps), (Some(10.0), true, Some(4750)));
    assert_eq!((m5.gpu.as_ref(), m5.storage.ebs_only, m5.bare_metal), (None, Some(true), false));
    assert_eq!((m5.current_generation, m5.region.as_deref()), (Some(true), Some("us-east-1")));
    let price = m5.price.as_ref().unwrap();
    assert_eq!((price.usd_per_hour.to_string().as_str(), price.sku.as_str()), ("0.192", "SKU1"));
    assert_eq!(price.effective_date.as_deref(), Some("2026-07-01T00:00:00Z"));
    assert_eq!(catalog.version.as_deref(), Some("2026"));
    assert_eq!(catalog.published_at.unwrap().to_string(), "2026-07-01T00:00:00Z");
    assert_eq!((report.rows, report.kept, report.unpriced, report.bytes), (1, 1, 0, document.len() as u64));
}

#[test]
fn a_file_without_terms_has_types_without_prices() {
    let products = json!({"A": product(json!({}))});
    for terms in
        ["", r#","terms":{}"#, r#","terms":null"#, r#","terms":{"OnDemand":{}}"#, r#","terms":{"OnDemand":null}"#]
    {
        let (catalog, report) = load(&format!(r#"{{"products":{products}{terms}}}"#));
        assert_eq!(catalog.types["m5.xlarge"].price, None, "{terms}");
        assert_eq!((report.kept, report.unpriced, catalog.version), (1, 1, None), "{terms}");
    }
}

#[test]
fn terms_may_stand_before_the_products() {
    let (products, terms) = (json!({"A": product(json!({}))}), json!({"A": term("USD", "2"), "B": term("USD", "3")}));
    let (catalog, _) =
        load(&format!(r#"{{"terms":{{"Reserved":{{"A":[1]}},"OnDemand":{terms}}},"products":{products}}}"#));
    assert_eq!(catalog.types["m5.xlarge"].price.as_ref().unwrap().usd_per_hour, 2.into());
}

#[test]
fn a_price_in_another_currency_is_none_in_usd() {
    let (products, terms) = (json!({"A": product(json!({}))}), json!({"A": term("CNY", "2")}));
    let (_, report) = load(&format!(r#"{{"products":{products},"terms":{{"OnDemand":{terms}}}}}"#));
    assert_eq!(report.unpriced, 1);
}

#[test]
fn unknown_keys_anywhere_are_passed_over() {
    let mut strange = product(json!({"newAttribute": [{"deep": [1, null]}]}));
    strange["newMember"] = json!({"a": "}\"]"});
    let document = offer(&[("A", strange, "1")]).replacen('{', r#"{"new":[{"x":"\"{"}],"#, 1);
    assert_eq!(load(&document).1.kept, 1);
}

#[test]
fn zero_types_can_be_the_right_answer() {
    let (catalog, report) = load(r#"{"offerCode":"AmazonEC2","products":{},"terms":{}}"#);
    assert_eq!((catalog.types.len(), report.rows), (0, 0));
}

#[test]
fn what_is_no_offer_file_is_refused() {
    for document in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"products":[]}"#,
        r#"{"products":{},"offerCode":"AmazonS3"}"#,
        r#"{"regions":{}}"#,
        "\u{1f}",
    ] {
        assert!(matches!(read(document.as_bytes(), None), Err(SourceError::Malformed(_))), "{document}");
    }
}

#[test]
fn every_truncation_is_an_error() {
    let document = offer(&[("A", product(json!({})), "1")]);
    for end in 0..document.len() {
        assert!(read(&document.as_bytes()[..end], None).is_err(), "{end}");
    }
}

fn gzipped(document: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(document.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_gzipped_file_is_recognised_and_a_truncated_one_is_an_error() {
    let document = offer(&[("A", product(json!({})), "1")]);
    let zipped = gzipped(&document);
    let Ok(Load::Loaded(catalog, report)) = read(zipped.as_slice(), None) else { panic!("not loaded") };
    assert_eq!((catalog.revision, report.bytes), (load(&document).0.revision, document.len() as u64));
    for end in 0..zipped.len() {
        assert!(read(&zipped[..end], None).is_err(), "{end}");
    }
}

/// Counts what is read from it.
struct Counted<'a>(&'a [u8], usize);

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(into)?;
        self.1 += read;
        Ok(read)
    }
}

#[test]
fn a_version_that_is_known_already_costs_at_most_64_kib() {
    let document = offer(&[("A", product(json!({"storage": "x".repeat(200_000)})), "1")]);
    for bytes in [document.clone().into_bytes(), gzipped(&document)] {
        let mut source = Counted(&bytes, 0);
        assert!(matches!(read(&mut source, Some("2026")), Ok(Load::Unchanged)));
        assert!(source.1 <= 64 << 10, "{}", source.1);
        assert!(matches!(read(bytes.as_slice(), Some("2025")), Ok(Load::Loaded(..))));
    }
}

#[test]
fn an_edit_without_a_new_version_has_another_revision_and_an_equal_file_the_same() {
    let revision = |usd: &str| load(&offer(&[("A", product(json!({})), usd)])).0.revision;
    assert_eq!(revision("1"), revision("1.000"));
    assert_ne!(revision("1"), revision("2"));
    assert!(revision("1").0.starts_with("2026-"));
}

#[test]
fn a_file_of_too_many_types_or_an_endless_sku_is_refused() {
    let one = product(json!({})).to_string();
    let many: Vec<String> = (0..=MAX_CANDIDATES).map(|i| format!(r#""{i}":{one}"#)).collect();
    for products in [many.join(","), format!(r#""{}":{one}"#, "S".repeat(MAX_SKU + 1))] {
        let document = format!(r#"{{"products":{{{products}}}}}"#);
        assert!(matches!(read(document.as_bytes(), None), Err(SourceError::Malformed(_))));
    }
}

#[test]
fn a_version_of_no_believable_length_is_refused() {
    for (length, readable) in [(MAX_VERSION, true), (MAX_VERSION + 1, false)] {
        let document = format!(r#"{{"version":"{}","products":{{}}}}"#, "9".repeat(length));
        assert_eq!(read(document.as_bytes(), None).is_ok(), readable, "{length}");
    }
}

#[test]
fn a_file_with_products_twice_is_refused_rather_than_half_priced() {
    let (products, terms) = (json!({"A": product(json!({}))}), json!({"OnDemand": {"A": term("USD", "2")}}));
    let document = format!(r#"{{"products":{{}},"terms":{terms},"products":{products}}}"#);
    assert!(matches!(read(document.as_bytes(), None), Err(SourceError::Malformed(_))));
}

#[test]
fn empty_gzip_members_without_end_are_refused() {
    let empty = gzipped("");
    let start = gzipped(&offer(&[("A", product(json!({})), "1")]));
    let stream = start.as_slice().chain(std::io::Cursor::new(empty.repeat((2 << 20) / empty.len())));
    assert!(matches!(read(stream, None), Err(SourceError::Malformed(_))));
}

#[test]
fn a_failing_source_is_unreachable_rather_than_malformed() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let start: &[u8] = br#"{"products":{"#;
    assert!(matches!(read(start.chain(Failing), None), Err(SourceError::Unreachable(_))));
    assert!(matches!(read(Failing, None), Err(SourceError::Unreachable(_))));
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), also in any::<prop::sample::Index>()) {
        let mut bytes = offer(&[("A", product(json!({})), "1")]).into_bytes();
        let (at, also) = (at.index(bytes.len()), also.index(bytes.len()));
        bytes[at] = byte;
        bytes.swap(at, also);
        let _ = read(bytes.as_slice(), None);
    }
}
