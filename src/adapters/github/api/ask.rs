//! What is asked of GitHub's API.

use hyper::Method;
use serde_json::Value;

/// A request: what is asked, not by whom.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The method; only a GET may be repeated.
    pub method: Method,
    /// Path and query below the API's address.
    pub path: &'a str,
    /// The JSON to send.
    pub body: Option<&'a Value>,
    /// The tag of the answer that is known.
    pub etag: Option<&'a str>,
}

impl<'a> Ask<'a> {
    /// A GET.
    #[must_use]
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, body: None, etag: None }
    }

    /// A POST.
    #[must_use]
    pub fn post(path: &'a str, body: &'a Value) -> Self {
        Self { method: Method::POST, path, body: Some(body), etag: None }
    }
}
