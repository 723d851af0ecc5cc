//! What can go wrong between this service and GitHub, before or after the effect of a request.

use axum::body::{Body, Bytes};
use axum::http::Response;

/// Whether the request had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing was done.
    Before,
    /// It was done, and the answer got lost.
    After,
}

/// Something that goes wrong once.
#[derive(Debug, Clone)]
pub enum Fault {
    /// No answer, ever.
    Hang(When),
    /// The connection ends in the middle of an answer.
    Cut(When),
    /// A status with headers and a body.
    Answer(When, u16, Vec<(&'static str, String)>, String),
}

impl Fault {
    /// A JSON error as GitHub's.
    pub fn status(status: u16, message: &str) -> Self {
        Self::Answer(When::Before, status, Vec::new(), serde_json::json!({ "message": message }).to_string())
    }

    /// A gateway's page.
    pub fn html(when: When, status: u16) -> Self {
        Self::Answer(when, status, vec![("content-type", "text/html".into())], "<html>Unicorn!</html>".into())
    }

    /// The same with a header more.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer(_, _, headers, _) = &mut self {
            headers.push((name, value.into()));
        }
        self
    }

    pub(super) fn when(&self) -> When {
        match self {
            Self::Hang(when) | Self::Cut(when) | Self::Answer(when, ..) => *when,
        }
    }

    pub(super) async fn response(self) -> Response<Body> {
        match self {
            Self::Hang(_) => std::future::pending().await,
            Self::Cut(_) => {
                let cut = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut")) });
                Response::builder().status(200).header("content-length", 999).body(Body::from_stream(cut)).unwrap()
            }
            Self::Answer(_, status, headers, body) => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).unwrap()
            }
        }
    }
}

/// The faults to come, each for the first request that it fits.
#[derive(Debug, Default)]
pub struct Faults(Vec<(String, Fault)>);

impl Faults {
    pub(super) fn push(&mut self, begin: &str, fault: Fault) {
        self.0.push((begin.to_owned(), fault));
    }

    pub(super) fn take(&mut self, request: &str) -> Option<Fault> {
        let at = self.0.iter().position(|(begin, _)| request.starts_with(begin.as_str()))?;
        Some(self.0.remove(at).1)
    }
}
