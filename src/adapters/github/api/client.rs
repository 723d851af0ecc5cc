//! One request to GitHub through octocrab: timeouts, a bounded answer, the rate limit's memory. Repeats nothing.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, IF_NONE_MATCH, LINK};
use hyper::http::request::Builder;
use octocrab::Octocrab;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use zeroize::Zeroizing;

use super::super::identity::Token;
use super::address::Address;
pub use super::ask::Ask;
use super::limits::Limits;
use super::metrics::{self, Sent};
use super::words;
use crate::domain::error::VcsError;
use crate::domain::snapshot::Contact;
use crate::traced::call;

/// A page of a hundred pull requests with long texts has a few megabytes; this only bounds a mistake.
const MAX_BODY: usize = 32 * 1024 * 1024;
/// What `remaining` is before GitHub told it.
const UNKNOWN: u64 = u64::MAX;

/// How to reach GitHub.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// `GITHUB_API_URL`: https, or http to a loopback address.
    pub api_url: String,
    /// The most that a connection may take.
    pub connect_timeout: Duration,
    /// The longest silence of the server.
    pub read_timeout: Duration,
    /// The most that a whole call may take, its tries and the token included.
    pub deadline: Duration,
}

impl ClientSettings {
    /// The timeouts that are meant for GitHub.
    #[must_use]
    pub fn new(api_url: impl Into<String>) -> Self {
        let [connect_timeout, read_timeout, deadline] = [5, 12, 30].map(Duration::from_secs);
        Self { api_url: api_url.into(), connect_timeout, read_timeout, deadline }
    }
}

/// The one client of the process: its connections, and what GitHub last said about its limits.
pub struct Client {
    octocrab: Octocrab,
    address: Address,
    deadline: Duration,
    limits: Limits,
    remaining: AtomicU64,
    contact: Arc<Contact>,
}

/// An answer of any status.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; wiped, as it may hold a token.
    pub body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
pub(super) struct Lost {
    /// Whether the request may have been carried out.
    pub sent: bool,
    /// The reason.
    pub error: VcsError,
}

