//! Opaque cursors of lists: where the last page ended, and which query it was a page of.
//!
//! A cursor holds the last item's sort key, not a position, so a change of the data between two pages repeats nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Longer cursors are refused before they are decoded.
const MAX_LENGTH: usize = 4096;

/// One part of a sort key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// A number; decimals are scaled by whoever makes the key.
    Number(i64),
    /// A text.
    Text(String),
    /// An unknown value.
    Null,
}

/// A cursor that wasn't made here, or for another query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCursor {
    /// It can't be decoded.
    #[error("this is no cursor of this service; leave it out to begin at the first page")]
    Unreadable,
    /// It belongs to a query with other filters or another order.
    #[error("this cursor belongs to another query; repeat the query that it came from, or leave it out")]
    OtherQuery,
}

/// A number that identifies a query, given its filters and order as text (without limit and cursor).
///
/// FNV-1a: the same in every build, so that replicas of different versions understand each other. It guards against mistakes, not
/// against forgery: a forged cursor only begins elsewhere in a list that the caller may read anyway.
#[must_use]
pub fn query_hash(canonical: &str) -> u64 {
    canonical
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Writes the cursor after an item.
#[must_use]
pub fn encode(query_hash: u64, parts: &[Part]) -> String {
    // Numbers, texts and nulls always serialise; an empty cursor would be refused by `decode`.
    let json = serde_json::to_vec(&(format!("{query_hash:016x}"), parts)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

/// Reads a cursor back.
///
/// # Errors
/// [`BadCursor`] when it isn't one, or one of another query.
pub fn decode(query_hash: u64, cursor: &str) -> Result<Vec<Part>, BadCursor> {
    if cursor.len() > MAX_LENGTH {
        return Err(BadCursor::Unreadable);
    }
    let json = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| BadCursor::Unreadable)?;
    let (hash, parts): (String, Vec<Part>) = serde_json::from_slice(&json).map_err(|_| BadCursor::Unreadable)?;
    if hash == format!("{query_hash:016x}") { Ok(parts) } else { Err(BadCursor::OtherQuery) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let parts = vec![Part::Number(-5), Part::Null, Part::Text("tëam/wörkers\n".into())];
        assert_eq!(decode(7, &encode(7, &parts)), Ok(parts));
    }

    #[test]
    fn a_cursor_needs_no_escaping_in_an_address() {
        let cursor = encode(query_hash("name=??>"), &[Part::Text("??>>~~".into())]);
        assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{cursor}");
    }

    #[test]
    fn a_cursor_of_another_query_is_told_apart() {
        let cursor = encode(query_hash("vcpu_min=2"), &[]);
        assert_eq!(decode(query_hash("vcpu_min=4"), &cursor), Err(BadCursor::OtherQuery));
    }

    #[test]
    fn what_is_no_cursor_is_unreadable() {
        for cursor in ["", "x", "bm9uc2Vuc2U", "e30", &"A".repeat(MAX_LENGTH + 1)] {
            assert_eq!(decode(1, cursor), Err(BadCursor::Unreadable), "{cursor}");
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(cursor in ".{0,64}") {
            let _ = decode(1, &cursor);
        }
    }
}
