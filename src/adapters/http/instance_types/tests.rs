//! The instance types through the whole router, on a small catalogue.

mod caching;
mod document;
mod filters;
mod lists;
mod source;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::adapters::http::auth::Authenticator;
use crate::adapters::http::edge::Edge;
use crate::adapters::http::host::HostRule;
use crate::adapters::http::limits::Limits;
use crate::adapters::http::router::router;
use crate::adapters::http::state::{AppState, UseCases};
use crate::application::catalog::InstanceTypes;
use crate::application::readiness::Readiness;
use crate::domain::error::SourceError;
use crate::domain::instance_type::samples::few;
use crate::domain::instance_type::{Catalog, IngestReport};
use crate::domain::ports::{Load, MockInstanceTypeSource};
use crate::domain::snapshot::{Contact, SourceInfo, SourceKind};

/// The API on a source whose content, and silence, a test decides.
struct Api {
    router: Edge,
    types: Arc<InstanceTypes>,
    content: Arc<Mutex<Result<Catalog, SourceError>>>,
    stale_after: Arc<Mutex<Duration>>,
}

/// An answer.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Api {
    /// Nothing is loaded yet.
    fn unloaded() -> Self {
        let content = Arc::new(Mutex::new(Ok(few())));
        let stale_after = Arc::new(Mutex::new(Duration::from_secs(60)));
        let mut source = MockInstanceTypeSource::new();
        let (there, limit) = (content.clone(), stale_after.clone());
        source.expect_info().returning(move || SourceInfo {
            kind: SourceKind::File,
            location: "list.json".to_owned(),
            contact: Arc::new(Contact::now()),
            stale_after: *limit.lock().unwrap(),
            watches: Vec::new(),
        });
        source.expect_load().returning(move |_| {
            let catalog: Catalog = there.lock().unwrap().clone()?;
            let report = IngestReport { rows: 10, kept: 9, unpriced: 1, bytes: 1000, ..IngestReport::default() };
            Ok(Load::Loaded(catalog, report))
        });
        let types = Arc::new(InstanceTypes::new(Arc::new(source), 0.1));
        let use_cases = UseCases { instance_types: types.clone(), ..UseCases::uncalled() };
        let readiness = Arc::new(Readiness::new(vec![], None));
        let state =
            AppState::new(use_cases, readiness, Authenticator::off(), HostRule::new(false, &[]), Limits::wide());
        Self { router: router(&state), types, content, stale_after }
    }

    /// The handful of samples is loaded.
    async fn loaded() -> Self {
        let api = Self::unloaded();
        api.types.load(true).await.unwrap();
        api
    }

    /// Loads something else.
    async fn change(&self, change: impl FnOnce(&mut Catalog)) {
        change(self.content.lock().unwrap().as_mut().unwrap());
        self.types.load(true).await.unwrap();
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[]).await
    }

    /// The list that these parameters select.
    async fn list(&self, parameters: &str) -> Value {
        let answer = self.get(&format!("/api/instance_types?{parameters}")).await;
        assert_eq!(answer.status, 200, "{parameters}: {}", answer.text());
        answer.json()
    }

    /// The names that these parameters select.
    async fn names(&self, parameters: &str) -> Vec<String> {
        names(&self.list(parameters).await)
    }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn names(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}
