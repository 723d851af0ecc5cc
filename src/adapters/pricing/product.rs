//! One product of an offer file: whether it is an instance type, and which.

mod text;

use serde::Deserialize;

use self::text::Text;
use super::words;
use crate::domain::instance_type::{Gpu, InstanceType, Network, Processor, Storage};

/// The longest name of a type that is believed.
const MAX_NAME: usize = 64;

/// A product that became a type, and how well it stands for the type beside others of the same name.
pub(super) struct Candidate {
    pub(super) kind: InstanceType,
    /// Shared tenancy, as prices are compared; only bare metal is taken without.
    pub(super) shared: bool,
    /// A whole region rather than a local zone.
    pub(super) in_region: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product<'a> {
    #[serde(borrow, default)]
    product_family: Text<'a>,
    #[serde(borrow, default)]
    attributes: Option<Attributes<'a>>,
}

/// The attributes that matter; AWS has about eighty.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Attributes<'a> {
    #[serde(borrow)]
    instance_type: Text<'a>,
    instance_family: Text<'a>,
    vcpu: Text<'a>,
    memory: Text<'a>,
    physical_processor: Text<'a>,
    processor_architecture: Text<'a>,
    clock_speed: Text<'a>,
    gpu: Text<'a>,
    gpu_memory: Text<'a>,
    storage: Text<'a>,
    network_performance: Text<'a>,
    dedicated_ebs_throughput: Text<'a>,
    current_generation: Text<'a>,
    region_code: Text<'a>,
    location_type: Text<'a>,
    tenancy: Text<'a>,
    operating_system: Text<'a>,
    license_model: Text<'a>,
    operation: Text<'a>,
    capacitystatus: Text<'a>,
    marketoption: Text<'a>,
    pre_installed_sw: Text<'a>,
}

/// Reads one product. The inner error is the reason why it is no type: a fixed code.
///
/// # Errors
/// When it is no JSON at all.
pub(super) fn read(bytes: &[u8]) -> Result<Result<Candidate, &'static str>, serde_json::Error> {
    match serde_json::from_slice::<Product<'_>>(bytes) {
        Ok(product) => Ok(product.into_candidate()),
        // JSON, but of another shape than a product's.
        Err(error) if error.is_data() => Ok(Err("unreadable")),
        Err(error) => Err(error),
    }
}

impl Product<'_> {
    fn into_candidate(self) -> Result<Candidate, &'static str> {
        let metal_family = match self.product_family.get() {
            None | Some("Compute Instance") => false,
            Some("Compute Instance (bare metal)") => true,
            Some(_) => return Err("not_an_instance"),
        };
        let attributes = self.attributes.ok_or("no_attributes")?;
        let (name, size) = attributes.name()?;
        let bare_metal = metal_family || size.starts_with("metal");
        attributes.on_demand_linux()?;
        let shared = match attributes.tenancy.get() {
            Some("Shared") => true,
            Some("Dedicated") if bare_metal => false,
            _ => return Err("tenancy"),
        };
        let in_region = attributes.location_type.get().is_none_or(|kind| kind == "AWS Region");
        Ok(Candidate { kind: attributes.to_type(name, bare_metal), shared, in_region })
    }
}

impl Attributes<'_> {
    /// The type's name, and its size within the series.
    fn name(&self) -> Result<(&str, &str), &'static str> {
        let name = self.instance_type.get().ok_or("no_instance_type")?;
        let (series, size) = name.split_once('.').ok_or("dedicated_host")?;
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        };
        if name.len() <= MAX_NAME && plain(series) && plain(size) { Ok((name, size)) } else { Err("unreadable") }
    }

    /// Whether this row is what an on-demand Linux instance without extras is billed by.
    fn on_demand_linux(&self) -> Result<(), &'static str> {
        let absent_or = |text: &Text<'_>, word| text.get().is_none_or(|text| text == word);
        for (holds, reason) in [
            (self.operating_system.get() == Some("Linux"), "operating_system"),
            (self.pre_installed_sw.get() == Some("NA"), "preinstalled_software"),
            (self.capacitystatus.get() == Some("Used"), "capacity_status"),
            (absent_or(&self.marketoption, "OnDemand"), "market_option"),
            (absent_or(&self.operation, "RunInstances"), "operation"),
            (absent_or(&self.license_model, "No License required"), "license_model"),
        ] {
            if !holds {
                return Err(reason);
            }
        }
        Ok(())
    }

    fn to_type(&self, name: &str, bare_metal: bool) -> InstanceType {
        let memory_bytes = self.memory.read(words::memory_bytes);
        let processor = self.physical_processor.read(words::said);
        InstanceType {
            family: self.instance_family.read(words::said),
            vcpu: self.vcpu.read(words::count),
            memory_mib: memory_bytes.map(|bytes| bytes >> 20).filter(|&mib| mib > 0),
            memory_bytes,
            architectures: self.architectures(name),
            processor: Processor {
                manufacturer: processor.as_deref().and_then(words::manufacturer).map(str::to_owned),
                name: processor,
                clock_ghz: self.clock_speed.read(words::clock_ghz),
            },
            gpu: self
                .gpu
                .read(words::count)
                .map(|count| Gpu { count, memory_gb: self.gpu_memory.read(words::gpu_memory_gb) }),
            storage: self.storage.get().map_or_else(Storage::default, words::storage),
            network: self.network_performance.get().map_or_else(Network::default, words::network),
            ebs_max_mbps: self.dedicated_ebs_throughput.read(words::ebs_mbps),
            bare_metal,
            current_generation: match self.current_generation.get() {
                Some("Yes") => Some(true),
                Some("No") => Some(false),
                _ => None,
            },
            region: self.region_code.read(words::said),
            price: None,
            name: name.to_owned(),
        }
    }

    /// AWS tells the width of the processor only; ARM follows from the name.
    fn architectures(&self, name: &str) -> Vec<String> {
        let words: &[&str] = match (is_arm(name), self.processor_architecture.get()) {
            (true, _) => &["arm64"],
            (false, Some("32-bit or 64-bit")) => &["i386", "x86_64"],
            (false, Some("32-bit")) => &["i386"],
            (false, Some("64-bit") | None) => &["x86_64"],
            (false, Some(_)) => &[],
        };
        words.iter().map(|&word| word.to_owned()).collect()
    }
}

/// `a1`, and series whose generation is followed by a `g`, such as `m6gd`; of the Macs all but the first.
fn is_arm(name: &str) -> bool {
    let series = name.split('.').next().unwrap_or(name);
    if let Some(mac) = series.strip_prefix("mac") {
        return mac != "1";
    }
    let after_letters = series.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let after_number = after_letters.trim_start_matches(|c: char| c.is_ascii_digit());
    let shaped = after_letters.len() < series.len() && after_number.len() < after_letters.len();
    series == "a1"
        || (shaped && after_number.starts_with('g') && after_number.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::is_arm;

    #[test]
    fn arm_is_known_by_the_name() {
        for (name, arm) in [
            ("a1.large", true),
            ("m6g.large", true),
            ("im4gn.large", true),
            ("is4gen.large", true),
            ("x2gd.metal", true),
            ("hpc7g.4xlarge", true),
            ("g5g.xlarge", true),
            ("g5.xlarge", false),
            ("gr6f.4xlarge", false),
            ("p6-b200.48xlarge", false),
            ("p6e-gb200.36xlarge", false),
            ("u7i-12tb.224xlarge", false),
            ("mac1.metal", false),
            ("mac2-m1ultra.metal", true),
            ("mac2.metal", true),
        ] {
            assert_eq!(is_arm(name), arm, "{name}");
        }
    }
}
