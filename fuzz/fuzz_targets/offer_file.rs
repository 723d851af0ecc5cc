//! Any bytes as an offer file: no panic, little memory, and the same answer however they arrive.
#![no_main]

use std::fmt::Debug;
use std::io::{self, Read, Write};

use cre_backend_api::adapters::pricing;
use cre_backend_api::domain::error::SourceError;
use cre_backend_api::domain::ports::Load;
use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What reading takes whatever the document: the scanner's buffer and the gzip decoder's window.
const FIXED: usize = 2 << 20;
/// What a byte of the document may cost beside that.
const PER_BYTE: usize = 64;

// The first byte tells how the others arrive: its lowest bit that they are gzipped, the rest how many come at a time.
fuzz_target!(|input: &[u8]| {
    let Some((&how, document)) = input.split_first() else { return };
    let zip = how & 1 == 1;
    let step = if how < 2 { usize::MAX } else { usize::from(how >> 1) };
    let arriving = if zip { gzipped(document) } else { document.to_vec() };
    // What the fuzzer has zipped itself may hold far more than it has bytes.
    let zipped_already = document.starts_with(&[0x1f, 0x8b]);
    let most = if zipped_already { pricing::MAX_MEMORY } else { FIXED + PER_BYTE * document.len() };

    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let whole = pricing::read(arriving.as_slice(), None);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken <= most, "{taken} bytes of memory for {} bytes", document.len());

    if let Ok(Load::Loaded(catalog, report)) = &whole {
        assert!(zipped_already || report.bytes == document.len() as u64);
        assert_eq!(report.kept, catalog.types.len() as u64);
        assert_eq!(report.rows, report.kept + report.dropped.values().sum::<u64>());
    }
    assert_eq!(told(&whole), told(&pricing::read(Drip(&arriving, step), None)), "{step} bytes at a time");
    if zip && !zipped_already {
        assert_eq!(told(&whole), told(&pricing::read(document, None)), "gzipped");
    }
});

/// Gives so many bytes at a time.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let step = self.1.min(into.len());
        self.0.read(&mut into[..step])
    }
}

fn gzipped(document: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(document).and_then(|()| encoder.finish()).expect("memory takes all")
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
