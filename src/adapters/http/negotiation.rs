//! What the client takes: CSV or JSON by `Accept`, gzip or not by `Accept-Encoding` (RFC 9110, 12.5).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

/// An extractor: whether the client takes gzip, see [`takes_gzip`].
#[derive(Debug, Clone, Copy)]
pub struct TakesGzip(pub bool);

impl<S: Sync> FromRequestParts<S> for TakesGzip {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(takes_gzip(&parts.headers)))
    }
}

/// Whether the client likes CSV better than JSON. A range that names it counts before one that only covers it; at a tie it is JSON.
pub fn prefers_csv(headers: &HeaderMap) -> bool {
    let ranges = weights(headers, &ACCEPT);
    let liking = |names: [&str; 3]| {
        let found = names.iter().zip([3, 2, 1]).find_map(|(name, precision)| Some((weight(&ranges, name)?, precision)));
        found.filter(|(weight, _)| *weight > 0.0)
    };
    let csv = liking(["text/csv", "text/*", "*/*"]);
    csv.is_some() && csv > liking(["application/json", "application/*", "*/*"])
}

/// Whether the client takes gzip, and doesn't like unchanged bytes better. Without the header it gets them unchanged: a proxy
/// that drops the header wouldn't unpack them either.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let codings = weights(headers, &ACCEPT_ENCODING);
    let gzip = ["gzip", "x-gzip", "*"].iter().find_map(|name| weight(&codings, name)).unwrap_or(0.0);
    gzip > 0.0 && gzip >= weight(&codings, "identity").unwrap_or(0.0)
}

/// The members of a header's list and their weights; parameters other than `q` are passed over.
fn weights<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<(&'h str, f32)> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .filter_map(|member| {
            let mut parts = member.split(';').map(str::trim);
            let name = parts.next().filter(|name| !name.is_empty())?;
            let q = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            // An unreadable weight is none: better the usual answer than a guess.
            let weight = q.map_or(Some(1.0), |q| q.parse().ok().filter(|q| (0.0..=1.0).contains(q)));
            Some((name, weight.unwrap_or(0.0)))
        })
        .collect()
}

fn weight(members: &[(&str, f32)], wanted: &str) -> Option<f32> {
    members.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, weight)| *weight)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn csv_is_for_those_who_like_it_better_than_json() {
        for accept in
            ["text/csv", "Text/CSV; header=present", "text/*", "text/csv, */*", "text/csv, application/json;q=0.9"]
        {
            assert!(prefers_csv(&headers(ACCEPT, accept)), "{accept}");
        }
        for accept in [
            "*/*",
            "application/json",
            "text/csv, application/json",
            "text/csv;q=0.5, application/json",
            "text/csv;q=0",
            "text/csv;q=x",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "",
        ] {
            assert!(!prefers_csv(&headers(ACCEPT, accept)), "{accept}");
        }
        assert!(!prefers_csv(&HeaderMap::new()));
    }

    #[test]
    fn gzip_is_for_those_who_take_it_and_do_not_like_unchanged_bytes_better() {
        for accept in
            ["gzip", "GZIP", "deflate, gzip;q=1.0, *;q=0.5", "br, gzip;q=0.1", "*", "x-gzip", "gzip, identity"]
        {
            assert!(takes_gzip(&headers(ACCEPT_ENCODING, accept)), "{accept}");
        }
        for accept in [
            "",
            "identity",
            "br",
            "gzip;q=0",
            "gzip;q=0.000",
            "*;q=0",
            "gzip;q=0, *",
            "gzip;q=0.5, identity",
            "gzip;q=2",
        ] {
            assert!(!takes_gzip(&headers(ACCEPT_ENCODING, accept)), "{accept}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
