//! The edge around a router of two bad handlers: no binary needed.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::routing::{get, post};
use axum::{Json, Router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::super::auth::Authenticator;
use super::super::edge::Edge;
use super::super::host::HostRule;
use super::super::limits::Limits;
use super::super::state::{AppState, UseCases};
use super::*;
use crate::application::readiness::Readiness;
use crate::domain::error::Failure;

fn state(authenticator: Authenticator) -> AppState {
    let readiness = Arc::new(Readiness::new(vec![], None));
    AppState::new(UseCases::uncalled(), readiness, authenticator, HostRule::new(false, &[]), Limits::wide())
}

fn app(state: &AppState) -> Edge {
    let router = Router::new()
        .route("/api/good", get(|| async { Json(json!({"ok": true})) }))
        .route("/api/panics", get(|| async { panic!("a literal") as () }))
        .route("/api/panics/{text}", get(|| async { panic!("{}", "hunter2") as () }))
        .route("/api/hangs", get(std::future::pending::<()>))
        .route("/api/fails", post(|| async { ApiError::from(Failure::Defect("the inner cause".into())) }));
    Edge::guarded(state, router)
}

/// Sends a request and returns status, headers and body.
async fn send(app: Edge, request: axum::http::request::Builder) -> (u16, axum::http::HeaderMap, Value) {
    let request = request.header("host", "localhost").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), parts.headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_panic_is_a_500_in_the_contracts_shape() {
    let app = app(&state(Authenticator::off()));
    let (status, _, body) = send(app, Request::get("/api/panics")).await;
    assert_eq!((status, &body["error"]["name"]), (500, &json!("InternalServerError")));
    assert_eq!(body["request"], json!({"method": "GET", "url": "/api/panics"}));
    assert!(!body.to_string().contains("a literal"), "the cause is for the log alone");
}

#[test]
fn a_panics_formatted_message_never_reaches_the_log() {
    let literal = std::panic::catch_unwind(|| panic!("a literal")).unwrap_err();
    assert_eq!(panic_text(literal.as_ref()), "a panic: a literal");
    let value = String::from("hunter2");
    let formatted = std::panic::catch_unwind(|| panic!("{value}")).unwrap_err();
    assert_eq!(panic_text(formatted.as_ref()), "a panic");
}

#[tokio::test]
async fn a_request_over_its_time_is_a_504_in_the_contracts_shape() {
    let state = state(Authenticator::off()).with_time_limit(Duration::from_millis(200));
    let (status, _, body) = send(app(&state), Request::get("/api/hangs")).await;
    assert_eq!((status, &body["error"]["name"]), (504, &json!("GatewayTimeoutError")));
}

#[tokio::test]
async fn a_defects_cause_stays_inside() {
    let (status, _, body) = send(app(&state(Authenticator::off())), Request::post("/api/fails")).await;
    assert_eq!(status, 500);
    assert!(!body.to_string().contains("inner cause"));
}

#[tokio::test]
async fn the_routers_own_404_and_405_have_the_contracts_shape() {
    let (status, _, body) = send(app(&state(Authenticator::off())), Request::get("/api/nothing")).await;
    assert_eq!((status, &body["error"]["name"]), (404, &json!("NotFoundError")));
    assert_eq!(body["errors"], json!([]));
    let (status, headers, body) = send(app(&state(Authenticator::off())), Request::delete("/api/good")).await;
    assert_eq!((status, &body["error"]["name"]), (405, &json!("MethodNotAllowedError")));
    assert_eq!(headers[ALLOW], "GET,HEAD");
    assert!(body["detail"].as_str().unwrap().contains("GET,HEAD"));
}

#[tokio::test]
async fn credentials_are_asked_for_before_anything_is_told_about_routes() {
    let state = state(Authenticator::new(Some("no/such/file".into()), Vec::new()));
    for request in [Request::get("/api/nothing"), Request::delete("/api/good"), Request::get("/api/good")] {
        let (status, headers, body) = send(app(&state), request).await;
        assert_eq!((status, &body["error"]["name"]), (401, &json!("AuthenticationError")));
        assert_eq!(headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_request_id_is_taken_over_and_is_the_errors_instance() {
    let request = Request::get("/api/nothing").header("x-request-id", "mine-1");
    let (_, headers, body) = send(app(&state(Authenticator::off())), request).await;
    assert_eq!((&headers["x-request-id"], &body["instance"]), (&HeaderValue::from_static("mine-1"), &json!("mine-1")));
}

#[tokio::test]
async fn a_write_goes_on_when_its_client_is_gone() {
    let state = state(Authenticator::off());
    let (done, seen) = tokio::sync::oneshot::channel();
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let write = async move {
        let _ = gone.await;
        done.send(()).map_err(|()| Failure::Defect("nobody waits".into()))
    };
    let mut client = Box::pin(state.run_write(write));
    assert!(futures_util::poll!(client.as_mut()).is_pending());
    drop(client);
    go.send(()).unwrap();
    seen.await.unwrap();
    state.writes.close();
    state.writes.wait().await;
}

#[tokio::test]
async fn a_write_that_panics_is_a_defect() {
    let state = state(Authenticator::off());
    let write = async { panic!("inside") };
    let error = state.run_write::<()>(write).await.unwrap_err();
    assert_eq!(error.status.as_u16(), 500);
}
