//! What a Git server's answer means: its status, its type, where it sends us.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::Session;
use crate::domain::error::VcsError;

/// How much of an answer that isn't Git's protocol is read.
const BODY_LIMIT: usize = 64 * 1024;

/// When to try again after a refusal that doesn't say.
const PAUSE: Duration = Duration::from_secs(60);

/// The longest pause that is believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// `git-upload-pack` or `git-receive-pack`.
    pub(super) service: &'static str,
    /// `advertisement` or `result`.
    pub(super) kind: &'static str,
}

/// An answer that isn't an error.
pub(super) enum Verdict {
    /// Git's protocol follows.
    Good(Response),
    /// The server's `Location`.
    Moved(String),
}

/// Looks at an answer's head.
///
/// # Errors
/// [`VcsError::Refused`], [`VcsError::RateLimited`], [`VcsError::Unreachable`].
pub(super) async fn judge(session: &Session, answer: Response, asked: Asked) -> Result<Verdict, VcsError> {
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let address = session.address();
    let host = address.host_str().unwrap_or("the Git server").to_owned();
    let status = answer.status();
    if status.is_success() {
        let expected = format!("application/x-{}-{}", asked.service, asked.kind);
        return if header(CONTENT_TYPE).is_some_and(|kind| kind.trim() == expected) {
            Ok(Verdict::Good(answer))
        } else {
            Err(VcsError::Unreachable(format!("{host} answered with something that isn't Git's protocol")))
        };
    }
    let pause = header(RETRY_AFTER).map(|text| pause(&text, Timestamp::now()));
    let limited = |pause: Option<Duration>| Err(VcsError::RateLimited { retry_after: pause.unwrap_or(PAUSE) });
    let refused = |missing: String| Err(VcsError::Refused { missing });
    let repository = address.path().trim_start_matches('/').to_owned();
    match status {
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::FOUND
        | StatusCode::SEE_OTHER
        | StatusCode::TEMPORARY_REDIRECT
        | StatusCode::PERMANENT_REDIRECT => Ok(Verdict::Moved(header(LOCATION).unwrap_or_default())),
        StatusCode::UNAUTHORIZED if session.operation.token.is_none() => refused(format!("a token for {host}")),
        StatusCode::UNAUTHORIZED => refused(
            session
                .operation
                .rejection
                .map_or_else(|| format!("a valid token: {host} doesn't take the one that it was shown"), str::to_owned),
        ),
        StatusCode::TOO_MANY_REQUESTS => limited(pause),
        StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE if pause.is_some() => limited(pause),
        StatusCode::FORBIDDEN => {
            let permission = if asked.service == "git-receive-pack" { "write" } else { "read" };
            let words = words(session, answer).await;
            refused(format!("the permission contents: {permission} on {repository}{words}"))
        }
        StatusCode::NOT_FOUND => {
            refused(format!("the repository {repository}: {host} has none, or the token may not see it"))
        }
        status if status.is_server_error() => Err(VcsError::Unreachable(format!("{host} answered {status}"))),
        status => refused(format!("what {host} means by {status}{}", words(session, answer).await)),
    }
}

/// The server's own words, when they are plain text.
async fn words(session: &Session, mut answer: Response) -> String {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/plain")) {
        return String::new();
    }
    let mut body = Vec::new();
    while let Ok(Ok(Some(chunk))) = session.operation.bounded(answer.chunk()).await {
        body.extend_from_slice(&chunk[..chunk.len().min(BODY_LIMIT - body.len())]);
        if body.len() == BODY_LIMIT {
            break;
        }
    }
    let words = session.operation.clean(&String::from_utf8_lossy(&body));
    if words.is_empty() { words } else { format!(": {words}") }
}

/// `Retry-After`: seconds or a date.
fn pause(text: &str, now: Timestamp) -> Duration {
    let text = text.trim();
    let date = || jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp().duration_since(now));
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => date().map_or(PAUSE, |wait| Duration::try_from(wait).unwrap_or_default()),
    };
    pause.clamp(Duration::from_secs(1), LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_told_in_seconds_or_as_a_date_and_is_bounded() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("17", 17),
            ("0", 1),
            ("999999", 3600),
            ("Mon, 23 Nov 2026 10:00:30 GMT", 30),
            ("Mon, 23 Nov 2026 09:00:00 GMT", 1),
            ("soon", 60),
        ] {
            assert_eq!(pause(text, now), Duration::from_secs(seconds), "{text}");
        }
    }
}
