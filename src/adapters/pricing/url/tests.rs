//! Servers that behave, and servers that don't.

mod failures;
mod index;
mod redirects;

use std::io::Write;
use std::net::IpAddr;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::file_server::{Reply, Server};
use super::reach::{self, Reach};
use super::*;
use crate::domain::instance_type::Catalog;

const LIMITS: UrlLimits = UrlLimits {
    bytes: 64 << 20,
    connect: Duration::from_secs(10),
    head: Duration::from_secs(10),
    idle: Duration::from_secs(10),
    whole: Duration::from_secs(60),
};

/// An offer file of a version, with one type.
fn document(version: &str, name: &str) -> String {
    format!(
        r#"{{"offerCode":"AmazonEC2","version":"{version}","products":{{"S1":{{"attributes":{{"instanceType":"{name}",
        "operatingSystem":"Linux","preInstalledSw":"NA","capacitystatus":"Used","tenancy":"Shared"}}}}}},
        "terms":{{"OnDemand":{{"S1":{{"S1.T":{{"priceDimensions":{{"D":{{"unit":"Hrs","pricePerUnit":{{"USD":"0.096"}}}}}}}}}}}}}}}}"#
    )
}

fn settings(url: &str, limits: UrlLimits) -> UrlSettings {
    let (url, region) = (url.parse().unwrap(), "us-east-1".to_owned());
    UrlSettings { url, region, allow_private: true, interval: Duration::from_secs(3600).into(), limits }
}

fn source(url: &str) -> UrlSource {
    UrlSource::new(settings(url, LIMITS)).unwrap()
}

/// A source for which 127.0.0.2 is on the internet.
fn source_with_a_public_host(url: &str) -> UrlSource {
    fn pretend(address: IpAddr) -> Reach {
        if address == IpAddr::from([127, 0, 0, 2]) { Reach::Public } else { reach::of(address) }
    }
    UrlSource::with_rules(settings(url, LIMITS), Rules { allow_private: true, reach: pretend }).unwrap()
}

async fn loaded(source: &UrlSource, seen: Option<&Revision>) -> Catalog {
    match source.load(seen).await.unwrap() {
        Load::Loaded(catalog, _) => catalog,
        Load::Unchanged => panic!("it was taken for unchanged"),
    }
}

async fn is_unchanged(source: &UrlSource, seen: &Revision) -> bool {
    matches!(source.load(Some(seen)).await.unwrap(), Load::Unchanged)
}

async fn failure(source: &UrlSource) -> String {
    source.load(None).await.unwrap_err().to_string()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn an_unchanged_file_is_known_by_its_etag_or_its_date() {
    for (name, value, sent_back) in
        [("etag", "\"abc\"", "if-none-match"), ("last-modified", "Fri, 20 Nov 2026 10:00:00 GMT", "if-modified-since")]
    {
        let server = Server::start(move |request| match request.header(sent_back) {
            Some(known) if known == value => Reply::status(304),
            _ => Reply::ok(document("1", "m5.large")).with(name, value),
        });
        let source = source(&server.url("/list.json"));
        let seen = loaded(&source, None).await.revision;
        assert!(is_unchanged(&source, &seen).await, "{name}");
        let asked: Vec<_> = server.requests().iter().map(|it| it.header(sent_back).map(str::to_owned)).collect();
        assert_eq!(asked, [None, Some(value.to_owned())], "{name}");
        let forced = loaded(&source, None).await;
        assert_eq!(forced.revision, seen, "a forced load asks for all of it");
    }
}

#[tokio::test]
async fn a_file_of_the_same_version_is_left_after_its_beginning() {
    let large = {
        let mut document = document("7", "m5.large");
        let padding = format!(r#","padding":[{}0]}}"#, "\"................\",".repeat(2 << 20));
        document.pop();
        document + &padding
    };
    let server = Server::start(move |request| match request.path.as_str() {
        "/small" => Reply::ok(document("7", "m5.large")),
        _ => Reply::ok(large.clone()).with("etag", "\"new\""),
    });
    let source = source(&server.url("/list.json"));
    let seen = loaded(&source, None).await.revision;
    assert!(!server.was_left());
    assert!(is_unchanged(&source, &seen).await);
    while !server.was_left() {
        tokio::task::yield_now().await;
    }
    assert!(is_unchanged(&source, &seen).await, "the newer validators are kept");
    assert_eq!(server.requests().last().unwrap().header("if-none-match"), Some("\"new\""));
}

#[tokio::test]
async fn a_new_version_is_loaded_and_what_was_refused_isn_t_taken_for_known() {
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let server = Server::start(move |request| {
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let etag = format!("\"{turn}\"");
        assert_ne!(request.header("if-none-match"), Some(etag.as_str()));
        Reply::ok(document(&turn.to_string(), "m5.large")).with("etag", &etag)
    });
    let source = source(&server.url("/list.json"));
    let first = loaded(&source, None).await;
    let second = loaded(&source, Some(&first.revision)).await;
    assert_eq!((first.version.as_deref(), second.version.as_deref()), (Some("0"), Some("1")));
    // The second was refused, so that the first is served still.
    let third = loaded(&source, Some(&first.revision)).await;
    assert_eq!(third.version.as_deref(), Some("2"));
    let asked = server.requests();
    assert_eq!(asked[1].header("if-none-match"), Some("\"0\""));
    assert_eq!(asked[2].header("if-none-match"), None, "its validators are those of what was refused");
}

#[tokio::test]
async fn gzip_is_read_as_a_file_and_as_an_encoding() {
    let server = Server::start(|request| match request.path.as_str() {
        "/list.json.gz" => Reply::ok(gzip(&document("1", "m5.large"))),
        _ => Reply::ok(gzip(&document("1", "m5.large"))).with("content-encoding", "gzip"),
    });
    for path in ["/list.json.gz", "/list.json"] {
        assert_eq!(loaded(&source(&server.url(path)), None).await.types.len(), 1, "{path}");
    }
    assert!(server.requests().iter().all(|request| request.header("accept-encoding") == Some("gzip")));
}

#[tokio::test]
async fn a_slow_body_is_read_to_its_end() {
    let server = Server::start(|_| Reply::ok(document("1", "m5.large")).dripping(Duration::from_micros(100)));
    assert_eq!(loaded(&source(&server.url("/")), None).await.types.len(), 1);
}

#[tokio::test]
async fn credentials_of_the_url_are_sent_and_told_to_nobody() {
    let server = Server::start(|request| match request.header("authorization") {
        Some("Basic dXNlcjpodW50ZXIy") => Reply::ok(document("1", "m5.large")),
        _ => Reply::status(401),
    });
    let address = server.address();
    let source = source(&format!("http://user:hunter2@{address}/list.json?signature=hunter3#hunter4"));
    loaded(&source, None).await;
    assert_eq!(source.info().location, format!("http://{address}/list.json"));
    let refused = failure(&self::source(&format!("http://user:hunter5@{address}/list.json"))).await;
    assert!(refused.contains("401") && refused.contains("credentials") && !refused.contains("hunter"), "{refused}");
}
