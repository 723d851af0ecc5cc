//! The settings of the instance types.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::seconds;
use crate::config::vars::Vars;

/// Where the instance types come from.
#[derive(Debug, Clone)]
pub struct InstanceTypesConfig {
    /// `INSTANCE_TYPES_FILE_SOURCE`, ./pricing-list.json; not used when there is a URL.
    pub file: PathBuf,
    /// `INSTANCE_TYPES_URL_SOURCE`, none.
    pub url: Option<InstanceTypesUrl>,
    /// `INSTANCE_TYPES_REFRESH_SECONDS`, 5 for a file, 3600 for a URL.
    pub refresh: Duration,
    /// `INSTANCE_TYPES_REFRESH_JITTER`, 0.1: the share of the pause between two looks by which it is shortened at most.
    pub jitter: f64,
    /// `INSTANCE_TYPES_MIN_KEEP`, 0.5: the share of the last types that a load must have, from 0 to 1.
    pub min_keep: f64,
}

/// A price list behind a URL.
#[derive(Clone)]
pub struct InstanceTypesUrl {
    /// `INSTANCE_TYPES_URL_SOURCE`: an http(s) address, which may hold credentials.
    pub url: Url,
    /// `INSTANCE_TYPES_REGION`, us-east-1: the offer file of a region index.
    pub region: String,
    /// `INSTANCE_TYPES_URL_ALLOW_PRIVATE`, false: whether the URL may be plain http and lead to a private host.
    pub allow_private: bool,
}

/// Without the URL's credentials and query.
impl fmt::Debug for InstanceTypesUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceTypesUrl").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

impl InstanceTypesConfig {
    pub(in crate::config) fn read(vars: &Vars) -> Option<Self> {
        let file = vars.get("INSTANCE_TYPES_FILE_SOURCE").map(PathBuf::from);
        let wants_url = vars.get("INSTANCE_TYPES_URL_SOURCE").is_some();
        let url = InstanceTypesUrl::read(vars);
        let usual = Duration::from_secs(if wants_url { 3600 } else { 5 });
        let refresh = vars.parsed("INSTANCE_TYPES_REFRESH_SECONDS", seconds).unwrap_or(usual);
        let jitter = vars.parsed("INSTANCE_TYPES_REFRESH_JITTER", share);
        let min_keep = vars.parsed("INSTANCE_TYPES_MIN_KEEP", share);
        Some(Self { file: file?, url, refresh, jitter: jitter?, min_keep: min_keep? })
    }
}

impl InstanceTypesUrl {
    fn read(vars: &Vars) -> Option<Self> {
        let region = vars.parsed("INSTANCE_TYPES_REGION", |text| {
            let plain = text.len() <= 40 && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            if plain { Ok(text.to_owned()) } else { Err("an AWS region such as us-east-1") }
        });
        let allow_private = vars.flag("INSTANCE_TYPES_URL_ALLOW_PRIVATE");
        let url = vars.parsed("INSTANCE_TYPES_URL_SOURCE", |text| match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(url),
            _ => Err("an address such as https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/region_index.json"),
        })?;
        Some(Self { url, region: region?, allow_private })
    }
}

fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or("a share from 0 to 1, such as 0.5")
}