impl Client {
    /// A client for one server. Called within a Tokio runtime.
    ///
    /// # Errors
    /// A sentence that names `GITHUB_API_URL` when that can't be used.
    pub fn new(settings: &ClientSettings) -> Result<Self, String> {
        metrics::describe();
        let address = Address::parse(&settings.api_url)?;
        let defect = |error: &dyn fmt::Display| format!("no client for GITHUB_API_URL can be made: {error}");
        let http = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout)
            // A redirect could lead the token elsewhere; a repository that moved is told instead.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .build()
            .map_err(|error| defect(&error))?;
        // Neither octocrab's identities (they follow links without them or to others) nor its retries (of writes too).
        let builder = octocrab::OctocrabBuilder::new().base_uri(settings.api_url.trim_end_matches('/'));
        let octocrab = builder.and_then(|builder| builder.build_with_reqwest(http)).map_err(|error| defect(&error))?;
        Ok(Self {
            octocrab,
            address,
            deadline: settings.deadline,
            limits: Limits::default(),
            remaining: AtomicU64::new(UNKNOWN),
            contact: Arc::new(Contact::now()),
        })
    }

    /// The end of a call that begins now.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// When GitHub last answered.
    #[must_use]
    pub fn contact(&self) -> Arc<Contact> {
        self.contact.clone()
    }

    /// How many requests GitHub's limit still allows, as it last said.
    #[must_use]
    pub fn remaining(&self) -> Option<u64> {
        Some(self.remaining.load(Ordering::Relaxed)).filter(|remaining| *remaining != UNKNOWN)
    }

    /// Sends a request once and waits for its answer until the deadline.
    ///
    /// # Errors
    /// [`VcsError::Unreachable`], [`VcsError::TimedOut`], [`VcsError::RateLimited`]; any other answer is given back.
    pub async fn once(&self, ask: &Ask<'_>, token: &Token) -> Result<Reply, VcsError> {
        let answer = timeout_at(self.deadline(), self.attempt(ask, token)).await;
        let reply = answer.map_err(|_| VcsError::TimedOut)?.map_err(|lost| lost.error)?;
        reply.limit().map_or(Ok(reply), Err)
    }

    /// Sends a request once, unless GitHub asked for silence.
    pub(super) async fn attempt(&self, ask: &Ask<'_>, token: &Token) -> Result<Reply, Lost> {
        self.attempted(ask, token).instrument(call("GitHub's API")).await
    }

    async fn attempted(&self, ask: &Ask<'_>, token: &Token) -> Result<Reply, Lost> {
        if let Some(retry_after) = self.limits.silence() {
            return Err(Lost { sent: false, error: VcsError::RateLimited { retry_after } });
        }
        let unsendable = |_| Lost { sent: false, error: VcsError::Unreachable("a request can't be built".to_owned()) };
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|error| unsendable(error.to_string()))?;
        bearer.set_sensitive(true);
        let mut builder = Builder::new()
            .method(ask.method.clone())
            .uri(ask.path)
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT, "application/vnd.github+json");
        if let Some(etag) = ask.etag {
            builder = builder.header(IF_NONE_MATCH, etag);
        }
        let request = self.octocrab.build_request(builder, ask.body).map_err(|error| unsendable(error.to_string()))?;
        let sent = Sent::begin(&ask.method);
        let response = self.octocrab.execute(request).await.map_err(|error| self.lost(&error))?;
        let (head, mut body) = response.into_parts();
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(frame) = body.frame().await {
            // The server answered, so it has taken the request.
            let frame = frame.map_err(|error| Lost { sent: true, ..self.lost(&error) })?;
            if let Ok(data) = frame.into_data() {
                if bytes.len() + data.len() > MAX_BODY {
                    return Err(Lost {
                        sent: true,
                        error: VcsError::Unreachable("GitHub's answer is too long".into()),
                    });
                }
                bytes.extend_from_slice(&data);
            }
        }
        let reply = Reply { status: head.status.as_u16(), headers: head.headers, body: bytes };
        sent.answered(&reply);
        self.note(&reply);
        tracing::debug!(method = %ask.method, path = ask.path, status = reply.status, "GitHub answered");
        Ok(reply)
    }

    /// Keeps what an answer says about the limits, and that there was one.
    fn note(&self, reply: &Reply) {
        if reply.status < 500 {
            self.contact.touch();
        }
        if let Some(remaining) = reply.number("x-ratelimit-remaining") {
            self.remaining.store(remaining, Ordering::Relaxed);
        }
        if let Some(VcsError::RateLimited { retry_after }) = reply.limit() {
            self.limits.keep_silent(retry_after);
        }
    }

    /// The path of a link to this API; `None` when it leads elsewhere.
    pub(super) fn own_path(&self, link: &str) -> Option<String> {
        self.address.path_of(link)
    }

    fn lost(&self, error: &(dyn Error + 'static)) -> Lost {
        let mut causes = Vec::new();
        let mut next = Some(error);
        while let Some(cause) = next {
            causes.push(cause);
            next = cause.source();
        }
        let cause = causes.iter().find_map(|cause| cause.downcast_ref::<reqwest::Error>());
        let connecting = cause.is_some_and(reqwest::Error::is_connect);
        if cause.is_some_and(reqwest::Error::is_timeout) && !connecting {
            return Lost { sent: true, error: VcsError::TimedOut };
        }
        let what = if connecting { "no connection to" } else { "the connection was cut by" };
        let detail = causes.last().map(|cause| words::clean(&cause.to_string())).unwrap_or_default();
        let error = VcsError::Unreachable(format!("{what} {}: {detail}", self.address.host()));
        Lost { sent: !connecting, error }
    }
}

impl Reply {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.header(name).and_then(|text| text.trim().parse().ok())
    }

    /// What GitHub says in words, without any of the secrets.
    pub(in super::super) fn words(&self, secrets: &[&str]) -> Option<String> {
        words::of(&self.body, secrets)
    }

    /// The JSON of an answer.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, VcsError> {
        // The reason is left out: it may quote the body.
        serde_json::from_slice(&self.body).map_err(|_| {
            VcsError::Unreachable("GitHub's answer isn't what its API describes; is GITHUB_API_URL right?".to_owned())
        })
    }

    /// The address of the next page.
    pub(super) fn next(&self) -> Option<&str> {
        let links = self.headers.get(LINK)?.to_str().ok()?;
        let next = links.split(',').find(|link| link.split(';').skip(1).any(|word| word.trim() == "rel=\"next\""))?;
        next.split(';').next()?.trim().strip_prefix('<')?.strip_suffix('>')
    }

    /// A status that no rule speaks of.
    pub(in super::super) fn unexpected(&self) -> VcsError {
        let name = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        VcsError::Unreachable(format!("GitHub answered {} {}", self.status, name.unwrap_or_default()).trim().to_owned())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", &self.address).finish_non_exhaustive()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}
