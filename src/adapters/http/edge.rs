//! The edge: the one service around a router. It finishes every answer, and lets in who may come.
//!
//! One service rather than a layer for each job: a layer of axum's costs allocations at each request, and the whole list of
//! instance types is answered in less time than a few of them take.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use tower::{Layer, Service};

use super::error::ApiError;
use super::finish::{Seen, finish};
use super::state::AppState;
use super::{host, open_to_all};

/// The routes with what holds for each of them, and for those that don't exist.
#[derive(Clone)]
pub struct Edge {
    state: AppState,
    router: Router,
    guarded: bool,
}

impl Edge {
    /// Around the API: credentials are asked for, and the `Host` rule holds.
    pub(super) fn guarded(state: &AppState, router: Router) -> Self {
        Self { guarded: true, ..Self::open(state, router) }
    }

    /// Around routes that are open to whoever reaches them.
    pub(super) fn open(state: &AppState, router: Router) -> Self {
        Self { state: state.clone(), router: router.layer(NoteRoute), guarded: false }
    }

    async fn route(mut self, mut request: Request, seen: Seen) -> Response {
        if self.guarded
            && let Err(error) = self.admit(&mut request, &seen).await
        {
            return error.into_response();
        }
        // Before a body is read: it is what takes room.
        let room =
            if self.guarded && !open_to_all(request.uri().path()) { Some(self.state.limits.request()) } else { None };
        let _room = match room.transpose() {
            Ok(room) => room,
            Err(error) => return error.into_response(),
        };
        request.extensions_mut().insert(seen);
        match self.router.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Before the router's own 404 and 405, so that nobody learns about routes without credentials.
    async fn admit(&self, request: &mut Request, seen: &Seen) -> Result<(), ApiError> {
        if open_to_all(request.uri().path()) {
            return Ok(());
        }
        let subject = self.state.authenticator.authenticate(request.headers()).await?;
        seen.subject(&subject.actor);
        host::check(&self.state.hosts, request.uri(), request.headers())?;
        if !request.method().is_safe() {
            self.state.limits.count_write(&subject.actor)?;
        }
        request.extensions_mut().insert(subject);
        Ok(())
    }
}

impl Service<Request> for Edge {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let edge = self.clone();
        Box::pin(async move {
            let limit = edge.state.time_limit;
            Ok(finish(limit, request, |request, seen| edge.route(request, seen)).await)
        })
    }
}

/// Tells the request's log line which route it took.
#[derive(Clone)]
struct NoteRoute;

#[derive(Clone)]
struct NotingRoute<S>(S);

impl<S> Layer<S> for NoteRoute {
    type Service = NotingRoute<S>;

    fn layer(&self, inner: S) -> NotingRoute<S> {
        NotingRoute(inner)
    }
}

impl<S: Service<Request>> Service<Request> for NotingRoute<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        let extensions = request.extensions();
        if let (Some(seen), Some(route)) = (extensions.get::<Seen>(), extensions.get::<MatchedPath>()) {
            seen.route(route);
        }
        self.0.call(request)
    }
}
