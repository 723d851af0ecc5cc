//! The instance types over a socket, on the bundled price list.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::support::TestApp;

const PRICING: &[u8] = include_bytes!("../../pricing-list.json");

fn app() -> TestApp {
    let app = TestApp::builder().file("pricing-list.json", PRICING).start();
    app.wait_for_log("instance types loaded");
    crate::support::wait_for("the types", || (app.get("/api/instance_types?limit=1").status == 200).then_some(()));
    app
}

#[test]
fn the_contracts_example_is_answered_byte_for_byte() {
    insta::assert_snapshot!(app().get("/api/instance_types/m5.xlarge").text(), @r#"{"name":"m5.xlarge","label":"m5.xlarge · 4 vCPU · 16 GiB · $0.192/h","family":"General purpose","series":"m5","generation":5,"size":"xlarge","vcpu":4,"memory_mib":16384,"memory_bytes":17179869184,"architectures":["x86_64"],"processor":{"name":"Intel Xeon Platinum 8175 (Skylake)","manufacturer":"Intel","clock_ghz":3.1},"gpu":null,"storage":{"ebs_only":true,"disks":null,"total_gb":null,"media":null,"nvme":false},"network":{"text":"Up to 10 Gigabit","gbps":10.0,"burst":true},"ebs_max_mbps":4750,"bare_metal":false,"burstable":false,"current_generation":false,"region":"us-east-1","price":{"usd_per_hour":"0.192","usd_per_month":"140.16","per_vcpu":"0.048","per_gib":"0.012","sku":"FAG2FFNM9AUQ5ZRD","effective_date":"2026-07-01T00:00:00Z"}}"#);
}

#[test]
fn the_whole_list_is_the_same_plain_and_gzipped_and_its_tag_makes_a_304() {
    let app = app();
    let plain = app.get("/api/instance_types");
    assert_eq!((plain.status, plain.header("content-encoding")), (200, None));
    assert_eq!(plain.json()["items"].as_array().unwrap().len(), 1345);
    let packed = app.send("GET", "/api/instance_types", &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() * 8 < plain.body.len(), "{} of {}", packed.body.len(), plain.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert!(unpacked == plain.body);
    let again = app.send("GET", "/api/instance_types", &[("If-None-Match", plain.header("etag").unwrap())], b"");
    assert_eq!((again.status, again.body.len()), (304, 0));
    let head = app.send("HEAD", "/api/instance_types", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(plain.body.len().to_string().as_str()));
}

#[test]
fn pages_together_are_the_whole_list() {
    let app = app();
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/api/instance_types?sort=-memory,price&limit=500&fields=name{cursor}")).json();
        names.extend(page["items"].as_array().unwrap().iter().map(|item| item["name"].clone()));
        match &page["page_info"]["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    assert_eq!(names.len(), 1345);
    names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    names.dedup();
    assert_eq!(names.len(), 1345);
}

#[test]
fn csv_has_a_line_per_type() {
    let app = app();
    let csv = app.send("GET", "/api/instance_types", &[("Accept", "text/csv")], b"").text();
    assert_eq!(csv.matches("\r\n").count(), 1346);
    let columns = csv.lines().next().unwrap().split(',').count();
    assert_eq!(columns, 34);
    assert!(csv.lines().any(|line| line.starts_with("m5.xlarge,") && line.contains(",0.192,140.16,0.048,0.012,")));
}

#[test]
fn the_source_is_told_also_when_there_is_none() {
    let app = TestApp::builder().start();
    app.wait_for_log("instance types not loaded");
    let body = app.get("/api/instance_types/source").json();
    assert_eq!((&body["kind"], &body["loaded_at"], &body["ingest"]), (&"file".into(), &Value::Null, &Value::Null));
    assert!(body["last_error"].as_str().unwrap().contains("can't be read"));
    assert_eq!(app.get("/api/instance_types").status, 503);
}
