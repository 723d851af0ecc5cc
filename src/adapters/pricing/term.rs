//! The on-demand terms of one SKU: what it costs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::words;

/// An hourly price, and from when on it holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hourly {
    pub(super) usd: Decimal,
    pub(super) effective_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term<'a> {
    #[serde(borrow, default)]
    effective_date: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    price_dimensions: BTreeMap<Cow<'a, str>, Dimension<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension<'a> {
    #[serde(borrow, default)]
    unit: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    price_per_unit: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
}

/// The price in a SKU's terms: the first dimension per hour with a positive price in USD. `None` when there is none, be it that
/// the SKU is free, sold in another currency, or written in another shape.
///
/// # Errors
/// When it is no JSON at all.
pub(super) fn read(bytes: &[u8]) -> Result<Option<Hourly>, serde_json::Error> {
    let terms = match serde_json::from_slice::<BTreeMap<Cow<'_, str>, Term<'_>>>(bytes) {
        Ok(terms) => terms,
        Err(error) if error.is_data() => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(terms.into_values().find_map(|term| {
        let usd = term.price_dimensions.values().find_map(Dimension::hourly_usd)?;
        let effective_date = term.effective_date.as_deref().and_then(words::said);
        Some(Hourly { usd, effective_date: effective_date.filter(|date| date.len() <= MAX_DATE) })
    }))
}

/// The longest date that is kept, as prices are kept by the hundred thousand; a timestamp to the nanosecond has 35 bytes.
const MAX_DATE: usize = 40;

/// No hour costs as much: such a price is a mistake, and what is computed from it would overflow.
const IMPLAUSIBLE_USD: u32 = 1_000_000;

impl Dimension<'_> {
    fn hourly_usd(&self) -> Option<Decimal> {
        if self.unit.as_deref() != Some("Hrs") {
            return None;
        }
        let usd = self.price_per_unit.iter().find(|(currency, _)| *currency == "USD")?.1;
        Decimal::from_str_exact(usd)
            .ok()
            .filter(|usd| usd.is_sign_positive() && !usd.is_zero() && *usd < Decimal::from(IMPLAUSIBLE_USD))
            .map(|usd| usd.normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(unit: &str, per_unit: &str) -> Option<String> {
        let terms = format!(
            r#"{{"S.T":{{"sku":"S","effectiveDate":"2026-07-01T00:00:00Z","termAttributes":{{}},"priceDimensions":{{
               "S.T.D":{{"unit":"{unit}","pricePerUnit":{per_unit},"appliesTo":[],"new":[{{}}]}}}}}}}}"#
        );
        read(terms.as_bytes()).unwrap().map(|hourly| hourly.usd.to_string())
    }

    #[test]
    fn a_price_that_no_hour_costs_is_none() {
        assert_eq!(price("Hrs", r#"{"USD":"79228162514264337593543950335"}"#), None);
        assert_eq!(price("Hrs", r#"{"USD":"1000000"}"#), None);
        assert_eq!(price("Hrs", r#"{"USD":"999999.99"}"#).as_deref(), Some("999999.99"));
    }

    #[test]
    fn an_hourly_price_in_usd_is_read_exactly() {
        assert_eq!(price("Hrs", r#"{"USD":"0.1920000000"}"#).as_deref(), Some("0.192"));
        assert_eq!(price("Hrs", r#"{"USD":"0.0000000001"}"#).as_deref(), Some("0.0000000001"));
    }

    #[test]
    fn free_monthly_foreign_and_unreadable_prices_are_none() {
        for (unit, per_unit) in [
            ("Hrs", r#"{"USD":"0.0000000000"}"#),
            ("Hrs", r#"{"USD":"-1"}"#),
            ("Hrs", r#"{"USD":"free"}"#),
            ("Hrs", r#"{"USD":1.5}"#),
            ("Hrs", r#"{"CNY":"1.5"}"#),
            ("Hrs", "{}"),
            ("Hrs", "[]"),
            ("Quantity", r#"{"USD":"100"}"#),
        ] {
            assert_eq!(price(unit, per_unit), None, "{unit} {per_unit}");
        }
        for terms in ["{}", "null", "[]", "7"] {
            assert_eq!(read(terms.as_bytes()).unwrap(), None, "{terms}");
        }
    }

    #[test]
    fn a_date_of_no_believable_length_is_unknown() {
        let term = |date: &str| {
            format!(
                r#"{{"T":{{"effectiveDate":"{date}","priceDimensions":{{"D":{{"unit":"Hrs","pricePerUnit":{{"USD":"1"}}}}}}}}}}"#
            )
        };
        let date = |date: &str| read(term(date).as_bytes()).unwrap().expect("a price").effective_date;
        let longest = "2026-07-01T00:00:00.123456789+00:00";
        assert_eq!(date(longest).as_deref(), Some(longest));
        assert_eq!(date(&"2".repeat(MAX_DATE + 1)), None);
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        assert!(read(b"{\"a\":}").is_err());
    }
}
