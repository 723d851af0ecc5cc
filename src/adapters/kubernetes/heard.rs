//! The layer around a watch's client that notes whenever the server is heard from, and doesn't wait for ever for an answer to begin.
//!
//! kube's watcher tells of objects only: bookmarks, and the silence of a server that hangs, can be seen from here alone.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt;
use http_body_util::combinators::MapFrame;
use hyper::body::{Body, Frame};
use tower::{BoxError, Layer, Service};

use crate::domain::names::Namespace;
use crate::domain::watch::WatchStatus;

/// How long the head of an answer may take.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

/// The head of an answer didn't come in time.
#[derive(Debug)]
pub struct HeadersTimedOut;

impl fmt::Display for HeadersTimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer in time")
    }
}

impl std::error::Error for HeadersTimedOut {}

/// Notes what is heard in the status of one watch.
#[derive(Clone)]
pub struct HeardLayer {
    watch: Arc<WatchStatus>,
    within: Duration,
}

impl HeardLayer {
    /// For this watch.
    pub fn new(watch: Arc<WatchStatus>) -> Self {
        Self { watch, within: HEADERS_WITHIN }
    }
}

/// See [`HeardLayer`].
#[derive(Clone)]
pub struct Heard<S> {
    inner: S,
    layer: HeardLayer,
}

impl<S> Layer<S> for HeardLayer {
    type Service = Heard<S>;

    fn layer(&self, inner: S) -> Heard<S> {
        Heard { inner, layer: self.clone() }
    }
}

/// A body that notes each of its frames.
type HeardBody<B> = MapFrame<B, Box<dyn FnMut(Frame<<B as Body>::Data>) -> Frame<<B as Body>::Data> + Send>>;

impl<S, R, B> Service<Request<R>> for Heard<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
{
    type Response = Response<HeardBody<B>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<R>) -> Self::Future {
        // A connection for each request: one that hangs isn't taken again, and the buffers that secrets' values went through are freed,
        // and so wiped, when its answer ends.
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        let HeardLayer { watch, within } = self.layer.clone();
        let from = followed_from(request.uri());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = tokio::time::timeout(within, answer).await.map_err(|_| HeadersTimedOut)?;
            let response = response.map_err(Into::into)?;
            // A refusal says nothing of how current the data is.
            if response.status().is_success() {
                watch.contact.touch();
                if let Some(version) = from {
                    watch.note_version(&version);
                    works(&watch);
                }
            }
            Ok(response.map(|body| {
                body.map_frame(Box::new(move |frame| {
                    watch.contact.touch();
                    frame
                }) as Box<dyn FnMut(_) -> _ + Send>)
            }))
        })
    }
}

/// The server does what the watch asks for, be there news or not.
pub fn works(watch: &WatchStatus) {
    if let Some(trouble) = watch.note_health() {
        let namespace = watch.namespace.as_ref().map_or("*", Namespace::as_str);
        tracing::info!(kind = watch.kind, namespace, was = trouble.as_str(), "the watch does its work");
    }
}

/// The state that a watch goes on from. Bookmarks move it, which nobody else tells us.
fn followed_from(uri: &Uri) -> Option<String> {
    let parameters: Vec<_> = form_urlencoded::parse(uri.query()?.as_bytes()).collect();
    let value =
        |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone().into_owned());
    value("watch").filter(|watch| watch == "true").and_then(|_| value("resourceVersion"))
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;
    use hyper::body::Bytes;
    use tower::{ServiceExt, service_fn};

    use super::*;
    use crate::domain::snapshot::Contact;

    const WATCH: &str = "/api/v1/secrets?watch=true&resourceVersion=42&allowWatchBookmarks=true";

    fn watch() -> Arc<WatchStatus> {
        Arc::new(WatchStatus::new("secrets", None))
    }

    async fn ask(watch: &Arc<WatchStatus>, status: u16) -> Response<HeardBody<Full<Bytes>>> {
        let answer = move |_: Request<()>| async move {
            Ok::<_, BoxError>(Response::builder().status(status).body(Full::new(Bytes::from_static(b"{}"))).unwrap())
        };
        let request = Request::builder().uri(WATCH).body(()).unwrap();
        HeardLayer::new(Arc::clone(watch)).layer(service_fn(answer)).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn a_success_and_each_frame_are_contacts_and_a_refusal_is_none() {
        let watch = watch();
        ask(&watch, 403).await;
        assert!(watch.contact.age() > Duration::from_secs(3600) && watch.resource_version().is_none());
        let response = ask(&watch, 200).await;
        assert!(watch.contact.age() < Duration::from_secs(60));
        assert_eq!(watch.resource_version().as_deref(), Some("42"));
        watch.contact.follow(&Contact::never());
        response.into_body().collect().await.unwrap();
        assert!(watch.contact.age() < Duration::from_secs(60), "the frame was heard");
    }

    #[tokio::test]
    async fn a_head_that_never_comes_is_an_error() {
        let never = |_: Request<()>| std::future::pending::<Result<Response<Full<Bytes>>, BoxError>>();
        let request = Request::builder().uri(WATCH).body(()).unwrap();
        let layer = HeardLayer { watch: watch(), within: Duration::from_millis(5) };
        let error = layer.layer(service_fn(never)).oneshot(request).await.err().unwrap();
        assert!(error.is::<HeadersTimedOut>());
    }

    #[test]
    fn only_a_watch_goes_on_from_somewhere() {
        assert_eq!(followed_from(&Uri::from_static(WATCH)).as_deref(), Some("42"));
        assert_eq!(followed_from(&Uri::from_static("/api/v1/secrets?limit=500&resourceVersion=42")), None);
        assert_eq!(followed_from(&Uri::from_static("/api/v1/secrets")), None);
    }
}
