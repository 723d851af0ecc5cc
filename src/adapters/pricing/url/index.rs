//! AWS's list of regions: where each one's newest offer file is.
//!
//! The format: <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api-fetching-price-list-files-manually.html>

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use reqwest::Url;
use serde::Deserialize;

use crate::domain::error::SourceError;
use crate::domain::near::near;

/// The file's name in its URL.
const FILE: &str = "region_index.json";
/// The most bytes of an index; AWS's has 10 KiB.
pub(super) const MAX_BYTES: u64 = 4 << 20;

#[derive(Deserialize)]
struct Index {
    regions: BTreeMap<String, Region>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    current_version_url: String,
}

/// Whether a URL is that of an index.
pub(super) fn is_index(url: &Url) -> bool {
    url.path_segments().and_then(|mut segments| segments.next_back()).is_some_and(|last| last == FILE)
}

/// The URL of a region's offer file, which is relative to the index.
///
/// # Errors
/// [`SourceError::Malformed`] when the body is no index, or has no such region.
pub(super) fn offer(index: &Url, body: &[u8], region: &str) -> Result<Url, SourceError> {
    let malformed = |reason: String| SourceError::Malformed(reason);
    let unpacked;
    let body = if body.starts_with(&[0x1f, 0x8b]) {
        let mut whole = Vec::new();
        let read = MultiGzDecoder::new(body).take(MAX_BYTES + 1).read_to_end(&mut whole);
        read.map_err(|_| malformed("the region index is no gzip".to_owned()))?;
        unpacked = whole;
        &unpacked
    } else {
        body
    };
    let regions = serde_json::from_slice::<Index>(body)
        .map_err(|_| malformed(format!("the {FILE} can't be read as AWS's list of regions")))?
        .regions;
    let Some(found) = regions.get(region) else {
        let near = near(region, regions.keys().map(String::as_str));
        let hint = near.first().map(|name| format!(", near is {name}")).unwrap_or_default();
        return Err(malformed(format!("the {FILE} has no region {region}{hint}; mend INSTANCE_TYPES_REGION")));
    };
    index.join(&found.current_version_url).map_err(|_| malformed(format!("the {FILE} gives no address for {region}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"{"formatVersion":"v1.0","publicationDate":"2026-11-20T00:00:00Z","regions":{
        "us-east-1":{"regionCode":"us-east-1","currentVersionUrl":"/offers/v1.0/aws/AmazonEC2/20261120/us-east-1/index.json"},
        "eu-west-1":{"regionCode":"eu-west-1","currentVersionUrl":"https://other.example.com/eu.json"}}}"#;

    fn url() -> Url {
        "https://user:word@prices.example.com:8443/offers/v1.0/aws/AmazonEC2/current/region_index.json?x=1"
            .parse()
            .unwrap()
    }

    #[test]
    fn a_region_s_file_is_found_beside_the_index_or_elsewhere() {
        assert!(is_index(&url()));
        assert_eq!(
            offer(&url(), INDEX.as_bytes(), "us-east-1").unwrap().as_str(),
            "https://user:word@prices.example.com:8443/offers/v1.0/aws/AmazonEC2/20261120/us-east-1/index.json"
        );
        let elsewhere = offer(&url(), INDEX.as_bytes(), "eu-west-1").unwrap();
        assert_eq!(elsewhere.as_str(), "https://other.example.com/eu.json", "without our credentials");
    }

    #[test]
    fn an_absent_region_is_told_with_a_near_one_and_the_setting() {
        let error = offer(&url(), INDEX.as_bytes(), "us-east-2").unwrap_err().to_string();
        assert!(error.contains("no region us-east-2") && error.contains("us-east-1"), "{error}");
        assert!(error.contains("INSTANCE_TYPES_REGION"), "{error}");
    }

    #[test]
    fn what_is_no_index_is_an_error() {
        for body in ["", "[]", "{}", r#"{"regions":{"us-east-1":{}}}"#, "<html>", "\u{1f}\u{8b}"] {
            assert!(offer(&url(), body.as_bytes(), "us-east-1").is_err(), "{body:?}");
        }
        let nowhere = INDEX.replace("https://other.example.com/eu.json", "http://[");
        assert!(offer(&url(), nowhere.as_bytes(), "eu-west-1").is_err());
        assert!(!is_index(&"https://prices.example.com/index.json".parse().unwrap()));
        assert!(!is_index(&"https://prices.example.com/region_index.json/index.json".parse().unwrap()));
    }
}
