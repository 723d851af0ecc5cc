//! What each parameter selects, and what is said of those that can't be read.

use serde_json::json;

use super::Api;

#[tokio::test]
async fn each_filter_selects_what_it_says() {
    let api = Api::loaded().await;
    for (parameters, expected) in [
        ("vcpu_min=1&vcpu_max=2", &["m1.small", "m5.large"][..]),
        ("memory_gib_min=100.5", &["m5.metal"]),
        ("memory_gib_max=8", &["m1.small", "m5.large"]),
        ("gpu_min=1", &["g5.xlarge"]),
        ("gpu_max=0&arch=arm64", &["m6g.xlarge"]),
        ("price_min=0.096&price_max=0.154", &["m5.large", "m6g.xlarge"]),
        ("network_gbps_min=25", &["m5.metal"]),
        ("network_gbps_max=10", &["m6g.xlarge"]),
        ("arch=i386", &["m1.small"]),
        ("family=gpu%20INSTANCE", &["g5.xlarge"]),
        ("series=m5", &["m5.large", "m5.metal", "m5.xlarge"]),
        ("generation_min=6", &["m6g.xlarge", "x9.unknown"]),
        ("current_generation=false", &["m1.small"]),
        ("bare_metal=true", &["m5.metal"]),
        ("burstable=true", &["t3.xlarge"]),
        ("nvme=true", &["g5.xlarge"]),
        ("name=m5%2A.xlarge", &["m5.xlarge", "m5a.xlarge"]),
        ("name=m?.small&vcpu_max=1", &["m1.small"]),
        ("vcpu_min=5&vcpu_max=4", &[]),
        ("like=m5.xlarge", &["t3.xlarge", "m5a.xlarge", "m5.xlarge"]),
        ("like=m5.xlarge&burstable=false&sort=-price", &["m5.xlarge", "m5a.xlarge"]),
    ] {
        assert_eq!(api.names(parameters).await, expected, "{parameters}");
    }
}

#[tokio::test]
async fn lists_are_sorted_by_several_keys_and_unknown_values_are_last() {
    let api = Api::loaded().await;
    assert_eq!(api.names("sort=-memory,-price&limit=3").await, ["m5.metal", "g5.xlarge", "m5.xlarge"]);
    assert_eq!(api.names("sort=price&limit=2").await, ["m1.small", "m5.large"]);
    for sort in ["price", "-price", "vcpu", "-memory"] {
        assert_eq!(api.names(&format!("sort={sort}")).await.last().unwrap(), "x9.unknown", "{sort}");
    }
}

#[tokio::test]
async fn everything_wrong_with_the_parameters_is_told_at_once() {
    let api = Api::loaded().await;
    let parameters = "vcpu_min=x&memory_gib_max=-1&arch=mips&nvme=yes&limit=0&format=xml&sort=price,-cost&fields=nme&like=a&like=b&colour=red";
    let answer = api.get(&format!("/api/instance_types?{parameters}")).await;
    assert_eq!(answer.status, 400);
    let body = answer.json();
    let mut pointers: Vec<_> =
        body["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["?arch", "?colour", "?fields", "?format", "?like", "?limit", "?memory_gib_max", "?nvme", "?sort", "?vcpu_min"]
    );
    assert_eq!(body["error"]["name"], "InputError");
}

#[tokio::test]
async fn unknown_fields_and_sort_keys_are_told_with_near_names_and_not_repeated() {
    let api = Api::loaded().await;
    for (parameters, meant) in
        [("fields=name,memory_mb", "memory_mib"), ("sort=-prize", "price"), ("vcpus_min=1", "vcpu_min")]
    {
        let body = api.get(&format!("/api/instance_types?{parameters}")).await.json();
        assert_eq!(body["suggestions"][0], meant, "{parameters}");
        let detail = body["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("did you mean {meant}?")) && !detail.contains("prize"), "{detail}");
    }
    for twice in ["fields=name,vcpu,name", "sort=price,-price"] {
        let answer = api.get(&format!("/api/instance_types?{twice}")).await;
        assert_eq!(answer.status, 400, "{twice}");
        assert!(answer.text().contains("more than once"), "{twice}");
    }
    for empty in ["fields=", "sort=", "sort=-", "fields=name,"] {
        assert_eq!(api.get(&format!("/api/instance_types?{empty}")).await.status, 400, "{empty}");
    }
}

#[tokio::test]
async fn like_an_unknown_type_is_a_400_with_near_names() {
    let api = Api::loaded().await;
    let body = api.get("/api/instance_types?like=m5.xlrge").await.json();
    assert_eq!((&body["status"], &body["errors"][0]["pointer"]), (&json!(400), &json!("?like")));
    assert_eq!(body["suggestions"][0], "m5.xlarge");
}
