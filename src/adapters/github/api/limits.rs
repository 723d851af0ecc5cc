//! GitHub's rate limits: how an answer tells that one is reached, and the silence until it is over.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::client::Reply;
use crate::domain::error::VcsError;

const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(1);
/// What GitHub asks for when a secondary limit names no time.
const UNNAMED: Duration = Duration::from_mins(1);

/// Until when no request may be sent: going on asking is what gets an integration banned.
#[derive(Debug, Default)]
pub(in super::super) struct Limits {
    until: Mutex<Option<Instant>>,
}

impl Limits {
    /// How long to be silent still.
    pub(in super::super) fn silence(&self) -> Option<Duration> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = until?.saturating_duration_since(Instant::now());
        if rest.is_zero() { None } else { Some(rest.max(SHORTEST)) }
    }

    /// No request for so long; a longer silence that was asked for stays.
    pub(in super::super) fn keep_silent(&self, retry_after: Duration) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(Instant::now().checked_add(retry_after));
    }
}

impl Reply {
    /// [`VcsError::RateLimited`] when this answer says so: the primary limit by its headers, a secondary one by `Retry-After` or
    /// by its words alone.
    pub(super) fn limit(&self) -> Option<VcsError> {
        if self.status != 429 && self.status != 403 {
            return None;
        }
        let used_up = self.number("x-ratelimit-remaining") == Some(0);
        let named = self.number("retry-after").map(Duration::from_secs);
        let words = || self.words(&[]).unwrap_or_default().to_lowercase();
        if self.status == 403 && !used_up && named.is_none() && !words().contains("rate limit") {
            return None;
        }
        let reset = self.number("x-ratelimit-reset").filter(|_| used_up).map(until);
        let retry_after = named.or(reset).unwrap_or(UNNAMED).clamp(SHORTEST, LONGEST);
        Some(VcsError::RateLimited { retry_after })
    }
}

/// The time until a moment in seconds since 1970.
fn until(moment: u64) -> Duration {
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
    Duration::from_secs(moment.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;

    fn reply(status: u16, headers: &[(&'static str, String)], message: &str) -> Reply {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let body = serde_json::json!({ "message": message }).to_string().into_bytes();
        Reply { status, headers, body: body.into() }
    }

    fn seconds(reply: &Reply) -> Option<u64> {
        match reply.limit() {
            Some(VcsError::RateLimited { retry_after }) => Some(retry_after.as_secs()),
            _ => None,
        }
    }

    #[test]
    fn both_limits_are_recognised_and_their_wait_is_bounded() {
        let reset = |seconds: i64| (Timestamp::now().as_second() + seconds).to_string();
        let primary = |wait| [("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset(wait))];
        let wait = seconds(&reply(403, &primary(300), "API rate limit exceeded")).unwrap();
        assert!((200..=300).contains(&wait), "{wait}");
        assert_eq!(seconds(&reply(429, &primary(-5), "")), Some(1));
        assert_eq!(seconds(&reply(403, &primary(90_000), "")), Some(3600));
        assert_eq!(seconds(&reply(403, &[("retry-after", "7".to_owned())], "")), Some(7));
        assert_eq!(seconds(&reply(403, &[], "You have exceeded a secondary rate limit")), Some(60));
        assert_eq!(seconds(&reply(429, &[], "")), Some(60));
    }

    #[test]
    fn a_missing_permission_is_no_limit() {
        assert_eq!(
            seconds(&reply(403, &[("x-ratelimit-remaining", "12".to_owned())], "Resource not accessible")),
            None
        );
        assert_eq!(seconds(&reply(404, &[("retry-after", "7".to_owned())], "")), None);
    }

    #[test]
    fn a_shorter_silence_doesnt_end_a_longer_one() {
        let limits = Limits::default();
        assert_eq!(limits.silence(), None);
        limits.keep_silent(Duration::from_mins(30));
        limits.keep_silent(Duration::from_secs(1));
        assert!(limits.silence().unwrap() > Duration::from_mins(29));
    }
}
