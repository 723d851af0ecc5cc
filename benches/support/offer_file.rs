//! Writes an AmazonEC2 offer file of the size and shape of a large region's, from the rows of the bundled price list.
//!
//! The types, their attributes and the prices of the rows that count are the bundled list's. Around each stand the rows that AWS
//! has beside it: other systems, tenancies, reserved capacity, capacity blocks for nothing; and families that are no instances.
//! Indented as AWS's, and in its order; the same bytes whenever it is written.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::Value;

use super::reserved;
use super::rows::{Kind, Row, Rows, kinds};

/// The version that the file has.
pub const VERSION: &str = "20260701000000";

/// Makes sure that the file is there, from at most so many types of the list at `seed`, or else writes it. A file is only there under
/// its name when it is complete.
///
/// # Errors
/// When `seed` is no price list, or the disk says no.
pub fn ensure(path: &Path, seed: &Path, types: usize) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let kinds =
        kinds(&fs::read(seed)?, types).ok_or_else(|| io::Error::other("the bundled price list has another shape"))?;
    let part = path.with_extension("part");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&part)?);
    write(&mut out, &kinds)?;
    out.into_inner()?.sync_all()?;
    fs::rename(part, path)
}

fn write(out: &mut impl Write, kinds: &[Kind]) -> io::Result<()> {
    let rows = Rows::of(kinds);
    out.write_all(b"{\n  \"formatVersion\" : \"v1.0\",\n  \"disclaimer\" : \"This pricing list is for informational purposes only. ")?;
    out.write_all(b"All prices are subject to the additional terms included in the pricing pages on http://aws.amazon.com. All Free ")?;
    out.write_all(b"Tier prices are also subject to the terms included at https://aws.amazon.com/free/\",\n  \"offerCode\" : \"AmazonEC2\",\n")?;
    write!(
        out,
        "  \"version\" : \"{VERSION}\",\n  \"publicationDate\" : \"2026-07-01T00:00:00Z\",\n  \"products\" : {{"
    )?;
    for (at, row) in rows.all().enumerate() {
        product(out, at, &row)?;
    }
    out.write_all(b"\n  },\n  \"terms\" : {\n    \"OnDemand\" : {")?;
    for (at, row) in rows.all().enumerate() {
        on_demand(out, at, &row)?;
    }
    out.write_all(b"\n    },\n    \"Reserved\" : {")?;
    for (at, row) in rows.all().filter(|row| row.reserved).enumerate() {
        write!(out, "{}\n      \"{}\" : {{", comma(at), row.sku)?;
        reserved::write(out, &row.sku, &row.what, row.usd.parse().unwrap_or_default())?;
        out.write_all(b"\n      }")?;
    }
    out.write_all(b"\n    }\n  },\n  \"attributesList\" : { }\n}")
}

fn product(out: &mut impl Write, at: usize, row: &Row) -> io::Result<()> {
    let Row { sku, family, attributes, .. } = row;
    write!(out, "{}\n    \"{sku}\" : {{\n      \"sku\" : \"{sku}\",\n", comma(at))?;
    // AWS has rows without a family.
    if !family.is_empty() {
        writeln!(out, "      \"productFamily\" : \"{family}\",")?;
    }
    out.write_all(b"      \"attributes\" : {")?;
    for (at, (key, value)) in attributes.iter().enumerate() {
        write!(out, "{}\n        \"{key}\" : {}", comma(at), Value::from(value.as_str()))?;
    }
    out.write_all(b"\n      }\n    }")
}

fn on_demand(out: &mut impl Write, at: usize, row: &Row) -> io::Result<()> {
    let Row { sku, unit, usd, what, .. } = row;
    write!(
        out,
        r#"{}
      "{sku}" : {{
        "{sku}.JRTCKXETXF" : {{
          "offerTermCode" : "JRTCKXETXF",
          "sku" : "{sku}",
          "effectiveDate" : "2026-07-01T00:00:00Z",
          "priceDimensions" : {{
            "{sku}.JRTCKXETXF.6YS6EN2CT7" : {{
              "rateCode" : "{sku}.JRTCKXETXF.6YS6EN2CT7",
              "description" : "${usd} per {what}",
              "beginRange" : "0",
              "endRange" : "Inf",
              "unit" : "{unit}",
              "pricePerUnit" : {{
                "USD" : "{usd}"
              }},
              "appliesTo" : [ ]
            }}
          }},
          "termAttributes" : {{ }}
        }}
      }}"#,
        comma(at)
    )
}

fn comma(at: usize) -> &'static str {
    if at == 0 { "" } else { "," }
}
