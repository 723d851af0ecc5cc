//! Asks Backstage: bounded in time and size, and never led elsewhere.

use std::time::Duration;

use crate::outbound::{USER_AGENT, reason};

const TIME_LIMIT: Duration = Duration::from_secs(5);
const CONNECT_TIME: Duration = Duration::from_secs(2);
/// A set of keys has a few kilobytes, the groups of a person not many more.
const MAX_BYTES: usize = 256 * 1024;

/// What isn't answered with 200 and a body of bounded length.
#[derive(Debug, Clone, Copy)]
pub(super) struct NoAnswer;

/// An HTTP client; clones share its connections.
#[derive(Debug, Clone)]
pub(super) struct Client(reqwest::Client);

impl Client {
    pub(super) fn new() -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIME)
            .timeout(TIME_LIMIT)
            .build();
        client.map(Self).map_err(|error| format!("no HTTP client can be made: {error}"))
    }

    /// What is at an address, asked for in somebody's name. A failure is logged, as whoever asks only says that there was one.
    pub(super) async fn get(&self, url: &str, token: Option<&str>) -> Result<Vec<u8>, NoAnswer> {
        let mut request = self.0.get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let failed = |error: reqwest::Error| {
            tracing::warn!(url, reason = reason(&error), "Backstage doesn't answer");
            NoAnswer
        };
        let mut answer = request.send().await.map_err(failed)?;
        if answer.status() != reqwest::StatusCode::OK {
            tracing::warn!(url, status = answer.status().as_u16(), "Backstage refuses to answer");
            return Err(NoAnswer);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BYTES {
                tracing::warn!(url, "Backstage's answer is too long");
                return Err(NoAnswer);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
