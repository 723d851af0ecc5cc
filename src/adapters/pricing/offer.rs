//! Reads an AmazonEC2 offer file in one pass: products and on-demand prices, joined by SKU.
//!
//! The format: <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html>

mod gzip;

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::time::Instant;

use self::gzip::Unzipped;
use super::product::{self, Candidate};
use super::revision;
use super::scan::{Members, Scanner, malformed, unreadable};
use super::term::{self, Hourly};
use crate::domain::error::SourceError;
use crate::domain::instance_type::{Catalog, IngestReport, InstanceType, Price};
use crate::domain::ports::Load;

/// The most bytes of memory that [`read`] takes, catalogue included, whatever it is given. A region's file takes a few MiB.
pub const MAX_MEMORY: usize = 128 << 20;
/// The most products that are kept before one is chosen for each type; a region has about 1,500.
const MAX_CANDIDATES: usize = 20_000;
/// The most prices that are kept while no product is known, in a file whose terms come first; a region has about 120,000.
const MAX_PRICES: usize = 250_000;
/// AWS's have 16 characters.
const MAX_SKU: usize = 32;
/// AWS's have 14 digits.
const MAX_VERSION: usize = 64;

/// Reads a whole offer file, plain or gzipped, in memory that doesn't grow with it. Stops early, with [`Load::Unchanged`], when the
/// file's `version` comes before its products and is `seen`.
///
/// # Errors
/// [`SourceError::Malformed`] when it is truncated, hostile, or no AmazonEC2 offer file; [`SourceError::Unreachable`] when `source` fails.
pub fn read(mut source: impl Read, seen: Option<&str>) -> Result<Load, SourceError> {
    let mut magic = Vec::with_capacity(2);
    source.by_ref().take(2).read_to_end(&mut magic).map_err(|error| SourceError::Unreachable(error.to_string()))?;
    let gzipped = magic == [0x1f, 0x8b];
    let source = std::io::Cursor::new(magic).chain(source);
    if gzipped { Offer::default().read(Unzipped::new(source), seen) } else { Offer::default().read(source, seen) }
}

/// What was read of an offer file so far.
#[derive(Default)]
struct Offer {
    version: Option<String>,
    published: Option<String>,
    has_products: bool,
    candidates: HashMap<String, Candidate>,
    prices: HashMap<String, Hourly>,
    report: IngestReport,
}

impl Offer {
    fn read(mut self, source: impl Read, seen: Option<&str>) -> Result<Load, SourceError> {
        let started = Instant::now();
        let mut scanner = Scanner::new(source);
        let mut members = scanner.object("the document")?;
        while let Some(key) = members.next(&mut scanner)? {
            match key.as_str() {
                "offerCode" => offer_code(&mut scanner)?,
                "version" => {
                    self.version = scanner.text()?;
                    if self.version.as_ref().is_some_and(|version| version.len() > MAX_VERSION) {
                        return Err(malformed("its version is too long"));
                    }
                    if seen.is_some() && self.version.as_deref() == seen && !self.has_products {
                        return Ok(Load::Unchanged);
                    }
                }
                "publicationDate" => self.published = scanner.text()?,
                "products" => self.products(&mut scanner)?,
                "terms" => self.terms(&mut scanner)?,
                _ => scanner.skip()?,
            }
        }
        scanner.finish()?;
        if !self.has_products {
            return Err(malformed("it has no products"));
        }
        self.report.bytes = scanner.bytes();
        let (catalog, mut report) = self.join();
        report.seconds = started.elapsed().as_secs_f64();
        Ok(Load::Loaded(catalog, report))
    }

    fn products(&mut self, scanner: &mut Scanner<impl Read>) -> Result<(), SourceError> {
        if std::mem::replace(&mut self.has_products, true) {
            // The terms between the two would have been looked through for the first ones only.
            return Err(malformed("it has products twice"));
        }
        let mut members = scanner.object("products")?;
        while let Some(sku) = members.next(scanner)? {
            self.report.rows += 1;
            match product::read(scanner.value()?).map_err(|error| unreadable(&error))? {
                Ok(candidate) => self.keep(sku, candidate)?,
                Err(reason) => self.drop_one(reason),
            }
        }
        Ok(())
    }

