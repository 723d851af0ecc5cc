//! Reading the bundled price list, beside the plainest way to the same end: what our reading adds to it.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use cre_backend_api::adapters::pricing;
use criterion::{Criterion, Throughput};
use serde_json::Value;

const PRICE_LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json");
const RESULTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/criterion");

/// What is measured: a group, ours in it, and the peer.
const PAIRS: [(&str, &str, &str); 1] = [("price list", "pricing::read", "serde_json::Value")];

fn main() {
    // What an earlier run left would be shown as this one's when a filter leaves a bench out.
    let _ = fs::remove_dir_all(RESULTS);
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(8))
        .output_directory(Path::new(RESULTS))
        .configure_from_args();
    price_list(&mut criterion);
    criterion.final_summary();

    println!("\n{:<16}{:<20}{:>12}  {:<20}{:>12}{:>8}", "median, ms", "ours", "", "peer", "", "ratio");
    for (group, ours, peer) in PAIRS {
        if let Some((ours_ms, peer_ms)) = median_ms(group, ours).zip(median_ms(group, peer)) {
            println!("{group:<16}{ours:<20}{ours_ms:>12.3}  {peer:<20}{peer_ms:>12.3}{:>8.2}", ours_ms / peer_ms);
        }
    }
}

/// Reading the bundled offer file to a catalogue, and reading the same bytes to a tree of JSON without looking into it.
fn price_list(criterion: &mut Criterion) {
    let bytes = fs::read(PRICE_LIST).expect("the price list is in the repository");
    let (group, ours, peer) = PAIRS[0];
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function(ours, |bencher| {
        bencher.iter_with_large_drop(|| pricing::read(black_box(bytes.as_slice()), None).expect("an offer file"));
    });
    group.bench_function(peer, |bencher| {
        bencher.iter_with_large_drop(|| serde_json::from_slice::<Value>(black_box(&bytes)).expect("JSON"));
    });
    group.finish();
}

/// The median that criterion found, which it keeps in nanoseconds; none when the bench was left out or only tried.
fn median_ms(group: &str, function: &str) -> Option<f64> {
    // Criterion names folders by its own rules: what no file name may hold becomes an underscore.
    let folder = |name: &str| name.replace([':', '/', '\\', '"', '*', '<', '>', '?', '|', '^'], "_");
    let path = Path::new(RESULTS).join(folder(group)).join(folder(function)).join("new/estimates.json");
    let estimates: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    Some(estimates["median"]["point_estimate"].as_f64()? / 1e6)
}
