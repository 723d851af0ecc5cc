//! Instance types for tests.

use std::collections::BTreeMap;

use super::{Catalog, Gpu, InstanceType, Network, Price, Processor, Storage};
use crate::domain::snapshot::Revision;

/// A type of which only the name is known.
pub fn named(name: &str) -> InstanceType {
    InstanceType {
        name: name.to_owned(),
        family: None,
        vcpu: None,
        memory_mib: None,
        memory_bytes: None,
        architectures: Vec::new(),
        processor: Processor::default(),
        gpu: None,
        storage: Storage::default(),
        network: Network::default(),
        ebs_max_mbps: None,
        bare_metal: false,
        current_generation: None,
        region: None,
        price: None,
    }
}

/// A type with what most queries look at.
pub fn sized(name: &str, vcpu: u32, gib: u64, price: &str) -> InstanceType {
    InstanceType {
        family: Some("General purpose".to_owned()),
        vcpu: Some(vcpu),
        memory_mib: Some(gib << 10),
        memory_bytes: Some(gib << 30),
        architectures: vec!["x86_64".to_owned()],
        current_generation: Some(true),
        price: Some(Price {
            usd_per_hour: price.parse().expect("a decimal"),
            sku: "SKU".to_owned(),
            effective_date: None,
        }),
        ..named(name)
    }
}

/// The contract's example.
pub fn m5_xlarge() -> InstanceType {
    sized("m5.xlarge", 4, 16, "0.192")
}

/// A handful of types that differ in what filters look at.
pub fn few() -> Catalog {
    let mut arm = sized("m6g.xlarge", 4, 16, "0.154");
    arm.architectures = vec!["arm64".to_owned()];
    arm.network.gbps = Some(10.0);
    let mut gpu = sized("g5.xlarge", 4, 16, "1.006");
    gpu.family = Some("GPU instance".to_owned());
    gpu.gpu = Some(Gpu { count: 1, memory_gb: Some(24) });
    gpu.storage.nvme = true;
    let mut metal = sized("m5.metal", 96, 384, "4.608");
    metal.bare_metal = true;
    metal.network.gbps = Some(25.0);
    let mut old = sized("m1.small", 1, 2, "0.044");
    old.architectures = vec!["i386".to_owned(), "x86_64".to_owned()];
    old.current_generation = Some(false);
    catalog([
        arm,
        gpu,
        metal,
        old,
        m5_xlarge(),
        sized("m5.large", 2, 8, "0.096"),
        sized("m5a.xlarge", 4, 16, "0.172"),
        sized("t3.xlarge", 4, 16, "0.1664"),
        named("x9.unknown"),
    ])
}

/// A catalogue of these types.
pub fn catalog(types: impl IntoIterator<Item = InstanceType>) -> Catalog {
    Catalog {
        revision: Revision("1".to_owned()),
        version: Some("1".to_owned()),
        published_at: None,
        types: types.into_iter().map(|kind| (kind.name.clone(), kind)).collect::<BTreeMap<_, _>>(),
    }
}
