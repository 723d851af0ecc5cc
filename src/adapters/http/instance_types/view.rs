//! An instance type as the contract shows it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::instance_type::{Gpu, InstanceType, Network, Price, Processor, Storage};

/// An EC2 instance type. What the price list doesn't say, or says unreadably, is null, never 0.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceType)]
pub struct InstanceTypeView<'a> {
    name: &'a str,
    /// `m5.xlarge · 4 vCPU · 16 GiB · $0.192/h`: for a form's list; what is unknown is left out.
    label: String,
    /// AWS's words, such as `General purpose`.
    #[schema(required = true)]
    family: Option<&'a str>,
    /// `m5` of `m5.xlarge`.
    series: &'a str,
    /// The first number after a letter of the series.
    #[schema(required = true)]
    generation: Option<u32>,
    /// `xlarge` of `m5.xlarge`.
    size: &'a str,
    #[schema(required = true)]
    vcpu: Option<u32>,
    /// Rounded down.
    #[schema(required = true)]
    memory_mib: Option<u64>,
    #[schema(required = true)]
    memory_bytes: Option<u64>,
    /// `x86_64`, `i386`, `arm64`.
    architectures: &'a [String],
    processor: ProcessorView<'a>,
    /// Null when there is none.
    #[schema(required = true)]
    gpu: Option<GpuView>,
    storage: StorageView,
    network: NetworkView<'a>,
    #[schema(required = true)]
    ebs_max_mbps: Option<u32>,
    bare_metal: bool,
    /// Whether it runs on CPU credits.
    burstable: bool,
    #[schema(required = true)]
    current_generation: Option<bool>,
    #[schema(required = true)]
    region: Option<&'a str>,
    /// Null when the price list has none.
    #[schema(required = true)]
    price: Option<PriceView<'a>>,
}

/// A processor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypeProcessor)]
pub struct ProcessorView<'a> {
    #[schema(required = true)]
    name: Option<&'a str>,
    #[schema(required = true)]
    manufacturer: Option<&'a str>,
    /// Sustained.
    #[schema(required = true)]
    clock_ghz: Option<f64>,
}

/// All GPUs of a type together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypeGpu)]
pub struct GpuView {
    count: u32,
    /// In all, as AWS says it.
    #[schema(required = true)]
    memory_gb: Option<u32>,
}

/// Instance storage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypeStorage)]
pub struct StorageView {
    #[schema(required = true)]
    ebs_only: Option<bool>,
    #[schema(required = true)]
    disks: Option<u32>,
    /// All disks together.
    #[schema(required = true)]
    total_gb: Option<u64>,
    /// `ssd` or `hdd`.
    #[schema(required = true)]
    media: Option<&'static str>,
    nvme: bool,
}

/// Network performance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypeNetwork)]
pub struct NetworkView<'a> {
    /// AWS's own words.
    #[schema(required = true)]
    text: Option<&'a str>,
    #[schema(required = true)]
    gbps: Option<f64>,
    /// Whether the number is reached only for a time ("Up to").
    burst: bool,
}

/// The on-demand price: Linux, shared tenancy (bare metal that has none: dedicated). Amounts are decimal strings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InstanceTypePrice)]
pub struct PriceView<'a> {
    /// 3 to 6 decimals.
    usd_per_hour: String,
    /// 730 hours, 2 decimals.
    usd_per_month: String,
    /// USD per hour and vCPU.
    #[schema(required = true)]
    per_vcpu: Option<String>,
    /// USD per hour and GiB of memory.
    #[schema(required = true)]
    per_gib: Option<String>,
    /// AWS's product.
    sku: &'a str,
    /// Since when AWS asks this price.
    #[schema(required = true)]
    effective_date: Option<&'a str>,
}

impl<'a> InstanceTypeView<'a> {
    /// The whole view.
    pub fn of(kind: &'a InstanceType) -> Self {
        Self {
            name: &kind.name,
            label: kind.label(),
            family: kind.family.as_deref(),
            series: kind.series(),
            generation: kind.generation(),
            size: kind.size(),
            vcpu: kind.vcpu,
            memory_mib: kind.memory_mib,
            memory_bytes: kind.memory_bytes,
            architectures: &kind.architectures,
            processor: ProcessorView::of(&kind.processor),
            gpu: GpuView::of(kind.gpu.as_ref()),
            storage: StorageView::of(&kind.storage),
            network: NetworkView::of(&kind.network),
            ebs_max_mbps: kind.ebs_max_mbps,
            bare_metal: kind.bare_metal,
            burstable: kind.burstable(),
            current_generation: kind.current_generation,
            region: kind.region.as_deref(),
            price: PriceView::of(kind),
        }
    }
}

impl<'a> ProcessorView<'a> {
    /// The view.
    pub fn of(processor: &'a Processor) -> Self {
        let Processor { name, manufacturer, clock_ghz } = processor;
        Self { name: name.as_deref(), manufacturer: manufacturer.as_deref(), clock_ghz: *clock_ghz }
    }
}

impl GpuView {
    /// The view; `None` at count 0.
    pub fn of(gpu: Option<&Gpu>) -> Option<Self> {
        gpu.filter(|gpu| gpu.count > 0).map(|gpu| Self { count: gpu.count, memory_gb: gpu.memory_gb })
    }
}

impl StorageView {
    /// The view.
    pub fn of(storage: &Storage) -> Self {
        let &Storage { ebs_only, disks, total_gb, media, nvme } = storage;
        Self { ebs_only, disks, total_gb, media, nvme }
    }
}

impl<'a> NetworkView<'a> {
    /// The view.
    pub fn of(network: &'a Network) -> Self {
        Self { text: network.text.as_deref(), gbps: network.gbps, burst: network.burst }
    }
}

impl<'a> PriceView<'a> {
    /// The view; `None` without a price.
    pub fn of(kind: &'a InstanceType) -> Option<Self> {
        let price: &Price = kind.price.as_ref()?;
        Some(Self {
            usd_per_hour: price.per_hour(),
            usd_per_month: price.per_month(),
            per_vcpu: kind.per_vcpu(),
            per_gib: kind.per_gib(),
            sku: &price.sku,
            effective_date: price.effective_date.as_deref(),
        })
    }
}