    fn keep(&mut self, sku: String, candidate: Candidate) -> Result<(), SourceError> {
        if sku.len() > MAX_SKU {
            return Err(malformed("a SKU is too long"));
        }
        if self.candidates.len() >= MAX_CANDIDATES {
            return Err(malformed("it has too many instance types; is it one region's file?"));
        }
        if self.candidates.insert(sku, candidate).is_some() {
            self.drop_one("duplicate");
        }
        Ok(())
    }

    fn drop_one(&mut self, reason: &'static str) {
        *self.report.dropped.entry(reason).or_default() += 1;
    }

    fn terms(&mut self, scanner: &mut Scanner<impl Read>) -> Result<(), SourceError> {
        let Some(mut members) = object_or_nothing(scanner, "terms")? else { return Ok(()) };
        while let Some(kind) = members.next(scanner)? {
            if kind == "OnDemand" { self.on_demand(scanner)? } else { scanner.skip()? }
        }
        Ok(())
    }

    fn on_demand(&mut self, scanner: &mut Scanner<impl Read>) -> Result<(), SourceError> {
        let Some(mut members) = object_or_nothing(scanner, "terms.OnDemand")? else { return Ok(()) };
        while let Some(sku) = members.next(scanner)? {
            // Behind the products it is known which prices matter; before them all are kept.
            if self.has_products && !self.candidates.contains_key(&sku) {
                scanner.skip()?;
            } else if let Some(hourly) = term::read(scanner.value()?).map_err(|error| unreadable(&error))? {
                self.price(sku, hourly)?;
            }
        }
        Ok(())
    }

    fn price(&mut self, sku: String, hourly: Hourly) -> Result<(), SourceError> {
        if sku.len() > MAX_SKU {
            return Err(malformed("a SKU is too long"));
        }
        if self.prices.len() >= MAX_PRICES {
            return Err(malformed("it has too many prices before its products"));
        }
        self.prices.insert(sku, hourly);
        Ok(())
    }

    /// Chooses one product for each type and gives it its price.
    fn join(mut self) -> (Catalog, IngestReport) {
        let mut chosen: BTreeMap<String, (Rank, InstanceType)> = BTreeMap::new();
        for (sku, Candidate { mut kind, shared, in_region }) in std::mem::take(&mut self.candidates) {
            let price = self.prices.remove(&sku);
            let rank =
                Rank { not_shared: !shared, not_in_region: !in_region, unpriced: price.is_none(), sku: sku.clone() };
            kind.price = price.map(|Hourly { usd, effective_date }| Price { usd_per_hour: usd, sku, effective_date });
            match chosen.get(&kind.name) {
                Some((best, _)) if *best <= rank => self.drop_one("duplicate"),
                Some(_) => {
                    self.drop_one("duplicate");
                    chosen.insert(kind.name.clone(), (rank, kind));
                }
                None => {
                    chosen.insert(kind.name.clone(), (rank, kind));
                }
            }
        }
        let types: BTreeMap<_, _> = chosen.into_iter().map(|(name, (_, kind))| (name, kind)).collect();
        self.report.kept = types.len() as u64;
        self.report.unpriced = types.values().filter(|kind| kind.price.is_none()).count() as u64;
        let catalog = Catalog {
            revision: revision::of(self.version.as_deref(), self.published.as_deref(), &types),
            version: self.version,
            published_at: self.published.and_then(|date| date.parse().ok()),
            types,
        };
        (catalog, self.report)
    }
}

fn offer_code(scanner: &mut Scanner<impl Read>) -> Result<(), SourceError> {
    match scanner.text()?.as_deref() {
        Some("AmazonEC2") => Ok(()),
        _ => Err(malformed("its offerCode isn't AmazonEC2")),
    }
}

/// Which of several products stands for a type: the least.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    not_shared: bool,
    not_in_region: bool,
    unpriced: bool,
    /// Last, so that the choice doesn't depend on the file's order.
    sku: String,
}

/// Enters an object; `None` when `null` stands in its place.
fn object_or_nothing(scanner: &mut Scanner<impl Read>, what: &str) -> Result<Option<Members>, SourceError> {
    if scanner.token()? == b'n' {
        scanner.skip()?;
        return Ok(None);
    }
    scanner.object(what).map(Some)
}

#[cfg(test)]
mod tests;
