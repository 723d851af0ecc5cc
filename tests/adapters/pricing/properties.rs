//! What holds for every offer file, valid or hostile, and however it arrives.

use std::fmt::Debug;
use std::io::{self, Read, Write};

use cre_backend_api::adapters::pricing;
use cre_backend_api::domain::error::SourceError;
use cre_backend_api::domain::ports::Load;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::files::offer_files;
use super::hostile::hostile_documents;

/// Gives as many bytes at a time as `steps` say, in turn.
struct Drip<'a> {
    rest: &'a [u8],
    steps: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

fn drip<'a>(rest: &'a [u8], steps: &'a [usize]) -> Drip<'a> {
    Drip { rest, steps: steps.iter().cycle() }
}

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let step = self.steps.next().map_or(into.len(), |&step| step.min(into.len()));
        self.rest.read(&mut into[..step])
    }
}

/// Sizes of reads: one byte each, some bytes, or about what a socket gives.
fn steps() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![Just(vec![1]), vec(1_usize..20, 1..5), vec(1_usize..20_000, 1..5)]
}

fn gzipped(document: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(document).unwrap();
    encoder.finish().unwrap()
}

/// What a reading says, but for how long it took.
fn told(outcome: &Result<Load, SourceError>) -> String {
    let text: &dyn Debug = match outcome {
        Ok(Load::Loaded(catalog, report)) => &(catalog, report.rows, &report.dropped, report.unpriced, report.bytes),
        Ok(Load::Unchanged) => &"unchanged",
        Err(error) => error,
    };
    format!("{text:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_hostile_document_gives_the_same_answer_however_it_arrives(document in hostile_documents(), steps in steps()) {
        let whole = told(&pricing::read(document.as_slice(), None));
        prop_assert_eq!(&whole, &told(&pricing::read(drip(&document, &steps), None)));
        let zipped = gzipped(&document);
        prop_assert_eq!(&whole, &told(&pricing::read(drip(&zipped, &steps), None)));
    }

    #[test]
    fn a_damaged_gzip_stream_gives_the_same_answer_however_it_arrives(
        file in offer_files(), at in any::<Index>(), byte in any::<u8>(), steps in steps()
    ) {
        let mut zipped = gzipped(file.document.as_bytes());
        let at = at.index(zipped.len());
        zipped[at] = byte;
        let whole = told(&pricing::read(zipped.as_slice(), None));
        prop_assert_eq!(whole, told(&pricing::read(drip(&zipped, &steps), None)));
    }

    #[test]
    fn a_valid_file_gives_exactly_its_types_and_prices_however_it_arrives(file in offer_files(), steps in steps()) {
        let (plain, zipped) = (file.document.as_bytes(), gzipped(file.document.as_bytes()));
        let ways: [Box<dyn Read>; 4] =
            [Box::new(plain), Box::new(drip(plain, &steps)), Box::new(zipped.as_slice()), Box::new(drip(&zipped, &steps))];
        for way in ways {
            let Ok(Load::Loaded(catalog, report)) = pricing::read(way, None) else { panic!("not loaded") };
            prop_assert_eq!(&catalog.types, &file.types);
            prop_assert_eq!(catalog.version.as_deref(), Some("20260701000000"));
            let unpriced = file.types.values().filter(|kind| kind.price.is_none()).count() as u64;
            prop_assert_eq!((report.rows, report.kept, report.unpriced), (file.rows, file.types.len() as u64, unpriced));
            prop_assert_eq!((&report.dropped, report.bytes), (&file.dropped, plain.len() as u64));
        }
    }

    #[test]
    fn no_beginning_of_a_valid_file_is_a_shorter_catalogue(file in offer_files(), cuts in vec(any::<Index>(), 20)) {
        for bytes in [file.document.as_bytes(), &gzipped(file.document.as_bytes())] {
            for cut in &cuts {
                let cut = cut.index(bytes.len());
                let read = pricing::read(&bytes[..cut], None);
                prop_assert!(matches!(read, Err(SourceError::Malformed(_))), "{cut} of {}", bytes.len());
            }
        }
    }
}

#[test]
fn a_value_at_the_limit_of_its_size_is_taken_or_refused_however_it_arrives() {
    // A product of 256 KiB is the largest one that is taken.
    for (size, taken) in [(256 << 10, true), ((256 << 10) + 1, false), (300 << 10, false)] {
        let product = format!(r#"{{"a":"{}"}}"#, "x".repeat(size - r#"{"a":""}"#.len()));
        let document = format!(r#"{{"products":{{"A":{product}}}}}"#);
        for steps in [&[usize::MAX][..], &[1000], &[100_000, 7]] {
            let read = pricing::read(drip(document.as_bytes(), steps), None);
            assert_eq!(read.is_ok(), taken, "{size} {steps:?}");
        }
    }
}
