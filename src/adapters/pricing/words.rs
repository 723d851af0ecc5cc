//! AWS's own words for quantities. What can't be read is `None`, never zero.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::domain::instance_type::{Network, Storage, gib_to_bytes};

/// Bytes of `16 GiB`, `0.5 GiB`, `1,952 GiB`; `NA` is `None`.
pub(super) fn memory_bytes(text: &str) -> Option<u64> {
    let (amount, unit) = quantity(text)?;
    let gib = match unit.to_ascii_lowercase().as_str() {
        "gib" => amount,
        "mib" => amount.checked_div(Decimal::from(1024))?,
        "tib" => amount.checked_mul(Decimal::from(1024))?,
        _ => return None,
    };
    gib_to_bytes(gib).filter(|&bytes| bytes > 0)
}

/// A positive whole number, such as `96`.
pub(super) fn count(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|&count| count > 0)
}

/// GHz of `3.1 GHz`, `3.0 Ghz`, `Up to 3.5 GHz`.
pub(super) fn clock_ghz(text: &str) -> Option<f64> {
    let (amount, unit) = quantity(without_up_to(text).0)?;
    if !unit.eq_ignore_ascii_case("ghz") {
        return None;
    }
    amount.to_f64().filter(|&ghz| ghz > 0.0)
}

/// GB of `24 GB`, `640 GB HBM3`, `1,128 GB HBM3e`, rounded down.
pub(super) fn gpu_memory_gb(text: &str) -> Option<u32> {
    let (amount, rest) = quantity(text)?;
    let gb = match rest.split_ascii_whitespace().next()?.to_ascii_lowercase().as_str() {
        "gb" | "gib" => amount,
        "tb" | "tib" => amount.checked_mul(Decimal::from(1000))?,
        _ => return None,
    };
    gb.floor().to_u32().filter(|&gb| gb > 0)
}

/// Mbps of `4750 Mbps`, `Up to 4750 Mbps`, `9.5 Gbps`.
pub(super) fn ebs_mbps(text: &str) -> Option<u32> {
    let (amount, unit) = quantity(without_up_to(text).0)?;
    let mbps = gbps(amount, unit)?.checked_mul(Decimal::from(1000))?;
    mbps.floor().to_u32().filter(|&mbps| mbps > 0)
}

/// `Up to 12.5 Gigabit`, `12500 Megabit`, `4x 100 Gigabit`; of `Low to Moderate` only the text is kept.
pub(super) fn network(text: &str) -> Network {
    let text = text.trim();
    let (amount, burst) = without_up_to(text);
    let (ports, rest) = times(amount).unwrap_or((1, amount));
    let all = quantity(rest).and_then(|(amount, unit)| gbps(amount, unit)?.checked_mul(Decimal::from(ports)));
    let gbps = all.and_then(|gbps| gbps.to_f64()).filter(|&gbps| gbps > 0.0);
    Network { text: said(text), burst: burst && gbps.is_some(), gbps }
}

/// `EBS only`, `1 x 450 GB NVMe SSD`, `2 X 900 GB NVMe SSD`, `24 x 2000 HDD`, `900 GB NVMe SSD`.
pub(super) fn storage(text: &str) -> Storage {
    if text.trim().eq_ignore_ascii_case("EBS only") {
        return Storage { ebs_only: Some(true), ..Storage::default() };
    }
    disks(text).unwrap_or_default()
}

fn disks(text: &str) -> Option<Storage> {
    let (disks, rest) = times(text).unwrap_or((1, text.trim()));
    let (size, rest) = quantity(rest)?;
    let words: Vec<String> = rest.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    let has = |word: &str| words.iter().any(|w| w == word);
    // "125 Gigabit" or "4 cores" are no disks; a size without its unit is GB only beside the media.
    if !words.iter().all(|word| matches!(word.as_str(), "gb" | "tb" | "nvme" | "ssd" | "hdd")) || words.is_empty() {
        return None;
    }
    let scale = if has("tb") { 1000 } else { 1 };
    let total = size.checked_mul(Decimal::from(disks))?.checked_mul(Decimal::from(scale))?.floor().to_u64()?;
    let media = match (has("hdd"), has("ssd") || has("nvme")) {
        (true, false) => Some("hdd"),
        (false, true) => Some("ssd"),
        _ => None,
    };
    (disks > 0 && total > 0).then_some(Storage {
        ebs_only: Some(false),
        disks: Some(disks),
        total_gb: Some(total),
        media,
        nvme: has("nvme"),
    })
}

/// The longest text that is kept, so that a hostile file can't fill the memory; AWS's have under 80 bytes.
const MAX_TEXT: usize = 256;

/// A text that says something: neither empty nor `NA`, and no longer than believable.
pub(super) fn said(text: &str) -> Option<String> {
    let text = text.trim();
    let says_nothing = ["", "NA", "N/A"].iter().any(|word| text.eq_ignore_ascii_case(word));
    (!says_nothing && text.len() <= MAX_TEXT).then(|| text.to_owned())
}

/// Who makes the processor, from AWS's name of it.
pub(super) fn manufacturer(processor: &str) -> Option<&'static str> {
    let name = processor.to_ascii_lowercase();
    [("graviton", "AWS"), ("aws", "AWS"), ("amd", "AMD"), ("intel", "Intel"), ("apple", "Apple")]
        .iter()
        .find(|(word, _)| name.contains(word))
        .map(|&(_, manufacturer)| manufacturer)
}

/// `100` and `Gigabit` of `100 Gigabit`; thousands may be set off with commas.
fn quantity(text: &str) -> Option<(Decimal, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number = Decimal::from_str_exact(&number.replace(',', "")).ok()?;
    Some((number, unit.trim()))
}

fn gbps(amount: Decimal, unit: &str) -> Option<Decimal> {
    match unit.to_ascii_lowercase().as_str() {
        "gigabit" | "gbps" | "gigabits" => Some(amount),
        "megabit" | "mbps" | "megabits" => amount.checked_div(Decimal::from(1000)),
        "terabit" | "tbps" | "terabits" => amount.checked_mul(Decimal::from(1000)),
        _ => None,
    }
}

/// The count and the rest of `4x 100 Gigabit` or `2 X 900 GB`.
fn times(text: &str) -> Option<(u32, &str)> {
    let (count, rest) = text.split_once(['x', 'X'])?;
    Some((count.trim().parse().ok()?, rest.trim()))
}

fn without_up_to(text: &str) -> (&str, bool) {
    let text = text.trim();
    match text.get(..6) {
        Some(start) if start.eq_ignore_ascii_case("up to ") => (text[6..].trim(), true),
        _ => (text, false),
    }
}

#[cfg(test)]
mod tests;
