//! Holds every answer of every test against the OpenAPI document: its status must be documented.

use std::sync::OnceLock;

use serde_json::Value;

use super::TestApp;
use super::client::request;

/// The document of the built binary, asked for once, from a service of its own: the tests count lines of their logs.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let app = TestApp::start();
        request(app.address, "GET", "/api/openapi.json", &[], b"").json()
    })
}

/// The document's path that an address takes, such as `/api/nodegroups/{name}`.
pub fn route(path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    let takes = |template: &&String| {
        let wanted: Vec<&str> = template.split('/').collect();
        let fits = |(wanted, given): (&&str, &&str)| wanted == given || (wanted.starts_with('{') && !given.is_empty());
        wanted.len() == segments.len() && wanted.iter().zip(&segments).all(fits)
    };
    let routes = document()["paths"].as_object().unwrap();
    // A fixed segment wins over a placeholder, as in the router.
    routes.keys().filter(takes).min_by_key(|template| template.matches('{').count()).cloned()
}

/// Fails when a documented operation answered with an undocumented status.
#[track_caller]
pub fn check(method: &str, path: &str, status: u16) {
    let Some(route) = route(path) else { return };
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    let operation = &document()["paths"][&route][&method];
    if operation.is_object() {
        assert!(operation["responses"][status.to_string()].is_object(), "{method} {route} doesn't document {status}");
    }
}
