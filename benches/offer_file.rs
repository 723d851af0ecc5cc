//! Reading an offer file as large as a big region's, in processes of their own, beside what else reads JSON: seconds and memory.

#[path = "support/offer_file.rs"]
mod offer_file;
#[path = "support/process.rs"]
mod process;
#[path = "support/reserved.rs"]
mod reserved;
#[path = "support/rows.rs"]
mod rows;

use std::env;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use cre_backend_api::adapters::pricing;
use cre_backend_api::domain::instance_type::Catalog;
use cre_backend_api::domain::ports::Load;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use self::process::Cost;

const SEED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json");
const FOLDER: &str = env!("CARGO_TARGET_TMPDIR");
/// What jq is asked for: the reduction that makes such a file small enough for others, as the bundled list was made.
const JQ: &str = "del(.terms.Reserved)";
const PYTHON: &str = "import json, sys; json.load(open(sys.argv[1]))";
const RUNS: usize = 5;
/// To be raised with every change of what is generated.
const EDITION: u32 = 1;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [process::UNDER, ..] => process::under(&arguments[1..]),
        ["idle"] => Ok(()),
        ["ours", path] => catalog(File::open(path)?).map(drop),
        ["value", path] => kept(serde_json::from_reader(BufReader::new(File::open(path)?))?),
        ["value-of-bytes", path] => kept(serde_json::from_slice(&fs::read(path)?)?),
        // `cargo test --benches` runs benches too, to see that they work: a small file is enough then.
        _ => compare(words.contains(&"--bench")),
    }
}

/// A document in memory, held so that the compiler can't leave it out.
fn kept(document: Value) -> io::Result<()> {
    if std::hint::black_box(document)["offerCode"] == "AmazonEC2" {
        Ok(())
    } else {
        Err(io::Error::other("no offer file"))
    }
}

fn catalog(source: impl Read) -> io::Result<Catalog> {
    match pricing::read(source, None) {
        Ok(Load::Loaded(catalog, _)) => Ok(catalog),
        other => Err(io::Error::other(format!("no catalogue: {other:?}"))),
    }
}

fn compare(full: bool) -> io::Result<()> {
    let (types, runs) = if full { (usize::MAX, RUNS) } else { (20, 1) };
    let (plain, zipped) = files(types)?;
    let size = |path: &Path| fs::metadata(path).map(|file| file.len() >> 20);
    let rows = answer_is_right(&plain, types)?;
    println!("\nAn offer file of {rows} products, {} MiB, gzipped {} MiB", size(&plain)?, size(&zipped)?);
    println!(
        "\n{:<40}{:>8}{:>8}{:>10}{:>9}{:>11}{:>12}",
        "whole process", "seconds", "/ ours", "processor", "/ ours", "peak MiB", "above idle"
    );

    let (this, plain, zipped) = (text(&env::current_exe()?)?, text(&plain)?, text(&zipped)?);
    let ours = median(runs, &[&this, "ours", &plain])?;
    let row = |name: &str, cost: Cost, idle: &[&str]| -> io::Result<()> {
        let Cost { seconds, processor_seconds, peak_mib } = cost;
        let (times, processor_times) = (seconds / ours.seconds, processor_seconds / ours.processor_seconds);
        let above = peak_mib - process::cost(idle)?.peak_mib;
        println!(
            "{name:<40}{seconds:>8.2}{times:>8.1}{processor_seconds:>10.2}{processor_times:>9.1}{peak_mib:>11.1}{above:>12.1}"
        );
        Ok(())
    };
    let idle = [&this, "idle"];
    row("ours, to instance types", ours, &idle)?;
    row("ours, gzipped", median(runs, &[&this, "ours", &zipped])?, &idle)?;
    row("serde_json::Value, BufReader", process::cost(&[&this, "value", &plain])?, &idle)?;
    row("serde_json::Value, all bytes read first", process::cost(&[&this, "value-of-bytes", &plain])?, &idle)?;
    let (jq, python) = (["jq", "-c", JQ, &plain], ["python3", "-c", PYTHON, &plain]);
    for (name, command, idle) in [
        ("jq 'del(.terms.Reserved)'", &jq[..], &["jq", "-n", "1"][..]),
        ("python3 json.load", &python[..], &["python3", "-c", "import json"][..]),
    ] {
        // A peer's absence shouldn't cost the figures that are there.
        match process::cost(idle) {
            Ok(_) => row(name, process::cost(command)?, idle)?,
            Err(_) => println!("{name:<40}  left out: {} isn't installed", command[0]),
        }
    }

    println!("\n{:<40}{:>9}", "a version that is loaded already", "bytes read");
    for (name, path) in [("plain", &plain), ("gzipped", &zipped)] {
        println!("{name:<40}{:>9}", unchanged(Path::new(path))?);
    }
    println!("\nOurs: median of {runs}; the others: one run each.");
    Ok(())
}

