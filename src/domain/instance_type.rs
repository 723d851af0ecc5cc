//! EC2 instance types as the AWS price list describes them, and the catalogue of them.

mod computed;
mod filter;
mod query;
#[cfg(test)]
pub(crate) mod samples;
mod sort;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

pub use self::computed::gib_to_bytes;
pub use self::filter::{Bounds, Filter};
pub use self::query::{Facets, Page, Query, QueryError};
pub use self::sort::SortKey;
use super::near::near;
use super::snapshot::Revision;

/// One instance type. What the price list doesn't say, or says unreadably, is `None`, never zero.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceType {
    /// `m5.xlarge`.
    pub name: String,
    /// AWS's `instanceFamily`, such as `General purpose`.
    pub family: Option<String>,
    /// Virtual CPUs.
    pub vcpu: Option<u32>,
    /// Memory in MiB, rounded down.
    pub memory_mib: Option<u64>,
    /// Memory in bytes, exact as far as AWS says it.
    pub memory_bytes: Option<u64>,
    /// `x86_64`, `i386`, `arm64`.
    pub architectures: Vec<String>,
    /// The processor.
    pub processor: Processor,
    /// The GPUs in all; `None` when there are none.
    pub gpu: Option<Gpu>,
    /// Instance storage.
    pub storage: Storage,
    /// Network performance.
    pub network: Network,
    /// Maximum EBS throughput in Mbps.
    pub ebs_max_mbps: Option<u32>,
    /// Whether it is bare metal.
    pub bare_metal: bool,
    /// Whether it is of the current generation.
    pub current_generation: Option<bool>,
    /// `us-east-1`.
    pub region: Option<String>,
    /// The on-demand price, Linux, shared tenancy; `None` when the list has none.
    pub price: Option<Price>,
}

/// A processor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Processor {
    /// AWS's `physicalProcessor`.
    pub name: Option<String>,
    /// `Intel`, `AMD`, `AWS`, `Apple`.
    pub manufacturer: Option<String>,
    /// Sustained clock in GHz.
    pub clock_ghz: Option<f64>,
}

/// All GPUs of a type together.
#[derive(Debug, Clone, PartialEq)]
pub struct Gpu {
    /// How many.
    pub count: u32,
    /// Their memory in GB, in all, as AWS says it.
    pub memory_gb: Option<u32>,
}

/// Instance storage.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Storage {
    /// Whether there is no instance storage; `None` when unreadable.
    pub ebs_only: Option<bool>,
    /// Number of disks.
    pub disks: Option<u32>,
    /// Size of all disks together, in GB.
    pub total_gb: Option<u64>,
    /// `ssd`, `hdd`.
    pub media: Option<&'static str>,
    /// Whether the disks are NVMe.
    pub nvme: bool,
}

/// Network performance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Network {
    /// AWS's own words.
    pub text: Option<String>,
    /// Gigabits per second; `4x 100 Gigabit` is 400.
    pub gbps: Option<f64>,
    /// Whether the number is reached only for a time ("Up to").
    pub burst: bool,
}

/// An on-demand price and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Price {
    /// USD per hour, exact.
    pub usd_per_hour: Decimal,
    /// The product's SKU.
    pub sku: String,
    /// The term's `effectiveDate`.
    pub effective_date: Option<String>,
}

/// A complete set of instance types from one load.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The offer file's `version`, or another identity of its content.
    pub revision: Revision,
    /// The offer file's `version` as it stands there.
    pub version: Option<String>,
    /// The offer file's `publicationDate`.
    pub published_at: Option<Timestamp>,
    /// The types by name.
    pub types: BTreeMap<String, InstanceType>,
}

impl Catalog {
    /// At most five names that may have been meant by `name`, nearest first.
    #[must_use]
    pub fn near(&self, name: &str) -> Vec<String> {
        near(name.trim(), self.types.keys().map(String::as_str)).into_iter().map(str::to_owned).collect()
    }
}

/// How an offer file was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IngestReport {
    /// Products seen.
    pub rows: u64,
    /// Products that became a type.
    pub kept: u64,
    /// Products that didn't, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Types without a price.
    pub unpriced: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Seconds it took.
    pub seconds: f64,
}
