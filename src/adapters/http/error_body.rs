//! The body of an error: one object that a Backstage client (`ResponseError`) and an RFC 9457 client can both read.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{ApiError, Candidate, Problem};
use super::host::{RequestHost, authority};
use super::pull_request_view::PullRequestView;
use super::request_id::RequestId;

/// What an error's body tells of its request.
#[derive(Debug, Clone)]
pub struct About {
    /// The request's id.
    pub id: RequestId,
    /// Its method.
    pub method: Method,
    /// Its path and parameters.
    pub uri: Uri,
    /// The host that the client spoke to.
    pub host: Option<Authority>,
    /// Whether `Accept` asks for `application/problem+json`.
    pub problem_json: bool,
}

impl About {
    /// Reads a request's head.
    #[must_use]
    pub fn of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        Self {
            id: RequestId::of(headers),
            method: method.clone(),
            uri: uri.clone(),
            host: authority(uri, headers),
            problem_json: asks_for_problem_json(headers),
        }
    }
}

/// An error.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct ErrorBody<'a> {
    error: Named<'a>,
    request: Request,
    response: Answered,
    /// Always `about:blank`: the status says what kind of error it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong and what to do next.
    detail: &'a str,
    /// The request's id, under which the log has more.
    instance: &'a str,
    /// Each problem of the request.
    errors: &'a [Problem],
    /// Of a 409: the open pull request that is in the way, or null.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(clippy::option_option, reason = "absent outside of conflicts, null in one without a pull request")]
    pull_request: Option<Option<PullRequestView>>,
    /// Of a 409: the objects that a name could mean.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    candidates: &'a [Candidate],
    /// Near names.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    suggestions: &'a [String],
    /// Seconds until another attempt may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ErrorName)]
struct Named<'a> {
    /// Such as `InputError`.
    name: &'static str,
    /// The same as `detail`.
    message: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ErrorRequest)]
struct Request {
    /// The request's method.
    method: String,
    /// Its path and parameters.
    url: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ErrorResponse)]
struct Answered {
    /// The same as `status`.
    #[serde(rename = "statusCode")]
    status_code: u16,
}

/// Writes an error as a response.
pub(super) fn render(error: &ApiError, about: &About) -> Response<Body> {
    let body = ErrorBody {
        error: Named { name: error.name(), message: &error.message },
        request: Request { method: about.method.to_string(), url: about.uri.to_string() },
        response: Answered { status_code: error.status.as_u16() },
        r#type: "about:blank",
        title: error.status.canonical_reason().unwrap_or("Error"),
        status: error.status.as_u16(),
        detail: &error.message,
        instance: &about.id.0,
        errors: &error.errors,
        pull_request: (error.status == StatusCode::CONFLICT).then(|| {
            error
                .pull_request
                .as_ref()
                .map(|pull_request| PullRequestView::of(pull_request, &RequestHost::named(about.host.as_ref()).0))
        }),
        candidates: &error.candidates,
        suggestions: &error.suggestions,
        retry_after_seconds: error.retry_after,
    };
    // Strings and numbers only: nothing in it can fail to be written.
    let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
    *response.status_mut() = error.status;
    let media_type = if about.problem_json { "application/problem+json" } else { "application/json" };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Some(seconds) = error.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Backstage reads errors as `application/json` only, so that the other name is for those who ask for it, and don't like
/// plain JSON better.
fn asks_for_problem_json(headers: &HeaderMap) -> bool {
    let weight = |wanted: &str| {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).find_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            named.then_some(weight)
        })
    };
    let asked = weight("application/problem+json").unwrap_or(0.0);
    asked > 0.0 && asked >= weight("application/json").unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::Value;

    use super::super::pull_request_view::tests::sample;
    use super::*;
    use crate::domain::change::{ObjectKey, ObjectKind};
    use crate::domain::error::{Failure, Violation};

    fn about() -> About {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("id-1"));
        headers.insert("host", HeaderValue::from_static("api.example.com:8000"));
        About::of(&Method::POST, &Uri::from_static("/api/nodegroups?dry_run=true"), &headers)
    }

    async fn body_of(error: impl Into<ApiError>) -> Value {
        let response = render(&error.into(), &about());
        serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_validation_error_holds_both_shapes() {
        let violation =
            Violation { suggestions: vec!["m5.xlarge".into()], ..Violation::new("/instance_types/0", "is unknown") };
        let body = body_of(Failure::Invalid(vec![violation])).await;
        insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(body);
        });
    }

    #[tokio::test]
    async fn a_conflict_shows_the_pull_request_in_the_way() {
        let conflict = |pull_request| Failure::Conflict { message: "open".into(), pull_request, candidates: vec![] };
        let body = body_of(conflict(Some(Box::new(sample())))).await;
        insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(body);
        });
        let without = body_of(conflict(None)).await;
        assert_eq!(without.get("pull_request"), Some(&Value::Null), "null, in the moment before it is opened");
    }

    #[tokio::test]
    async fn an_ambiguous_name_lists_its_candidates() {
        let key = |namespace| ObjectKey::parse(ObjectKind::Nodegroup, namespace, "workers").unwrap();
        let candidates = vec![key("team-a"), key("team-b")];
        let body = body_of(Failure::Conflict { message: "several".into(), pull_request: None, candidates }).await;
        assert_eq!(body["candidates"][1], serde_json::json!({"namespace": "team-b", "name": "workers"}));
    }

    #[tokio::test]
    async fn when_to_try_again_stands_in_the_header_and_in_the_body() {
        let retry_after = std::time::Duration::from_secs(2);
        let error = ApiError::from(Failure::Unavailable { message: "loading".into(), retry_after });
        assert_eq!(render(&error, &about()).headers()[RETRY_AFTER], "2");
        assert_eq!(body_of(error).await["retry_after_seconds"], 2);
    }

    #[test]
    fn problem_json_is_for_those_who_ask_for_it() {
        let asks = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            asks_for_problem_json(&headers)
        };
        assert!(asks("application/problem+json") && asks("application/json, application/problem+json"));
        for other in [
            "*/*",
            "application/json",
            "application/json, application/problem+json;q=0.5",
            "application/problem+json;q=0",
        ] {
            assert!(!asks(other), "{other}");
        }
    }
}
