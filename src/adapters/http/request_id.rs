//! The id of a request: taken over from `x-request-id` or made up, and sent back under that name.

use axum::http::{HeaderMap, HeaderName};
use uuid::Uuid;

/// The header, in requests and answers.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id under which a request stands in the log and in its error body; in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The client's id when it is `[A-Za-z0-9-]{1,64}`, as anything else could forge lines of a log; else a new UUID.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let plain =
            |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
        Self(sent.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, value.parse().unwrap());
        RequestId::of(&headers).0
    }

    #[test]
    fn a_plain_id_is_taken_over_and_anything_else_replaced() {
        assert_eq!(of("Abc-123"), "Abc-123");
        assert_eq!(of(&"a".repeat(64)).len(), 64);
        for bad in ["", "a b", "a_b", "ä", "a\"b", &"a".repeat(65)] {
            assert!(Uuid::parse_str(&of(bad)).is_ok(), "{bad}");
        }
        assert!(Uuid::parse_str(&RequestId::of(&HeaderMap::new()).0).is_ok());
    }
}
