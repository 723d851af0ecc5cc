//! How much memory reading an offer file takes, as the allocator counts it. A binary of its own, as a binary has one allocator.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

#[path = "adapters/pricing/files.rs"]
#[allow(dead_code, reason = "only the documents matter here")]
mod files;
#[path = "adapters/pricing/hostile.rs"]
mod hostile;

use std::io::{self, Cursor, Read, Write};
use std::iter::{once, repeat_n};
use std::sync::{Mutex, PoisonError};

use cre_backend_api::adapters::pricing::{self, MAX_MEMORY};
use cre_backend_api::domain::error::SourceError;
use cre_backend_api::domain::ports::Load;
use flate2::Compression;
use flate2::write::GzEncoder;
use peak_alloc::PeakAlloc;
use proptest::prelude::*;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// One test at a time: the allocator counts for all threads.
static ALONE: Mutex<()> = Mutex::new(());

/// What reading takes beside what it keeps: the buffer, a value's pieces, the gzip decoder's window.
const WORKING: usize = 6 << 20;

/// Reads, and the most bytes of memory that were held meanwhile.
fn measured(source: impl Read) -> (Result<Load, SourceError>, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let outcome = pricing::read(source, None);
    (outcome, MEMORY.peak_usage().saturating_sub(before))
}

/// A document that comes piece by piece and is never there as a whole.
struct Pieces<I>(I, Cursor<String>);

fn pieces<I: Iterator<Item = String>>(pieces: I) -> Pieces<I> {
    Pieces(pieces, Cursor::default())
}

impl<I: Iterator<Item = String>> Read for Pieces<I> {
    /// Gives all that is asked for, as the largest reads cost the most.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut given = 0;
        while given < into.len() {
            match self.1.read(&mut into[given..])? {
                0 => match self.0.next() {
                    Some(piece) => self.1 = Cursor::new(piece),
                    None => break,
                },
                read => given += read,
            }
        }
        Ok(given)
    }
}

/// A document with this between its beginning and its end.
fn around(start: &str, middle: impl Iterator<Item = String>, end: &str) -> impl Read {
    pieces(once(start.to_owned()).chain(middle).chain(once(end.to_owned())))
}

fn kib(text: &str, kib: usize) -> impl Iterator<Item = String> {
    repeat_n(text.repeat((1 << 10) / text.len()), kib)
}

/// A type with texts as long as are kept.
fn largest_product(i: usize) -> String {
    let (name, text) = (format!("{i:059}.size"), "é".repeat(128));
    format!(
        r#""{i:032}":{{"attributes":{{"instanceType":"{name}","tenancy":"Shared","operatingSystem":"Linux","preInstalledSw":"NA",
        "capacitystatus":"Used","instanceFamily":"{text}","physicalProcessor":"{text}","networkPerformance":"{text}",
        "regionCode":"{text}","processorArchitecture":"32-bit or 64-bit"}}}},"#
    )
}

/// A price with a date as long as is kept.
fn largest_price(i: usize) -> String {
    let date = "2".repeat(40);
    format!(
        r#""{i:032}":{{"T":{{"effectiveDate":"{date}","priceDimensions":{{"D":{{"unit":"Hrs","pricePerUnit":{{"USD":"1.5"}}}}}}}}}},"#
    )
}

#[test]
fn a_document_that_keeps_nothing_takes_little_memory_whatever_its_size() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mib = 1 << 10;
    let nested = format!("{}{},", "[".repeat(60), "]".repeat(60));
    let bomb = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(br#"{"products":{},"x":["#).unwrap();
        encoder.write_all(&vec![b' '; 2 << 20]).unwrap();
        encoder.write_all(b"1]}").unwrap();
        encoder.finish().unwrap()
    };
    let mut zipped_names = [0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3].to_vec();
    zipped_names.resize(1 << 20, b'n');
    let hostile: [(&str, Box<dyn Read>, bool); 13] = [
        ("an endless string", Box::new(around(r#"{"a":""#, kib("x", mib), r#""}"#)), false),
        ("an endless key", Box::new(around(r#"{""#, kib("x", mib), r#"":1}"#)), false),
        ("an endless number", Box::new(around(r#"{"version":"#, kib("1", mib), "}")), false),
        ("brackets without end", Box::new(around(r#"{"a":"#, kib("[", mib), "")), false),
        ("brackets in brackets", Box::new(around(r#"{"products":{},"a":["#, kib(&nested, 2 * mib), "0]}")), true),
        ("a large version", Box::new(around(r#"{"version":""#, kib("x", 200), r#"","products":{}}"#)), false),
        ("white space", Box::new(around(r#"{"products":{}"#, kib(" ", 2 * mib), "}")), true),
        ("tiny products", Box::new(around(r#"{"products":{"a":1"#, kib(r#","b":{}        "#, mib), "}}")), true),
        (
            "a product of tiny members",
            Box::new(around(r#"{"products":{"a":{"#, kib(r#""a":{},"#, 255), r#""b":1}}}"#)),
            true,
        ),
        (
            "a price of tiny terms",
            Box::new(around(
                r#"{"terms":{"OnDemand":{"a":{"#,
                (0..25_000).map(|i| format!(r#""{i:x}":{{}},"#)),
                r#""x":{}}}},"products":{}}"#,
            )),
            true,
        ),
        (
            "prices that are none",
            Box::new(around(r#"{"terms":{"OnDemand":{"a":{}"#, kib(r#","b":{}        "#, mib), r#"}},"products":{}}"#)),
            true,
        ),
        ("a gzip bomb", Box::new(bomb.as_slice()), true),
        ("a gzip header without end", Box::new(zipped_names.as_slice()), false),
    ];
    for (name, source, readable) in hostile {
        let (outcome, taken) = measured(source);
        println!("{name}: {} KiB", taken >> 10);
        assert_eq!(outcome.is_ok(), readable, "{name}");
        assert!(taken <= WORKING, "{name}: {} KiB", taken >> 10);
    }
}

#[test]
fn the_largest_file_that_is_taken_stays_below_the_bound_and_near_it() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let source = pieces(
        once(r#"{"terms":{"OnDemand":{"#.to_owned())
            .chain((0..249_999).map(largest_price))
            .chain(once(r#""x":{}}},"products":{"#.to_owned()))
            .chain((0..20_000).map(largest_product))
            .chain(once(r#""x":{}}}"#.to_owned())),
    );
    let (outcome, taken) = measured(source);
    println!("the largest file: {} KiB", taken >> 10);
    let Ok(Load::Loaded(catalog, report)) = outcome else { panic!("not loaded: {outcome:?}") };
    assert_eq!((catalog.types.len(), report.unpriced), (20_000, 0));
    assert!(taken <= MAX_MEMORY, "{} KiB", taken >> 10);
    assert!(taken > MAX_MEMORY / 2, "{} KiB: the bound is too loose", taken >> 10);
}

#[test]
fn the_bundled_price_list_takes_less_than_a_tenth_of_the_bound() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let file = std::fs::File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json")).unwrap();
    let (outcome, taken) = measured(file);
    println!("the bundled file: {} KiB", taken >> 10);
    assert!(outcome.is_ok());
    assert!(taken <= MAX_MEMORY / 10, "{} KiB", taken >> 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_document_takes_is_bound_by_its_size(document in hostile::hostile_documents()) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, taken) = measured(document.as_slice());
        prop_assert!(taken <= (2 << 20) + 64 * document.len(), "{taken} bytes for {}", document.len());
    }
}
