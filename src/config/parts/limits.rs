//! The settings of how much is taken on, and of browsers on other origins.

use std::num::NonZeroU32;

use axum::http::HeaderValue;
use url::{Origin, Url};

use crate::config::vars::Vars;

/// How much is taken on, and from where.
#[derive(Debug, Clone)]
pub struct LimitsConfig {
    /// `WRITES_PER_MINUTE`, 600: of one subject.
    pub writes_per_minute: NonZeroU32,
    /// `CORS_ORIGINS`, none: the origins whose pages may call, as browsers send them.
    pub origins: Vec<HeaderValue>,
}

impl LimitsConfig {
    pub(in crate::config) fn read(vars: &Vars) -> Option<Self> {
        let origins = vars.list("CORS_ORIGINS", origin);
        let writes_per_minute = vars.parsed("WRITES_PER_MINUTE", |text| text.parse().map_err(|_| "a number from 1 on"));
        Some(Self { writes_per_minute: writes_per_minute?, origins })
    }
}

/// `https://backstage.example.com`, a port where it isn't the usual one. No `*`: whoever may call is to be named.
fn origin(text: &str) -> Result<HeaderValue, &'static str> {
    let expected = "origins with commas, such as https://backstage.example.com";
    let url = Url::parse(text).map_err(|_| expected)?;
    let origin @ Origin::Tuple(..) = url.origin() else { return Err(expected) };
    let serialized = origin.ascii_serialization();
    let plain =
        matches!(url.scheme(), "http" | "https") && serialized == text.trim_end_matches('/').to_ascii_lowercase();
    if !plain {
        return Err(expected);
    }
    HeaderValue::from_str(&serialized).map_err(|_| expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_perhaps_a_port() {
        for (text, sent) in [
            ("https://backstage.example.com", "https://backstage.example.com"),
            ("https://Backstage.example.com/", "https://backstage.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(origin(text).unwrap(), sent);
        }
        for bad in [
            "*",
            "null",
            "backstage.example.com",
            "https://a.example.com/app",
            "https://ada@a.example.com",
            "file:///a",
        ] {
            assert!(origin(bad).is_err(), "{bad}");
        }
    }
}
