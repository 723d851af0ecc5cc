//! Rows of real price lists that look like instance types and aren't, or are and look otherwise.

use super::*;
use crate::domain::instance_type::{Gpu, Processor, Storage};

#[test]
fn a_capacity_block_at_zero_doesnt_hide_the_real_price() {
    for (free, real) in [("A", "B"), ("B", "A")] {
        let block = product(json!({"marketoption": "CapacityBlock", "operation": "RunInstances:CB"}));
        let (catalog, report) = load(&offer(&[(free, block, "0.0000000000"), (real, product(json!({})), "0.192")]));
        assert_eq!(catalog.types["m5.xlarge"].price.as_ref().unwrap().sku, real);
        assert_eq!(report.dropped, [("market_option", 1)].into());
    }
}

#[test]
fn a_free_trial_row_without_an_instance_type_is_dropped() {
    assert_eq!(dropped(&product(json!({"instanceType": null, "regionCode": ""}))), "no_instance_type");
    assert_eq!(dropped(&product(json!({"instanceType": ""}))), "no_instance_type");
}

#[test]
fn reserved_capacity_rows_are_dropped() {
    for status in ["UnusedCapacityReservation", "AllocatedCapacityReservation", "AllocatedHost"] {
        assert_eq!(dropped(&product(json!({"capacitystatus": status}))), "capacity_status", "{status}");
    }
}

#[test]
fn a_dedicated_host_with_parseable_memory_is_dropped() {
    assert_eq!(dropped(&product(json!({"instanceType": "m5", "memory": "384 GiB"}))), "dedicated_host");
    let mut host = product(json!({}));
    host["productFamily"] = json!("Dedicated Host");
    assert_eq!(dropped(&host), "not_an_instance");
}

#[test]
fn other_systems_software_licences_and_tenancies_are_dropped() {
    for (changes, reason) in [
        (json!({"operatingSystem": "Red Hat Enterprise Linux with HA"}), "operating_system"),
        (json!({"operatingSystem": "Windows", "licenseModel": "Bring your own license"}), "operating_system"),
        (json!({"operatingSystem": null}), "operating_system"),
        (json!({"preInstalledSw": "SQL Web"}), "preinstalled_software"),
        (json!({"licenseModel": "Bring your own license"}), "license_model"),
        (json!({"operation": "RunInstances:0004"}), "operation"),
        (json!({"tenancy": "Dedicated"}), "tenancy"),
        (json!({"tenancy": "Host"}), "tenancy"),
        (json!({"instanceType": "m5.x large"}), "unreadable"),
        (json!({"instanceType": ".large"}), "unreadable"),
    ] {
        assert_eq!(dropped(&product(&changes)), reason, "{changes}");
    }
}

#[test]
fn absent_family_market_operation_and_licence_are_taken_as_usual() {
    let mut bare = product(json!({"marketoption": null, "operation": null, "licenseModel": null}));
    bare.as_object_mut().unwrap().remove("productFamily");
    assert_eq!(load(&offer(&[("A", bare, "1")])).1.kept, 1);
}

#[test]
fn bare_metal_is_taken_shared_and_else_dedicated() {
    let metal = |tenancy: &str| {
        let mut metal = product(json!({"instanceType": "m5.metal", "tenancy": tenancy}));
        metal["productFamily"] = json!("Compute Instance (bare metal)");
        metal
    };
    let (catalog, _) = load(&offer(&[("A", metal("Dedicated"), "9")]));
    assert!(catalog.types["m5.metal"].bare_metal);
    assert_eq!(catalog.types["m5.metal"].price.as_ref().unwrap().usd_per_hour, 9.into());
    for (dedicated, shared) in [("A", "B"), ("B", "A")] {
        let (catalog, report) = load(&offer(&[(dedicated, metal("Dedicated"), "9"), (shared, metal("Shared"), "8")]));
        assert_eq!(catalog.types["m5.metal"].price.as_ref().unwrap().sku, shared);
        assert_eq!((report.kept, report.dropped), (1, [("duplicate", 1)].into()));
    }
    assert_eq!(dropped(&metal("Host")), "tenancy");
}

#[test]
fn a_local_zones_row_doesnt_hide_the_regions() {
    let zone = product(json!({"locationType": "AWS Local Zone"}));
    let (catalog, _) = load(&offer(&[("A", zone, "9"), ("B", product(json!({})), "8")]));
    assert_eq!(catalog.types["m5.xlarge"].price.as_ref().unwrap().sku, "B");
}

#[test]
fn what_cant_be_parsed_is_unknown_and_never_zero() {
    let vague =
        only(&json!({"vcpu": "NA", "memory": "NA", "clockSpeed": null, "storage": "NA", "currentGeneration": null,
        "networkPerformance": "Low to Moderate", "dedicatedEbsThroughput": 7, "physicalProcessor": {"a": [1]}}));
    assert_eq!((vague.vcpu, vague.memory_mib, vague.memory_bytes, vague.ebs_max_mbps), (None, None, None, None));
    assert_eq!(
        (vague.processor, vague.storage, vague.current_generation),
        (Processor::default(), Storage::default(), None)
    );
    assert_eq!((vague.network.text.as_deref(), vague.network.gbps), (Some("Low to Moderate"), None));
}

#[test]
fn gpus_are_counted_and_null_at_zero() {
    let gpu = |count: Value, memory: Value| only(&json!({"gpu": count, "gpuMemory": memory})).gpu;
    assert_eq!(gpu(json!("8"), json!("640 GB HBM3")), Some(Gpu { count: 8, memory_gb: Some(640) }));
    assert_eq!(gpu(json!("1"), json!("NA")), Some(Gpu { count: 1, memory_gb: None }));
    assert_eq!(gpu(json!("0"), json!("3 GB")), None);
    assert_eq!(gpu(Value::Null, Value::Null), None);
}

#[test]
fn a_32_bit_processor_has_both_architectures() {
    assert_eq!(only(&json!({"processorArchitecture": "32-bit or 64-bit"})).architectures, ["i386", "x86_64"]);
    assert_eq!(only(&json!({"instanceType": "m6g.large"})).architectures, ["arm64"]);
}

#[test]
fn a_product_of_another_shape_is_dropped_and_the_others_are_kept() {
    let (catalog, report) = load(&offer(&[
        ("A", json!(5), "1"),
        ("B", json!({"attributes": "none"}), "1"),
        ("C", json!({}), "1"),
        ("D", product(json!({})), "1"),
    ]));
    assert_eq!(catalog.types.len(), 1);
    assert_eq!(report.dropped, [("no_attributes", 1), ("unreadable", 2)].into());
}
