//! What follows from an instance type's name, size and price without being in the price list.

use rust_decimal::Decimal;

use super::{InstanceType, Price};
use crate::domain::cost::{HOURS_PER_MONTH, hourly_usd, monthly_usd};

/// The series whose processor runs on credits.
const BURSTABLE: [&str; 4] = ["t2", "t3", "t3a", "t4g"];

/// Bytes of a GiB.
const GIB: u64 = 1 << 30;

impl InstanceType {
    /// `m5` of `m5.xlarge`.
    #[must_use]
    pub fn series(&self) -> &str {
        self.name.split_once('.').map_or(self.name.as_str(), |(series, _)| series)
    }

    /// `xlarge` of `m5.xlarge`.
    #[must_use]
    pub fn size(&self) -> &str {
        self.name.split_once('.').map_or("", |(_, size)| size)
    }

    /// The first number after a letter: 5 of `m5.xlarge`, 1 of `u-6tb1.56xlarge`.
    #[must_use]
    pub fn generation(&self) -> Option<u32> {
        let series = self.series();
        let bytes = series.as_bytes();
        let start = (1..bytes.len()).find(|&i| bytes[i].is_ascii_digit() && bytes[i - 1].is_ascii_alphabetic())?;
        let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        series[start..start + length].parse().ok()
    }

    /// Whether the processor runs on credits.
    #[must_use]
    pub fn burstable(&self) -> bool {
        BURSTABLE.contains(&self.series())
    }

    /// Memory in GiB, exact to three decimals.
    #[must_use]
    pub fn memory_gib(&self) -> Option<Decimal> {
        self.memory_bytes.map(|bytes| (Decimal::from(bytes) / Decimal::from(GIB)).round_dp(3).normalize())
    }

    /// `m5.xlarge · 4 vCPU · 16 GiB · $0.192/h`; what is unknown is left out.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = self.name.clone();
        let parts = [
            self.vcpu.map(|count| format!("{count} vCPU")),
            self.memory_gib().map(|gib| format!("{gib} GiB")),
            self.price.as_ref().map(|price| format!("${}/h", hourly_usd(price.usd_per_hour))),
        ];
        for part in parts.iter().flatten() {
            label.push_str(" · ");
            label.push_str(part);
        }
        label
    }

    /// USD per hour and vCPU, as the contract writes amounts.
    #[must_use]
    pub fn per_vcpu(&self) -> Option<String> {
        let vcpu = self.vcpu.filter(|&count| count > 0)?;
        Some(hourly_usd(self.price.as_ref()?.usd_per_hour / Decimal::from(vcpu)))
    }

    /// USD per hour and GiB of memory, as the contract writes amounts.
    #[must_use]
    pub fn per_gib(&self) -> Option<String> {
        let bytes = self.memory_bytes.filter(|&bytes| bytes > 0)?;
        let hourly = self.price.as_ref()?.usd_per_hour;
        hourly.checked_mul(Decimal::from(GIB))?.checked_div(Decimal::from(bytes)).map(hourly_usd)
    }
}

impl Price {
    /// USD per hour, as the contract writes amounts.
    #[must_use]
    pub fn per_hour(&self) -> String {
        hourly_usd(self.usd_per_hour)
    }

    /// USD per month of 730 hours, as the contract writes amounts.
    #[must_use]
    pub fn per_month(&self) -> String {
        self.usd_per_hour
            .checked_mul(Decimal::from(HOURS_PER_MONTH))
            .map_or_else(|| hourly_usd(self.usd_per_hour), monthly_usd)
    }
}

/// The bytes of a number of GiB, rounded down; `None` when negative or beyond counting.
#[must_use]
pub fn gib_to_bytes(gib: Decimal) -> Option<u64> {
    u64::try_from(gib.checked_mul(Decimal::from(GIB))?.floor()).ok()
}

#[cfg(test)]
mod tests {
    use crate::domain::instance_type::samples::{m5_xlarge, named};

    #[test]
    fn the_contracts_example_comes_out_word_for_word() {
        let m5 = m5_xlarge();
        assert_eq!(m5.label(), "m5.xlarge · 4 vCPU · 16 GiB · $0.192/h");
        assert_eq!((m5.series(), m5.generation(), m5.size()), ("m5", Some(5), "xlarge"));
        assert_eq!((m5.per_vcpu().as_deref(), m5.per_gib().as_deref()), (Some("0.048"), Some("0.012")));
        assert_eq!(m5.price.unwrap().per_month(), "140.16");
    }

    #[test]
    fn the_generation_is_the_first_number_after_a_letter() {
        for (name, generation) in [
            ("u-6tb1.56xlarge", Some(1)),
            ("u7i-12tb.224xlarge", Some(7)),
            ("p6-b200.48xlarge", Some(6)),
            ("hpc7g.16xlarge", Some(7)),
            ("x.large", None),
            ("a99999999999.large", None),
        ] {
            assert_eq!(named(name).generation(), generation, "{name}");
        }
    }

    #[test]
    fn only_t2_t3_t3a_and_t4g_are_burstable() {
        let burstable = |name: &str| named(name).burstable();
        assert!(["t2.nano", "t3.micro", "t3a.large", "t4g.small"].iter().all(|name| burstable(name)));
        assert!(!burstable("t1.micro") && !burstable("m5.large"));
    }

    #[test]
    fn what_is_unknown_is_left_out_of_the_label_and_has_no_share() {
        let unknown = named("x9.large");
        assert_eq!(unknown.label(), "x9.large");
        assert_eq!((unknown.per_vcpu(), unknown.per_gib()), (None, None));
    }

    #[test]
    fn memory_below_a_mib_step_is_shown_as_aws_says_it() {
        let mut small = named("m1.small");
        small.memory_bytes = super::gib_to_bytes("1.7".parse().unwrap());
        assert_eq!(small.label(), "m1.small · 1.7 GiB");
    }
}
