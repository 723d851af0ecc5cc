//! The settings of traces, under OpenTelemetry's own names.
//!
//! <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::is_safe;
use crate::config::vars::Vars;

/// Where traces go.
#[derive(Debug, Clone)]
pub struct TracesConfig {
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the collector's address, with the path for traces.
    pub address: String,
    /// `OTEL_EXPORTER_OTLP_HEADERS`, none; sensitive.
    pub headers: HeaderMap,
    /// `OTEL_TRACES_SAMPLER_ARG`, 1: which share of the requests without a trace of their own begin one.
    pub share: f64,
}

impl TracesConfig {
    /// The settings, when `OTEL_EXPORTER_OTLP_ENDPOINT` is there.
    pub(in crate::config) fn read(vars: &Vars) -> Option<Self> {
        let share = vars.parsed("OTEL_TRACES_SAMPLER_ARG", share);
        let headers = vars.list("OTEL_EXPORTER_OTLP_HEADERS", header);
        let url = vars.parsed("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)?;
        if !headers.is_empty() && !is_safe(&url) {
            vars.problem(
                "OTEL_EXPORTER_OTLP_HEADERS",
                "would be sent in the clear; use an https endpoint, or unset it",
            );
        }
        let address = format!("{}/v1/traces", url.as_str().trim_end_matches('/'));
        Some(Self { address, headers: headers.into_iter().collect(), share: share? })
    }
}

fn endpoint(text: &str) -> Result<Url, &'static str> {
    let expected = "the http or https address of a collector, such as http://localhost:4318, without credentials";
    let url = Url::parse(text).map_err(|_| expected)?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if plain && url.has_host() && matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(expected) }
}

/// `name=value`, the value percent-encoded.
fn header(text: &str) -> Result<(HeaderName, HeaderValue), &'static str> {
    let expected = "headers as name=value with commas, values percent-encoded";
    let (name, value) = text.split_once('=').ok_or(expected)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| expected)?;
    let value = percent_encoding::percent_decode_str(value.trim()).collect::<Vec<u8>>();
    let mut value = HeaderValue::from_bytes(&value).map_err(|_| expected)?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or("a number from 0 to 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_decoded_and_shows_in_no_debug_text() {
        let (name, value) = header("Authorization=Bearer%20hunter2").unwrap();
        assert_eq!((name.as_str(), value.as_bytes()), ("authorization", &b"Bearer hunter2"[..]));
        assert!(!format!("{value:?}").contains("hunter2"));
        for bad in ["hunter2", "a b=c", "a=%0d%0ab: c"] {
            assert!(header(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_endpoint_holds_no_credentials() {
        assert!(endpoint("http://otel-collector:4318").is_ok());
        for bad in [
            "localhost:4318",
            "https://ada:hunter2@example.com",
            "grpc://example.com",
            "https://example.com?key=hunter2",
        ] {
            assert!(endpoint(bad).is_err_and(|rule| !rule.contains("hunter2")), "{bad}");
        }
    }
}
