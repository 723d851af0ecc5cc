//! What a nodegroup costs: instances only, Linux, shared tenancy, on demand; a month has 730 hours.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use super::instance_type::{Catalog, InstanceType};

/// The hours of a month, as AWS counts them in its own calculator.
pub const HOURS_PER_MONTH: u32 = 730;

/// The cost of a nodegroup at its three sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// The type that it is computed from.
    pub basis: String,
    /// Whether the real cost is at most this (spot, and the dearest type).
    pub upper_bound: bool,
    /// Per hour.
    pub usd_per_hour: Amounts,
    /// Per month of 730 hours.
    pub usd_per_month: Amounts,
}

/// Amounts in USD at the three sizes of a nodegroup, as decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// At the fewest nodes.
    pub min: String,
    /// At the nodes asked for.
    pub desired: String,
    /// At the most nodes.
    pub max: String,
}

/// Computes the cost of `nodes` (fewest, asked for, most). On demand EKS takes the first type; on spot any, so the dearest counts.
///
/// `None` when a type that matters has no known price.
#[must_use]
pub fn cost(catalog: &Catalog, instance_types: &[String], spot: bool, nodes: [i64; 3]) -> Option<Cost> {
    let priced = |name: &String| {
        let kind: &InstanceType = catalog.types.get(name)?;
        Some((name.clone(), kind.price.as_ref()?.usd_per_hour))
    };
    let (basis, hourly) = if spot {
        let all: Option<Vec<_>> = instance_types.iter().map(priced).collect();
        // The first of equally dear ones, so that the answer doesn't depend on the sort.
        all?.into_iter().rev().max_by_key(|(_, price)| *price)?
    } else {
        priced(instance_types.first()?)?
    };
    let [min, desired, max] = nodes.map(Decimal::from);
    let amounts = |format: fn(Decimal) -> String, factor: Decimal| Amounts {
        min: format(hourly * min * factor),
        desired: format(hourly * desired * factor),
        max: format(hourly * max * factor),
    };
    Some(Cost {
        basis,
        upper_bound: spot,
        usd_per_hour: amounts(hourly_usd, Decimal::ONE),
        usd_per_month: amounts(monthly_usd, Decimal::from(HOURS_PER_MONTH)),
    })
}

/// An hourly amount: 3 to 6 decimals, half to even.
#[must_use]
pub fn hourly_usd(amount: Decimal) -> String {
    let rounded = amount.round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven).normalize();
    if rounded.scale() < 3 { format!("{rounded:.3}") } else { rounded.to_string() }
}

/// A monthly amount: 2 decimals, half to even.
#[must_use]
pub fn monthly_usd(amount: Decimal) -> String {
    format!("{:.2}", amount.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn an_hourly_amount_has_three_to_six_decimals_and_rounds_half_to_even() {
        for (amount, shown) in [
            ("0", "0.000"),
            ("0.192", "0.192"),
            ("0.19", "0.190"),
            ("1.9200000000", "1.920"),
            ("0.0000005", "0.000"),
            ("0.0000015", "0.000002"),
            ("12.1234567", "12.123457"),
        ] {
            assert_eq!(hourly_usd(decimal(amount)), shown);
        }
    }

    #[test]
    fn a_monthly_amount_has_two_decimals_and_rounds_half_to_even() {
        for (amount, shown) in
            [("0", "0.00"), ("140.16", "140.16"), ("0.125", "0.12"), ("0.135", "0.14"), ("3.796", "3.80")]
        {
            assert_eq!(monthly_usd(decimal(amount)), shown);
        }
    }
}