/// The file, plain and gzipped; written on the first run, and found by the next ones.
fn files(types: usize) -> io::Result<(PathBuf, PathBuf)> {
    let name = if types == usize::MAX {
        format!("offer-file-{EDITION}-of-all-types")
    } else {
        format!("offer-file-{EDITION}-of-{types}-types")
    };
    let plain = Path::new(FOLDER).join(format!("{name}.json"));
    let zipped = Path::new(FOLDER).join(format!("{name}.json.gz"));
    offer_file::ensure(&plain, Path::new(SEED), types)?;
    if !zipped.exists() {
        let part = zipped.with_extension("part");
        let mut encoder = GzEncoder::new(File::create(&part)?, Compression::default());
        io::copy(&mut File::open(&plain)?, &mut encoder)?;
        encoder.finish()?.sync_all()?;
        fs::rename(part, &zipped)?;
    }
    Ok((plain, zipped))
}

/// What is measured must be right: the types and prices of the bundled list, found among all the rows. Tells how many there are.
fn answer_is_right(path: &Path, types: usize) -> io::Result<u64> {
    let Ok(Load::Loaded(found, report)) = pricing::read(File::open(path)?, None) else {
        return Err(io::Error::other("the generated file can't be read"));
    };
    let expected = catalog(File::open(SEED)?)?;
    let same = found.types.iter().all(|(name, kind)| {
        let price = |kind: &cre_backend_api::domain::instance_type::InstanceType| {
            kind.price.as_ref().map(|price| price.usd_per_hour)
        };
        expected.types.get(name).is_some_and(|expected| {
            (expected.vcpu, expected.memory_bytes, price(expected)) == (kind.vcpu, kind.memory_bytes, price(kind))
        })
    });
    if same && found.types.len() == types.min(expected.types.len()) {
        return Ok(report.rows);
    }
    Err(io::Error::other(format!("{} types of the generated file aren't the bundled list's", found.types.len())))
}

fn median(runs: usize, command: &[&str]) -> io::Result<Cost> {
    let mut costs = (0..runs).map(|_| process::cost(command)).collect::<io::Result<Vec<_>>>()?;
    let mut sorted = |figure: fn(&Cost) -> f64| {
        costs.sort_by(|a, b| figure(a).total_cmp(&figure(b)));
        (figure(&costs[runs / 2]), figure(&costs[runs - 1]))
    };
    Ok(Cost {
        seconds: sorted(|cost| cost.seconds).0,
        processor_seconds: sorted(|cost| cost.processor_seconds).0,
        // Of the memory the most that any run took.
        peak_mib: sorted(|cost| cost.peak_mib).1,
    })
}

/// How many bytes are read of a file whose version is known.
fn unchanged(path: &Path) -> io::Result<u64> {
    let mut source = Counted { source: File::open(path)?, bytes: 0 };
    match pricing::read(&mut source, Some(offer_file::VERSION)) {
        Ok(Load::Unchanged) => Ok(source.bytes),
        other => Err(io::Error::other(format!("not unchanged: {other:?}"))),
    }
}

/// Counts what is read.
struct Counted {
    source: File,
    bytes: u64,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

fn text(path: &Path) -> io::Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| io::Error::other("a path that is no text"))
}
