//! Conditional requests, compression, and what is kept ready.

use std::io::Read;
use std::time::Duration;

use flate2::read::GzDecoder;

use super::{Answer, Api};
use crate::domain::error::SourceError;

const LIST: &str = "/api/instance_types";

async fn with(api: &Api, path: &str, headers: &[(&str, &str)]) -> Answer {
    api.send("GET", path, headers).await
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_a_304_without_a_body() {
    let api = Api::loaded().await;
    for path in
        [LIST, "/api/instance_types?vcpu_min=2", "/api/instance_types?format=csv", "/api/instance_types/m5.large"]
    {
        let first = api.get(path).await;
        let (tag, modified) = (first.header("etag").to_owned(), first.header("last-modified").to_owned());
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}: strong");
        for known in [("if-none-match", tag.as_str()), ("if-modified-since", &modified), ("if-none-match", "*")] {
            let again = with(&api, path, &[known]).await;
            assert_eq!((again.status, again.body.len()), (304, 0), "{path} {known:?}");
            assert_eq!((again.header("etag"), again.header("last-modified")), (tag.as_str(), modified.as_str()));
            assert_eq!(again.header("cache-control"), "private, no-cache");
            assert_eq!(again.header("vary"), "Accept, Accept-Encoding");
        }
        let other = with(&api, path, &[("if-none-match", "\"other\""), ("if-modified-since", &modified)]).await;
        assert_eq!(other.status, 200, "{path}: the tag counts before the date");
    }
}

#[tokio::test]
async fn answers_with_different_bytes_have_different_tags() {
    let api = Api::loaded().await;
    let mut tags = Vec::new();
    for (path, headers) in [
        (LIST, &[][..]),
        (LIST, &[("accept-encoding", "gzip")]),
        (LIST, &[("accept", "text/csv")]),
        ("/api/instance_types?vcpu_min=2", &[]),
        ("/api/instance_types?vcpu_min=2", &[("accept", "text/csv")]),
        ("/api/instance_types?vcpu_min=3", &[]),
        ("/api/instance_types/m5.large", &[]),
        ("/api/instance_types/m5.xlarge", &[]),
    ] {
        tags.push(with(&api, path, headers).await.header("etag").to_owned());
    }
    let all = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), all);
}

#[tokio::test]
async fn the_gzipped_list_is_the_plain_one_compressed() {
    let api = Api::loaded().await;
    let (plain, packed) = (api.get(LIST).await, with(&api, LIST, &[("accept-encoding", "gzip, br")]).await);
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();
    assert!(unpacked == plain.body && packed.body.len() < plain.body.len());
    let tag = packed.header("etag").to_owned();
    let again = with(&api, LIST, &[("accept-encoding", "gzip"), ("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.header("content-encoding")), (304, ""));
    let unpacked = with(&api, LIST, &[("if-none-match", &tag)]).await;
    assert_eq!(unpacked.status, 200, "a client that takes no gzip doesn't have this answer");
    let refused = with(&api, LIST, &[("accept-encoding", "gzip;q=0")]).await;
    assert_eq!(refused.body, plain.body);
}

#[tokio::test]
async fn a_load_changes_the_list_its_tag_and_its_compressed_form() {
    let api = Api::loaded().await;
    let gzip = [("accept-encoding", "gzip")];
    let (plain, packed) = (api.get(LIST).await, with(&api, LIST, &gzip).await);
    api.change(|catalog| drop(catalog.types.remove("m5.large"))).await;
    let again = with(&api, LIST, &[("if-none-match", plain.header("etag"))]).await;
    assert_eq!((again.status, &again.json()["total_items"]), (200, &serde_json::json!(8)));
    assert_ne!(with(&api, LIST, &gzip).await.body, packed.body);
    assert_eq!(api.get("/api/instance_types/m5.large").await.status, 404);
}

#[tokio::test]
async fn a_list_that_turned_stale_says_so_and_is_no_304() {
    let api = Api::loaded().await;
    let fresh = api.get(LIST).await;
    *api.stale_after.lock().unwrap() = Duration::ZERO;
    *api.content.lock().unwrap() = Err(SourceError::Unreachable("gone".to_owned()));
    api.types.load(true).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(2)).await;
    for known in [("if-none-match", fresh.header("etag")), ("if-modified-since", fresh.header("last-modified"))] {
        let stale = with(&api, LIST, &[known]).await;
        assert_eq!((stale.status, &stale.json()["source"]["stale"]), (200, &serde_json::json!(true)), "{known:?}");
        assert_eq!(stale.header("last-modified"), "", "it turns fresh without a load");
    }
}

#[tokio::test]
async fn head_tells_the_same_headers_without_a_body() {
    let api = Api::loaded().await;
    for path in [LIST, "/api/instance_types?vcpu_min=2", "/api/instance_types/m5.large"] {
        let (get, head) = (api.get(path).await, api.send("HEAD", path, &[]).await);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        assert_eq!(head.header("etag"), get.header("etag"));
    }
}
