//! The Reserved terms of one SKU, as an offer file has them: the larger part of it, which our reader passes over.

use std::io::{self, Write};

/// AWS's code, the lease, the class, the payment, and the share of the on-demand price that an hour costs.
const OFFERS: [(&str, &str, &str, &str, f64); 12] = [
    ("4NA7Y494T4", "1yr", "standard", "No Upfront", 0.63),
    ("HU7G6KETJZ", "1yr", "standard", "Partial Upfront", 0.3),
    ("6QCMYABX3D", "1yr", "standard", "All Upfront", 0.0),
    ("BPH4J8HBKS", "3yr", "standard", "No Upfront", 0.43),
    ("38NPMPTW36", "3yr", "standard", "Partial Upfront", 0.2),
    ("NQ3QZPMQV9", "3yr", "standard", "All Upfront", 0.0),
    ("7NE97W5U4E", "1yr", "convertible", "No Upfront", 0.72),
    ("CUZHX8X6JH", "1yr", "convertible", "Partial Upfront", 0.34),
    ("VJWZNREJX2", "1yr", "convertible", "All Upfront", 0.0),
    ("Z2E3P23VKM", "3yr", "convertible", "No Upfront", 0.5),
    ("R5XV2EPZQZ", "3yr", "convertible", "Partial Upfront", 0.24),
    ("MZU6U2429S", "3yr", "convertible", "All Upfront", 0.0),
];

/// Writes the offers of a SKU, the members of its object.
///
/// # Errors
/// When `out` fails.
pub fn write(out: &mut impl Write, sku: &str, what: &str, usd: f64) -> io::Result<()> {
    for (at, (code, lease, class, payment, share)) in OFFERS.into_iter().enumerate() {
        write!(
            out,
            r#"{}
        "{sku}.{code}" : {{
          "offerTermCode" : "{code}",
          "sku" : "{sku}",
          "effectiveDate" : "2025-12-01T00:00:00Z",
          "priceDimensions" : {{"#,
            if at == 0 { "" } else { "," }
        )?;
        if payment != "No Upfront" {
            let years = if lease == "1yr" { 1.0 } else { 3.0 };
            let upfront = usd * 8760.0 * years * (0.6 - share).max(0.25);
            dimension(out, [sku, code, "2TG2D8R56U"], "Upfront Fee", "Quantity", upfront.round())?;
            out.write_all(b",")?;
        }
        dimension(out, [sku, code, "6YS6EN2CT7"], what, "Hrs", usd * share)?;
        write!(
            out,
            r#"
          }},
          "termAttributes" : {{
            "LeaseContractLength" : "{lease}",
            "OfferingClass" : "{class}",
            "PurchaseOption" : "{payment}"
          }}
        }}"#
        )?;
    }
    Ok(())
}

fn dimension(out: &mut impl Write, rate: [&str; 3], what: &str, unit: &str, usd: f64) -> io::Result<()> {
    let rate = rate.join(".");
    let range = if unit == "Hrs" {
        "\n              \"beginRange\" : \"0\",\n              \"endRange\" : \"Inf\","
    } else {
        ""
    };
    write!(
        out,
        r#"
            "{rate}" : {{
              "rateCode" : "{rate}",
              "description" : "{what}",{range}
              "unit" : "{unit}",
              "pricePerUnit" : {{
                "USD" : "{usd:.10}"
              }},
              "appliesTo" : [ ]
            }}"#
    )
}
