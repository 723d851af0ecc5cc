//! Envelopes, pages, fields, facets, CSV, single types.

use serde_json::json;

use super::{Api, names};
use crate::domain::instance_type::samples::sized;

#[tokio::test]
async fn a_list_tells_its_total_its_source_and_that_there_is_no_further_page() {
    let api = Api::loaded().await;
    let mut list = api.list("").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 9);
    let loaded_at = api.types.current().unwrap().loaded_at.to_string();
    list["items"] = json!([]);
    assert_eq!(
        list,
        json!({
            "items": [], "total_items": 9, "page_info": {"next_cursor": null},
            "source": {"kind": "file", "as_of": loaded_at, "stale": false},
        })
    );
    let none = api.list("name=nothing").await;
    assert_eq!((&none["items"], &none["total_items"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn a_filtered_list_has_the_same_items_as_the_whole_one() {
    let api = Api::loaded().await;
    let (whole, filtered) = (api.list("").await, api.list("name=%2A").await);
    assert_eq!(whole, filtered);
    let one = api.get("/api/instance_types/m5.xlarge").await.json();
    assert!(whole["items"].as_array().unwrap().contains(&one));
}

#[tokio::test]
async fn pages_follow_each_other_and_a_change_of_the_data_repeats_nothing() {
    let api = Api::loaded().await;
    let first = api.list("sort=price&limit=3").await;
    assert_eq!((names(&first).len(), &first["total_items"]), (3, &json!(9)));
    let seen = names(&first);
    let cursor = first["page_info"]["next_cursor"].as_str().unwrap();
    // The type that the cursor stands on goes, and a cheaper one comes.
    api.change(|catalog| {
        catalog.types.remove(seen.last().unwrap());
        catalog.types.insert("a9.nano".to_owned(), sized("a9.nano", 1, 1, "0.001"));
    })
    .await;
    let rest = api.list(&format!("sort=price&limit=1000&cursor={cursor}")).await;
    assert_eq!(names(&rest), ["t3.xlarge", "m5a.xlarge", "m5.xlarge", "g5.xlarge", "m5.metal", "x9.unknown"]);
    assert_eq!(rest["page_info"]["next_cursor"], json!(null));
}

#[tokio::test]
async fn a_cursor_of_another_query_is_a_400() {
    let api = Api::loaded().await;
    let first = api.list("sort=price&limit=3").await;
    let cursor = first["page_info"]["next_cursor"].as_str().unwrap();
    for other in ["sort=-price", "sort=price&vcpu_min=1", ""] {
        let answer = api.get(&format!("/api/instance_types?{other}&cursor={cursor}")).await;
        assert_eq!((answer.status, &answer.json()["errors"][0]["pointer"]), (400, &json!("?cursor")), "{other}");
    }
    assert_eq!(api.get("/api/instance_types?cursor=nonsense").await.status, 400);
    assert_eq!(api.list(&format!("sort=price&fields=name&cursor={cursor}")).await["total_items"], 9);
}

#[tokio::test]
async fn fields_keep_only_what_is_asked_for_in_that_order() {
    let api = Api::loaded().await;
    let text = api.get("/api/instance_types?fields=vcpu,name,gpu&name=m5.large").await.text();
    assert!(text.starts_with(r#"{"items":[{"vcpu":2,"name":"m5.large","gpu":null}],"total_items":1,"#), "{text}");
}

#[tokio::test]
async fn facets_count_what_the_filters_let_through_on_all_pages() {
    let api = Api::loaded().await;
    let list = api.list("facets=true&limit=1&current_generation=true").await;
    let value = |value: &str, count: usize| json!({"value": value, "count": count});
    assert_eq!(list["facets"]["family"], json!([value("General purpose", 6), value("GPU instance", 1)]));
    assert_eq!(list["facets"]["architecture"], json!([value("x86_64", 6), value("arm64", 1)]));
    assert_eq!(list["facets"]["series"][0], value("m5", 3));
    assert!(api.list("facets=false").await.get("facets").is_none());
}

#[tokio::test]
async fn csv_has_a_header_of_dotted_names_and_a_line_per_type() {
    let api = Api::loaded().await;
    let answer = api.get("/api/instance_types?format=csv&name=%2A.small").await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    insta::assert_snapshot!(answer.text().replace("\r\n", "⏎\n"), @r"
    name,label,family,series,generation,size,vcpu,memory_mib,memory_bytes,architectures,processor.name,processor.manufacturer,processor.clock_ghz,gpu.count,gpu.memory_gb,storage.ebs_only,storage.disks,storage.total_gb,storage.media,storage.nvme,network.text,network.gbps,network.burst,ebs_max_mbps,bare_metal,burstable,current_generation,region,price.usd_per_hour,price.usd_per_month,price.per_vcpu,price.per_gib,price.sku,price.effective_date⏎
    m1.small,m1.small · 1 vCPU · 2 GiB · $0.044/h,General purpose,m1,1,small,1,2048,2147483648,i386;x86_64,,,,,,,,,,false,,,false,,false,false,false,,0.044,32.12,0.044,0.022,SKU,⏎
    ");
    let chosen = api.get("/api/instance_types?format=csv&fields=price,name&sort=price&limit=1").await;
    insta::assert_snapshot!(chosen.text(), @r"
    price.usd_per_hour,price.usd_per_month,price.per_vcpu,price.per_gib,price.sku,price.effective_date,name
    0.044,32.12,0.044,0.022,SKU,,m1.small
    ");
}

#[tokio::test]
async fn csv_is_asked_for_by_accept_too_and_format_counts_more() {
    let api = Api::loaded().await;
    let kind = async |path, accept| {
        let answer = api.send("GET", path, &[("accept", accept)]).await;
        answer.header("content-type").split(';').next().unwrap().to_owned()
    };
    assert_eq!(kind("/api/instance_types", "text/csv").await, "text/csv");
    assert_eq!(kind("/api/instance_types?format=json", "text/csv").await, "application/json");
    assert_eq!(kind("/api/instance_types?format=csv", "application/json").await, "text/csv");
    assert_eq!(kind("/api/instance_types", "*/*").await, "application/json");
}

#[tokio::test]
async fn the_pages_of_a_csv_list_follow_each_other_by_a_header() {
    let api = Api::loaded().await;
    let first = api.get("/api/instance_types?format=csv&fields=name&limit=5").await;
    assert_eq!(first.text().lines().count(), 6);
    let cursor = first.header("x-next-cursor").to_owned();
    let second = api.get(&format!("/api/instance_types?format=csv&fields=name&limit=5&cursor={cursor}")).await;
    assert_eq!(
        second.text().lines().skip(1).collect::<Vec<_>>(),
        ["m5a.xlarge", "m6g.xlarge", "t3.xlarge", "x9.unknown"]
    );
    assert_eq!(second.header("x-next-cursor"), "");
}

#[tokio::test]
async fn an_unknown_type_is_a_404_with_near_names() {
    let api = Api::loaded().await;
    let answer = api.get("/api/instance_types/m5.xlrge").await;
    assert_eq!((answer.status, &answer.json()["suggestions"][0]), (404, &json!("m5.xlarge")));
    assert_eq!(answer.json()["error"]["name"], "NotFoundError");
    assert_eq!(api.get("/api/instance_types/m5.xlarge?fields=name").await.status, 400);
}

#[tokio::test]
async fn what_is_unknown_is_null() {
    let api = Api::loaded().await;
    insta::assert_snapshot!(api.get("/api/instance_types/x9.unknown").await.text(), @r#"{"name":"x9.unknown","label":"x9.unknown","family":null,"series":"x9","generation":9,"size":"unknown","vcpu":null,"memory_mib":null,"memory_bytes":null,"architectures":[],"processor":{"name":null,"manufacturer":null,"clock_ghz":null},"gpu":null,"storage":{"ebs_only":null,"disks":null,"total_gb":null,"media":null,"nvme":false},"network":{"text":null,"gbps":null,"burst":false},"ebs_max_mbps":null,"bare_metal":false,"burstable":false,"current_generation":null,"region":null,"price":null}"#);
}
