//! `ApiError`: every error that a client can get, with its status, name and message.

use std::ops::{Deref, DerefMut};

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::change::{ObjectKey, PullRequest};
use crate::domain::error::{Failure, Violation};

/// What a client sees of a defect: the cause is for the log alone.
const DEFECT: &str = "something went wrong inside the service; the log has the cause under this request's id";

/// One thing that is wrong with the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// RFC 6901 pointer into the body (`/scaling/max`), `?limit` for a parameter, empty for the whole body.
    pub pointer: String,
    /// What is expected there.
    pub detail: String,
}

/// One of several objects that a name could mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Candidate {
    /// The object's namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
}

/// An error on its way to the client. As a response it is empty but for its status: the outermost middleware, which
/// knows the request, writes the body and the log line. Boxed, as a `Result` carries it through every reader.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Details>);

/// What an [`ApiError`] holds.
#[derive(Debug, Clone)]
pub struct Details {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong and what to do next.
    pub message: String,
    /// Each problem of the request.
    pub errors: Vec<Problem>,
    /// The open pull request that is in the way.
    pub pull_request: Option<Box<PullRequest>>,
    /// The objects that a name could mean.
    pub candidates: Vec<Candidate>,
    /// Near names.
    pub suggestions: Vec<String>,
    /// Seconds until another attempt may help.
    pub retry_after: Option<u64>,
    /// The cause, for the log alone.
    pub cause: Option<String>,
}

impl Deref for ApiError {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for ApiError {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl ApiError {
    /// An error with a status and a message.
    #[must_use]
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            status,
            message: message.into(),
            errors: Vec::new(),
            pull_request: None,
            candidates: Vec::new(),
            suggestions: Vec::new(),
            retry_after: None,
            cause: None,
        }))
    }

    /// 400 with a pointer for each violation.
    #[must_use]
    pub fn bad_request(violations: Vec<Violation>) -> Self {
        Self::violations(StatusCode::BAD_REQUEST, violations)
    }

    /// 422 with a pointer for each violation.
    #[must_use]
    pub fn unprocessable(violations: Vec<Violation>) -> Self {
        Self::violations(StatusCode::UNPROCESSABLE_ENTITY, violations)
    }

    /// 500; `cause` goes to the log only.
    #[must_use]
    pub fn defect(cause: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, DEFECT);
        error.cause = Some(cause.into());
        error
    }

    /// The name that Backstage's `ResponseError` shows.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.status.as_u16() {
            401 => "AuthenticationError",
            403 => "NotAllowedError",
            404 => "NotFoundError",
            405 => "MethodNotAllowedError",
            409 => "ConflictError",
            413 => "PayloadTooLargeError",
            415 => "UnsupportedMediaTypeError",
            429 => "TooManyRequestsError",
            400..=499 => "InputError",
            502 => "BadGatewayError",
            503 => "ServiceUnavailableError",
            504 => "GatewayTimeoutError",
            _ => "InternalServerError",
        }
    }

    /// The first three problems stand in the message as well: Backstage shows nothing else.
    fn violations(status: StatusCode, violations: Vec<Violation>) -> Self {
        // Each once, in their order: the nearest come first.
        let mut suggestions: Vec<String> = Vec::new();
        for suggestion in violations.iter().flat_map(|violation| &violation.suggestions) {
            if !suggestions.contains(suggestion) {
                suggestions.push(suggestion.clone());
            }
        }
        let errors: Vec<Problem> =
            violations.into_iter().map(|v| Problem { pointer: v.pointer, detail: v.detail }).collect();
        let shown: Vec<String> = errors
            .iter()
            .take(3)
            .map(|p| if p.pointer.is_empty() { p.detail.clone() } else { format!("{}: {}", p.pointer, p.detail) })
            .collect();
        let more = match errors.len().saturating_sub(3) {
            0 => String::new(),
            more => format!("; and {more} more, see errors"),
        };
        let message = match shown.as_slice() {
            [] => "the request can't be read".to_owned(),
            shown => format!("{}{more}", shown.join("; ")),
        };
        let mut error = Self::new(status, message);
        error.errors = errors;
        error.suggestions = suggestions;
        error
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Invalid(violations) => Self::unprocessable(violations),
            Failure::BadParameter(violations) => Self::bad_request(violations),
            Failure::NotAllowed(message) => Self::new(StatusCode::FORBIDDEN, message),
            Failure::NotFound { message, suggestions } => {
                let mut error = Self::new(StatusCode::NOT_FOUND, message);
                error.suggestions = suggestions;
                error
            }
            Failure::Conflict { message, pull_request, candidates } => {
                let mut error = Self::new(StatusCode::CONFLICT, message);
                error.pull_request = pull_request;
                error.candidates = candidates.into_iter().map(Candidate::from).collect();
                error
            }
            Failure::Unavailable { message, retry_after } => {
                let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, message);
                // Rounded up, and never zero: that would ask for a tight loop.
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                error.retry_after = Some(seconds.max(1));
                error
            }
            Failure::BadGateway(message) => Self::new(StatusCode::BAD_GATEWAY, message),
            Failure::TimedOut(message) => Self::new(StatusCode::GATEWAY_TIMEOUT, message),
            Failure::Defect(cause) => Self::defect(cause),
        }
    }
}

impl From<ObjectKey> for Candidate {
    fn from(key: ObjectKey) -> Self {
        Self { namespace: key.namespace.to_string(), name: key.name.to_string() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_failure_has_the_status_and_the_name_of_the_contract() {
        let cases = [
            (Failure::Invalid(vec![]), 422, "InputError"),
            (Failure::BadParameter(vec![]), 400, "InputError"),
            (Failure::NotAllowed(String::new()), 403, "NotAllowedError"),
            (Failure::not_found(""), 404, "NotFoundError"),
            (Failure::conflict(""), 409, "ConflictError"),
            (
                Failure::Unavailable { message: String::new(), retry_after: Duration::ZERO },
                503,
                "ServiceUnavailableError",
            ),
            (Failure::BadGateway(String::new()), 502, "BadGatewayError"),
            (Failure::TimedOut(String::new()), 504, "GatewayTimeoutError"),
            (Failure::Defect(String::new()), 500, "InternalServerError"),
        ];
        for (failure, status, name) in cases {
            let error = ApiError::from(failure.clone());
            assert_eq!((error.status.as_u16(), error.name()), (status, name), "{failure:?}");
        }
    }

    #[test]
    fn a_defect_tells_its_cause_to_the_log_only() {
        let error = ApiError::from(Failure::Defect("template nodegroup.yaml: line 3".to_owned()));
        assert!(!error.message.contains("template"));
        assert_eq!(error.cause.as_deref(), Some("template nodegroup.yaml: line 3"));
    }

    #[test]
    fn the_message_shows_the_first_three_problems_and_counts_the_rest() {
        let violations = (0..5).map(|i| Violation::new(format!("/{i}"), "is required")).collect();
        let error = ApiError::unprocessable(violations);
        assert_eq!(error.message, "/0: is required; /1: is required; /2: is required; and 2 more, see errors");
        assert_eq!(error.errors.len(), 5);
    }

    #[test]
    fn a_retry_is_never_asked_for_at_once_and_is_rounded_up() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2)] {
            let retry_after = Duration::from_millis(milliseconds);
            let error = ApiError::from(Failure::Unavailable { message: String::new(), retry_after });
            assert_eq!(error.retry_after, Some(seconds), "{milliseconds} ms");
        }
    }
}
