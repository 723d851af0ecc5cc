//! How AWS's words are read.

use proptest::prelude::*;

use super::*;

#[test]
fn memory_is_read_in_every_spelling_and_na_is_unknown() {
    for (text, bytes) in [
        ("16 GiB", Some(16 << 30)),
        ("0.5 GiB", Some(1 << 29)),
        ("1,952 GiB", Some(1952 << 30)),
        ("24,576 GiB", Some(24_576 << 30)),
        ("512 MiB", Some(512 << 20)),
        ("1.7 GiB", Some(1_825_361_100)),
        ("NA", None),
        ("", None),
        ("16", None),
        ("16 GB", None),
        ("0 GiB", None),
        ("-1 GiB", None),
        ("99999999999999999999999 GiB", None),
    ] {
        assert_eq!(memory_bytes(text), bytes, "{text}");
    }
    assert_eq!(memory_bytes("1.7 GiB").map(|bytes| bytes >> 20), Some(1740), "MiB round down");
}

#[test]
fn the_clock_is_read_whatever_the_case_of_its_unit() {
    for (text, ghz) in [
        ("3.1 GHz", Some(3.1)),
        ("3.0 Ghz", Some(3.0)),
        ("Up to 3.5 GHz", Some(3.5)),
        ("2.5GHz", Some(2.5)),
        ("NA", None),
        ("3100 MHz", None),
        ("0 GHz", None),
    ] {
        assert_eq!(clock_ghz(text), ghz, "{text}");
    }
}

#[test]
fn gpu_memory_is_read_with_and_without_its_technology() {
    for (text, gb) in [
        ("24 GB", Some(24)),
        ("640 GB HBM3", Some(640)),
        ("1,128 GB HBM3e", Some(1128)),
        ("NA", None),
        ("0.5 GB", None),
    ] {
        assert_eq!(gpu_memory_gb(text), gb, "{text}");
    }
}

#[test]
fn ebs_throughput_is_in_mbps() {
    for (text, mbps) in [
        ("4750 Mbps", Some(4750)),
        ("Up to 4750 Mbps", Some(4750)),
        ("9.5 Gbps", Some(9500)),
        ("NA", None),
        ("12", None),
    ] {
        assert_eq!(ebs_mbps(text), mbps, "{text}");
    }
}

#[test]
fn the_networks_number_is_read_and_its_text_kept() {
    for (text, gbps, burst) in [
        ("Up to 10 Gigabit", Some(10.0), true),
        ("Up to 12.5 Gigabit", Some(12.5), true),
        ("12500 Megabit", Some(12.5), false),
        ("4x 100 Gigabit", Some(400.0), false),
        ("16X 100 Gigabit", Some(1600.0), false),
        ("3.125 Gigabit", Some(3.125), false),
        ("Low to Moderate", None, false),
        ("Very Low", None, false),
        ("Up to moderate", None, false),
    ] {
        assert_eq!(network(text), Network { text: Some(text.to_owned()), gbps, burst }, "{text}");
    }
    assert_eq!(network("NA"), Network::default());
}

#[test]
fn disks_are_counted_added_up_and_told_apart() {
    for (text, disks, total_gb, media, nvme) in [
        ("1 x 450 GB NVMe SSD", 1, 450, Some("ssd"), true),
        ("2 X 900 GB NVMe SSD", 2, 1800, Some("ssd"), true),
        ("24 x 13980 GB HDD", 24, 335_520, Some("hdd"), false),
        ("1 x 32 SSD", 1, 32, Some("ssd"), false),
        ("900 GB NVMe SSD", 1, 900, Some("ssd"), true),
        ("8 x 3.75 TB NVMe SSD", 8, 30_000, Some("ssd"), true),
        ("1 x 850 GB", 1, 850, None, false),
    ] {
        let expected = Storage { ebs_only: Some(false), disks: Some(disks), total_gb: Some(total_gb), media, nvme };
        assert_eq!(storage(text), expected, "{text}");
    }
}

#[test]
fn ebs_only_has_no_disks_and_unreadable_storage_is_unknown() {
    assert_eq!(storage("EBS only"), Storage { ebs_only: Some(true), ..Storage::default() });
    for text in ["NA", "", "0 x 10 GB SSD", "1 x many GB", "10", "99999999999 x 99999999999 GB", "10 cores"] {
        assert_eq!(storage(text), Storage::default(), "{text}");
    }
}

#[test]
fn a_count_of_zero_is_no_count() {
    assert_eq!((count("96"), count("0"), count("-1"), count("NA"), count("1.5")), (Some(96), None, None, None, None));
}

#[test]
fn the_processors_name_tells_its_manufacturer() {
    for (name, maker) in [
        ("Intel Xeon Platinum 8175", Some("Intel")),
        ("High Frequency Intel Xeon E7-8880 v3 (Haswell)", Some("Intel")),
        ("AMD EPYC 7R13 Processor", Some("AMD")),
        ("AWS Graviton2 Processor", Some("AWS")),
        ("Apple M1 chip with 8-core CPU", Some("Apple")),
        ("Variable", None),
    ] {
        assert_eq!(manufacturer(name), maker, "{name}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in prop_oneof![
        ".{0,40}",
        "(Up to |up TO )?[0-9.,]{0,40} ?[xX]? ?[0-9.,]{0,40} ?(GiB|GB|Gigabit|Megabit|Mbps|GHz|NVMe|SSD|é){0,3}",
    ]) {
        let _ = (memory_bytes(&text), count(&text), clock_ghz(&text), gpu_memory_gb(&text), ebs_mbps(&text));
        let _ = (network(&text), storage(&text), said(&text), manufacturer(&text));
    }
}
