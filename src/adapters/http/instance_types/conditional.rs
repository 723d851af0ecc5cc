//! Conditional requests: what identifies an answer, and whether the client has it already (RFC 9110, 13).

use aws_lc_rs::digest;
use axum::body::{Body, Bytes};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

/// Clients keep answers but ask before they use them again, so that a load is seen at once; caches that several people share
/// don't keep them, as reading needs credentials.
const CACHING: HeaderValue = HeaderValue::from_static("private, no-cache");

/// Where the media type and the encoding of an answer come from.
const VARIES: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding");

/// Room for an answer's headers, with those that every answer gets.
const HEADERS: usize = 12;

/// What identifies the bytes of one answer, as its headers say it.
#[derive(Debug, Clone)]
pub struct Validators {
    /// The strong entity tag. Each encoding of an answer has its own, as strong tags ask for.
    tag: HeaderValue,
    /// When the data was loaded; `None` where the bytes can change without a load, as `stale` does.
    modified: Option<Modified>,
}

/// A moment, and how a header writes it.
#[derive(Debug, Clone)]
pub struct Modified {
    seconds: i64,
    header: HeaderValue,
}

impl Modified {
    /// A moment; `None` when no header can tell it.
    pub fn at(at: Timestamp) -> Option<Self> {
        let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()?;
        Some(Self { seconds: at.as_second(), header: HeaderValue::try_from(text).ok()? })
    }
}

impl Validators {
    /// What a tag of plain ASCII identifies; without quotes.
    pub fn new(tag: &str, modified: Option<Modified>) -> Self {
        let tag = HeaderValue::try_from(format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { tag, modified }
    }

    /// Whether the client says that it has these bytes. `If-None-Match` counts before `If-Modified-Since`.
    pub fn are_known_to(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(IF_NONE_MATCH) {
            let mut tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
            // The comparison is the weak one: a proxy that changes the encoding marks tags as weak.
            let known = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag;
            return tags.any(|list| list.split(',').any(|tag| known(tag.trim())));
        }
        let since = headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
        // The header has no fractions of a second.
        since
            .and_then(|text| DateTimeParser::new().parse_timestamp(text).ok())
            .zip(self.modified.as_ref())
            .is_some_and(|(since, modified)| modified.seconds <= since.as_second())
    }

    /// 304: the client has the answer.
    pub fn unchanged(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        self.mark(response.headers_mut());
        response
    }

    /// 200 with the answer's bytes.
    pub fn answer(
        &self,
        media_type: &'static str,
        encoding: Option<&'static str>,
        bytes: impl Into<Bytes>,
    ) -> Response {
        let mut response = Response::new(Body::from(bytes.into()));
        let headers = response.headers_mut();
        headers.reserve(HEADERS);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(encoding) = encoding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        self.mark(headers);
        response
    }

    fn mark(&self, headers: &mut HeaderMap) {
        headers.insert(CACHE_CONTROL, CACHING);
        headers.insert(VARY, VARIES);
        headers.insert(ETAG, self.tag.clone());
        if let Some(modified) = &self.modified {
            headers.insert(LAST_MODIFIED, modified.header.clone());
        }
    }
}

/// Half of the SHA-256 of these bytes, in hex: what tags are made of.
pub fn fingerprint(bytes: &[u8]) -> String {
    hex::encode(&digest::digest(&digest::SHA256, bytes).as_ref()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &'static str, value: &'static str) -> bool {
        let validators = Validators::new("abc", Modified::at("2026-07-01T12:00:00.9Z".parse().unwrap()));
        validators.are_known_to(&HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_static(value))]))
    }

    #[test]
    fn a_tag_is_known_in_any_place_of_the_list_weak_or_strong() {
        for value in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert!(known("if-none-match", value), "{value}");
        }
        assert!(!known("if-none-match", "\"abd\"") && !known("if-none-match", "abc") && !known("if-none-match", ""));
    }

    #[test]
    fn a_date_is_compared_in_whole_seconds_and_an_unreadable_one_is_none() {
        assert!(known("if-modified-since", "Wed, 01 Jul 2026 12:00:00 GMT"));
        assert!(known("if-modified-since", "Wed, 01 Jul 2026 12:00:01 GMT"));
        assert!(!known("if-modified-since", "Wed, 01 Jul 2026 11:59:59 GMT"));
        assert!(!known("if-modified-since", "yesterday"));
    }

    #[test]
    fn tags_count_before_dates() {
        let validators = Validators::new("abc", Modified::at(Timestamp::UNIX_EPOCH));
        let headers = HeaderMap::from_iter([
            (IF_NONE_MATCH, HeaderValue::from_static("\"other\"")),
            (IF_MODIFIED_SINCE, HeaderValue::from_static("Wed, 01 Jul 2026 12:00:00 GMT")),
        ]);
        assert!(!validators.are_known_to(&headers));
    }

    #[test]
    fn without_a_date_of_its_own_no_date_is_known() {
        let validators = Validators::new("", None);
        let now = HeaderValue::from_static("Wed, 01 Jul 2026 12:00:00 GMT");
        assert!(!validators.are_known_to(&HeaderMap::from_iter([(IF_MODIFIED_SINCE, now)])));
        assert!(!validators.unchanged().headers().contains_key(LAST_MODIFIED));
    }
}
