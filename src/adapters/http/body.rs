//! `JsonBody`: the request's body as a tree of JSON, with its limits, and wiped once it is read.

pub mod fields;
pub mod node;
mod parse;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use zeroize::{Zeroize, Zeroizing};

use super::error::ApiError;
use crate::domain::error::Violation;

pub use fields::{Fields, Problems};
pub use node::Node;

/// The largest body that is read.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// Bodies up to here are read however many there are.
const SMALL_BYTES: usize = 64 * 1024;

/// Larger ones that are read at once: what they take bounds the memory of all. Reading one takes milliseconds when its client is quick.
static LARGE: Semaphore = Semaphore::const_new(16);

/// How much of a body that is too large is read and dropped, so that a client that writes before it reads gets the answer
/// instead of a broken connection.
const DRAINED_BYTES: usize = 8 * 1024 * 1024;

/// An extractor: the body as JSON. Refuses other media types and compressed bodies (415), more than [`MAX_BODY_BYTES`] (413), and what isn't
/// JSON or repeats a key (400). No error holds a text of the body.
#[derive(Debug)]
pub struct JsonBody(pub Node);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body's media type isn't JSON; send it with Content-Type: application/json",
            ));
        }
        if !is_plain(&parts.headers) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body is compressed; send it as it is, without Content-Encoding",
            ));
        }
        let announced = announced_length(&parts.headers);
        let bytes = read_body(body, announced).await?;
        let parsed = parse::parse(&bytes).map_err(|mistake| {
            let detail = format!("line {}, column {}: {}", mistake.line, mistake.column, mistake.expected);
            ApiError::bad_request(vec![Violation::new("", detail)])
        })?;
        if !parsed.repeated.is_empty() {
            let violation = |pointer| Violation::new(pointer, "the same key stands here more than once; keep one");
            return Err(ApiError::bad_request(parsed.repeated.into_iter().map(violation).collect()));
        }
        Ok(Self(parsed.node))
    }
}

/// `application/json` or `application/…+json`, in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json = essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    json && utf8
}

/// No encoding, or only `identity`.
fn is_plain(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

fn announced_length(headers: &HeaderMap) -> usize {
    headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// Reads the body into one buffer that is wiped when it is dropped.
async fn read_body(mut body: Body, announced: usize) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    if announced > MAX_BODY_BYTES {
        drain(body).await;
        return Err(too_large());
    }
    // Never grown in place: a reallocation would leave an unwiped copy behind.
    let mut read = Zeroizing::new(Vec::with_capacity(announced.clamp(4096, SMALL_BYTES)));
    let mut room = None;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "the body ended before it was complete"))?;
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.len() > MAX_BODY_BYTES {
            // What comes still mustn't be waited for with what came in memory.
            drop(read);
            drain(body).await;
            return Err(too_large());
        }
        if room.is_none() && read.len() + data.len() > SMALL_BYTES {
            room = LARGE.try_acquire().ok();
            if room.is_none() {
                drop(read);
                drain(body).await;
                return Err(no_room());
            }
        }
        if read.len() + data.len() > read.capacity() {
            let wanted = (read.capacity() * 2).max(read.len() + data.len()).max(announced);
            let mut larger = Zeroizing::new(Vec::with_capacity(wanted));
            larger.extend_from_slice(&read);
            read = larger;
        }
        read.extend_from_slice(&data);
        wipe(data);
    }
    Ok(read)
}

/// Wipes a frame, unless the connection still shares its buffer with what comes next.
fn wipe(data: Bytes) {
    if let Ok(mut owned) = data.try_into_mut() {
        owned.as_mut().zeroize();
    }
}

async fn drain(mut body: Body) {
    let mut left = DRAINED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
        left = rest;
    }
}

/// Too many large bodies come at once.
fn no_room() -> ApiError {
    let mut error =
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too many large bodies come at once; try again in 1 s");
    error.retry_after = Some(1);
    error
}

fn too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 2 MiB; send less")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(content_type: Option<&str>, body: impl Into<Body>) -> Result<Node, ApiError> {
        let mut request = Request::builder();
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        JsonBody::from_request(request.body(body.into()).unwrap(), &()).await.map(|JsonBody(node)| node)
    }

    #[tokio::test]
    async fn only_json_in_utf8_is_a_media_type_that_is_read() {
        let good = ["application/json", "Application/JSON; charset=UTF-8", "application/merge-patch+json"];
        for content_type in good {
            assert_eq!(read(Some(content_type), "{}").await.unwrap(), Node::Object(vec![]), "{content_type}");
        }
        let bad =
            [None, Some("text/plain"), Some("application/json; charset=latin1"), Some("text/x+json"), Some("json")];
        for content_type in bad {
            assert_eq!(read(content_type, "{}").await.unwrap_err().status, 415, "{content_type:?}");
        }
    }

    #[tokio::test]
    async fn a_body_over_two_mebibytes_is_refused_whether_or_not_its_length_was_announced() {
        let large = format!("\"{}\"", "a".repeat(MAX_BODY_BYTES));
        assert_eq!(read(Some("application/json"), large.clone()).await.unwrap_err().status, 413);
        let chunks = large.into_bytes().chunks(65_536).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>();
        let streamed = Body::from_stream(futures_util::stream::iter(chunks));
        assert_eq!(read(Some("application/json"), streamed).await.unwrap_err().status, 413);
        let announced = Request::builder()
            .header(CONTENT_TYPE, "application/json")
            .header(CONTENT_LENGTH, MAX_BODY_BYTES + 1)
            .body(Body::empty())
            .unwrap();
        assert_eq!(JsonBody::from_request(announced, &()).await.unwrap_err().status, 413);
    }

    #[tokio::test]
    async fn a_compressed_body_is_refused() {
        for (encoding, read) in [("identity", true), ("gzip", false), ("identity, br", false)] {
            let request =
                Request::builder().header(CONTENT_TYPE, "application/json").header(CONTENT_ENCODING, encoding);
            let outcome = JsonBody::from_request(request.body("{}".into()).unwrap(), &()).await;
            assert_eq!(outcome.map_err(|error| error.status.as_u16()).err(), (!read).then_some(415), "{encoding}");
        }
    }

    #[tokio::test]
    async fn a_body_of_exactly_two_mebibytes_is_read() {
        let largest = format!("\"{}\"", "a".repeat(MAX_BODY_BYTES - 2));
        assert!(read(Some("application/json"), largest).await.is_ok());
    }

    #[tokio::test]
    async fn a_syntax_error_tells_line_and_column_and_never_the_text() {
        let error = read(Some("application/json"), "{\n  \"a\": hunter2\n}").await.unwrap_err();
        assert_eq!(error.status, 400);
        assert!(error.message.contains("line 2, column 8"), "{}", error.message);
        assert!(!format!("{error:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn each_repeated_key_is_named_by_its_pointer() {
        let error = read(Some("application/json"), r#"{"a":{"x/y":"hunter2","x/y":2},"b":[{"c":1,"c":1}]}"#).await;
        let error = error.unwrap_err();
        assert_eq!(error.status, 400);
        let pointers: Vec<_> = error.errors.iter().map(|p| p.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a/x~1y", "/b/0/c"]);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
