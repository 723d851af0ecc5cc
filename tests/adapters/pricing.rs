//! The bundled price list, as the service reads it.

mod files;
mod hostile;
mod properties;

use std::path::Path;
use std::time::Duration;

use cre_backend_api::adapters::pricing::FileSource;
use cre_backend_api::domain::instance_type::{Catalog, IngestReport, Query};
use cre_backend_api::domain::ports::{InstanceTypeSource, Load};

async fn bundled() -> (Catalog, IngestReport) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("pricing-list.json");
    match FileSource::new(path, Duration::from_secs(5)).load(None).await.expect("a readable price list") {
        Load::Loaded(catalog, report) => (catalog, report),
        Load::Unchanged => panic!("nothing was seen before"),
    }
}

#[tokio::test]
async fn the_bundled_price_list_holds_every_type_with_its_price() {
    let (catalog, report) = bundled().await;
    assert_eq!((report.rows, report.kept, report.unpriced), (1345, 1345, 0));
    assert!(report.dropped.is_empty(), "{:?}", report.dropped);
    assert_eq!(catalog.version.as_deref(), Some("20260701000000"));
    assert!(catalog.published_at.is_some());
    for kind in catalog.types.values() {
        let name = &kind.name;
        assert!(kind.vcpu.is_some() && kind.memory_mib.is_some() && kind.family.is_some(), "{name}");
        assert!(!kind.architectures.is_empty() && kind.processor.manufacturer.is_some(), "{name}");
        assert!(kind.network.text.is_some() && kind.storage.ebs_only.is_some(), "{name}");
        assert!(kind.current_generation.is_some() && kind.generation().is_some(), "{name}");
        assert_eq!(kind.bare_metal, kind.size().starts_with("metal"), "{name}");
        assert_eq!(kind.region.as_deref(), Some("us-east-1"), "{name}");
    }
    assert_eq!(catalog.types.values().filter(|kind| kind.burstable()).count(), 28);
}

#[tokio::test]
async fn the_contracts_example_is_read_as_the_contract_shows_it() {
    let (catalog, _) = bundled().await;
    let m5 = &catalog.types["m5.xlarge"];
    assert_eq!(m5.label(), "m5.xlarge · 4 vCPU · 16 GiB · $0.192/h");
    assert_eq!((m5.memory_mib, m5.memory_bytes), (Some(16_384), Some(17_179_869_184)));
    assert_eq!((m5.processor.manufacturer.as_deref(), m5.processor.clock_ghz), (Some("Intel"), Some(3.1)));
    assert_eq!(
        (m5.network.text.as_deref(), m5.network.gbps, m5.network.burst),
        (Some("Up to 10 Gigabit"), Some(10.0), true)
    );
    assert_eq!((m5.ebs_max_mbps, m5.current_generation, m5.bare_metal), (Some(4750), Some(false), false));
    assert_eq!((m5.gpu.as_ref(), m5.storage.ebs_only), (None, Some(true)));
    let price = m5.price.as_ref().expect("a price");
    assert_eq!((price.per_hour(), price.per_month()), ("0.192".to_owned(), "140.16".to_owned()));
    assert_eq!(price.effective_date.as_deref(), Some("2026-07-01T00:00:00Z"));
}

#[tokio::test]
async fn what_can_take_the_place_of_an_m5_xlarge_begins_with_the_cheapest() {
    let (catalog, _) = bundled().await;
    let page = catalog.query(&Query { like: Some("m5.xlarge".to_owned()), ..Query::default() }).expect("an answer");
    assert!(page.total > 5);
    assert!(page.items.is_sorted_by_key(|kind| kind.price.as_ref().map(|price| price.usd_per_hour)));
    assert!(page.items.iter().all(|kind| kind.vcpu >= Some(4) && kind.memory_mib >= Some(16_384)));
}
