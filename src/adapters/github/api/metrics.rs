//! What requests to GitHub's API tell in metrics, and what it says of its rate limit.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use hyper::Method;

use super::client::Reply;

const REQUESTS: &str = "backend_api_github_requests_total";
const REMAINING: &str = "backend_api_github_rate_limit_remaining";
const LIMIT: &str = "backend_api_github_rate_limit";
const RESET: &str = "backend_api_github_rate_limit_reset_timestamp_seconds";

/// Says what each metric is. Only a recorder that is there already hears it.
pub(super) fn describe() {
    describe_counter!(REQUESTS, "Requests to GitHub's API by method and status; lost: without an answer");
    describe_gauge!(REMAINING, "Requests that GitHub takes until its limit is renewed");
    describe_gauge!(LIMIT, "Requests that GitHub takes in an hour");
    describe_gauge!(RESET, Unit::Seconds, "When GitHub renews the limit, as Unix time");
}

/// A request that is on its way; lost when it is dropped without an answer.
pub(super) struct Sent<'a>(Option<&'a Method>);

impl<'a> Sent<'a> {
    /// A request of this method is sent.
    pub(super) fn begin(method: &'a Method) -> Self {
        Self(Some(method))
    }

    /// It was answered.
    pub(super) fn answered(mut self, reply: &Reply) {
        if let Some(method) = self.0.take() {
            count(method, reply.status.to_string());
            limits(reply);
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if let Some(method) = self.0 {
            count(method, "lost".to_owned());
        }
    }
}

fn count(method: &Method, status: String) {
    counter!(REQUESTS, "method" => method.to_string(), "status" => status).increment(1);
}

fn limits(reply: &Reply) {
    for (header, name) in
        [("x-ratelimit-remaining", REMAINING), ("x-ratelimit-limit", LIMIT), ("x-ratelimit-reset", RESET)]
    {
        if let Some(number) = reply.number(header) {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            gauge!(name).set(number as f64);
        }
    }
}
