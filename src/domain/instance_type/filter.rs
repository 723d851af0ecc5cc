//! Which instance types a query wants. An unknown value meets no condition on it.

use rust_decimal::Decimal;

use super::InstanceType;
use super::computed::gib_to_bytes;
use crate::domain::glob::glob;

/// The least and the most of a quantity, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds<T> {
    /// At least this.
    pub min: Option<T>,
    /// At most this.
    pub max: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Self { min: None, max: None }
    }
}

impl<T: PartialOrd> Bounds<T> {
    /// Whether the value lies between the bounds; without bounds, unknown values do too.
    fn hold(&self, value: Option<&T>) -> bool {
        match value {
            Some(value) => {
                self.min.as_ref().is_none_or(|min| value >= min) && self.max.as_ref().is_none_or(|max| value <= max)
            }
            None => self.min.is_none() && self.max.is_none(),
        }
    }
}

/// The conditions of a query; all of them must hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Virtual CPUs.
    pub vcpu: Bounds<u32>,
    /// Memory in GiB.
    pub memory_gib: Bounds<Decimal>,
    /// GPUs; a type without any has 0.
    pub gpu: Bounds<u32>,
    /// USD per hour.
    pub price: Bounds<Decimal>,
    /// Network in Gbps.
    pub network_gbps: Bounds<f64>,
    /// An architecture that the type has: `x86_64`, `arm64`, `i386`.
    pub arch: Option<String>,
    /// The family, in any case: `General purpose`.
    pub family: Option<String>,
    /// The series: `m5`.
    pub series: Option<String>,
    /// The oldest generation.
    pub generation_min: Option<u32>,
    /// Whether it is of the current generation.
    pub current_generation: Option<bool>,
    /// Whether it is bare metal.
    pub bare_metal: Option<bool>,
    /// Whether its processor runs on credits.
    pub burstable: Option<bool>,
    /// Whether it has NVMe disks.
    pub nvme: Option<bool>,
    /// A glob over names.
    pub name: Option<String>,
}

impl Filter {
    /// Whether the type meets every condition.
    #[must_use]
    pub fn accepts(&self, kind: &InstanceType) -> bool {
        self.sized(kind) && self.named(kind) && self.flagged(kind)
    }

    fn sized(&self, kind: &InstanceType) -> bool {
        self.vcpu.hold(kind.vcpu.as_ref())
            && self.memory(kind)
            && self.gpu.hold(Some(&kind.gpu.as_ref().map_or(0, |gpu| gpu.count)))
            && self.price.hold(kind.price.as_ref().map(|price| &price.usd_per_hour))
            && self.network_gbps.hold(kind.network.gbps.as_ref())
    }

    /// Compared in bytes rounded down on both sides, so that 1.7 is met by what AWS calls 1.7 GiB.
    fn memory(&self, kind: &InstanceType) -> bool {
        let Some(bytes) = kind.memory_bytes else { return self.memory_gib == Bounds::default() };
        self.memory_gib.min.is_none_or(|min| gib_to_bytes(min).map_or(min <= Decimal::ZERO, |min| bytes >= min))
            && self.memory_gib.max.is_none_or(|max| gib_to_bytes(max).map_or(max > Decimal::ZERO, |max| bytes <= max))
    }

    fn named(&self, kind: &InstanceType) -> bool {
        self.arch.as_ref().is_none_or(|arch| kind.architectures.contains(arch))
            && self.family.as_ref().is_none_or(|wanted| {
                kind.family.as_ref().is_some_and(|family| family.to_lowercase() == wanted.to_lowercase())
            })
            && self.series.as_ref().is_none_or(|series| series == kind.series())
            && self.name.as_ref().is_none_or(|pattern| glob(pattern, &kind.name))
    }

    fn flagged(&self, kind: &InstanceType) -> bool {
        self.generation_min.is_none_or(|min| kind.generation().is_some_and(|generation| generation >= min))
            && self.current_generation.is_none_or(|wanted| kind.current_generation == Some(wanted))
            && self.bare_metal.is_none_or(|wanted| kind.bare_metal == wanted)
            && self.burstable.is_none_or(|wanted| kind.burstable() == wanted)
            && self.nvme.is_none_or(|wanted| kind.storage.nvme == wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instance_type::computed::gib_to_bytes;
    use crate::domain::instance_type::samples::{few, named};

    fn accepted(filter: &Filter) -> Vec<String> {
        few().types.values().filter(|kind| filter.accepts(kind)).map(|kind| kind.name.clone()).collect()
    }

    fn between<T>(min: T, max: T) -> Bounds<T> {
        Bounds { min: Some(min), max: Some(max) }
    }

    #[test]
    fn without_conditions_every_type_is_accepted() {
        assert_eq!(accepted(&Filter::default()).len(), few().types.len());
    }

    #[test]
    fn bounds_include_both_ends_and_leave_unknown_values_out() {
        let filter = |set: fn(&mut Filter)| {
            let mut filter = Filter::default();
            set(&mut filter);
            accepted(&filter)
        };
        assert_eq!(filter(|f| f.vcpu = between(1, 2)), ["m1.small", "m5.large"]);
        assert_eq!(filter(|f| f.memory_gib = between(8.into(), 8.into())), ["m5.large"]);
        assert_eq!(filter(|f| f.gpu.min = Some(1)), ["g5.xlarge"]);
        assert_eq!(filter(|f| f.gpu.max = Some(0)).len(), few().types.len() - 1);
        assert_eq!(
            filter(|f| f.price = between("0.096".parse().unwrap(), "0.1540".parse().unwrap())),
            ["m5.large", "m6g.xlarge"]
        );
        assert_eq!(filter(|f| f.network_gbps.min = Some(25.0)), ["m5.metal"]);
        assert_eq!(filter(|f| f.memory_gib.min = Some(Decimal::MAX)), Vec::<String>::new());
    }

    #[test]
    fn words_and_flags_select() {
        let filter = |set: fn(&mut Filter)| {
            let mut filter = Filter::default();
            set(&mut filter);
            accepted(&filter)
        };
        assert_eq!(filter(|f| f.arch = Some("arm64".into())), ["m6g.xlarge"]);
        assert_eq!(filter(|f| f.arch = Some("i386".into())), ["m1.small"]);
        assert_eq!(filter(|f| f.family = Some("gpu instance".into())), ["g5.xlarge"]);
        assert_eq!(filter(|f| f.series = Some("m5".into())), ["m5.large", "m5.metal", "m5.xlarge"]);
        assert_eq!(filter(|f| f.generation_min = Some(6)), ["m6g.xlarge", "x9.unknown"]);
        assert_eq!(filter(|f| f.current_generation = Some(false)), ["m1.small"]);
        assert_eq!(filter(|f| f.bare_metal = Some(true)), ["m5.metal"]);
        assert_eq!(filter(|f| f.burstable = Some(true)), ["t3.xlarge"]);
        assert_eq!(filter(|f| f.nvme = Some(true)), ["g5.xlarge"]);
        assert_eq!(filter(|f| f.name = Some("m5*.xlarge".into())), ["m5.xlarge", "m5a.xlarge"]);
    }

    #[test]
    fn memory_of_1_7_gib_meets_a_bound_of_1_7() {
        let bound: Decimal = "1.7".parse().unwrap();
        let mut small = named("m1.small");
        small.memory_bytes = gib_to_bytes(bound);
        let filter = Filter { memory_gib: between(bound, bound), ..Filter::default() };
        assert!(filter.accepts(&small));
    }
}
