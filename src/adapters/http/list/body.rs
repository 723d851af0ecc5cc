//! A body of two parts that are bytes already: what is kept is sent without being copied, and what follows it with its own.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

/// Two parts, one after the other; their length is told ahead.
#[derive(Debug)]
pub struct TwoParts(pub [Bytes; 2]);

impl hyper::body::Body for TwoParts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = self.0.iter_mut().find(|part| !part.is_empty()).map(std::mem::take);
        Poll::Ready(part.map(|part| Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|part| part.len() as u64).sum())
    }
}

/// 200 with JSON that is written already.
pub fn json(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::HttpBody;
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn the_parts_follow_each_other_and_their_length_is_known_ahead() {
        for (first, last) in [("ab", "cde"), ("", "cde"), ("ab", ""), ("", "")] {
            let body = TwoParts([Bytes::from_static(first.as_bytes()), Bytes::from_static(last.as_bytes())]);
            assert_eq!(body.size_hint().exact(), Some((first.len() + last.len()) as u64));
            assert_eq!(body.is_end_stream(), first.is_empty() && last.is_empty());
            assert_eq!(body.collect().await.unwrap().to_bytes(), format!("{first}{last}"));
        }
    }
}
