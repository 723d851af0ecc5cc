//! An HTTP client that goes only where it may: every address is checked where the connection is made, and so is every redirect.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION,
};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode, Url};
use url::Host;

use super::reach::{self, Reach};
use crate::domain::error::SourceError;
use crate::outbound::{USER_AGENT, reason};

/// Longer chains than this lead nowhere.
const MAX_REDIRECTS: usize = 5;

/// How long a server may be silent before a connection is given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Until a connection stands.
    pub(super) connect: Duration,
    /// Until the answer's head.
    pub(super) head: Duration,
}

/// How far addresses may reach. The function is `reach::of`, but for tests, which have no public server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Whether the setting's own URL may be plain http and private.
    pub(super) allow_private: bool,
    pub(super) reach: fn(IpAddr) -> Reach,
}

impl Default for Rules {
    fn default() -> Self {
        Self { allow_private: false, reach: reach::of }
    }
}

/// What a server sent to recognise its answer by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl Validators {
    pub(super) fn of(response: &Response) -> Self {
        let header = |name: HeaderName| response.headers().get(name).cloned();
        Self { etag: header(ETAG), last_modified: header(LAST_MODIFIED) }
    }

    fn headers(&self) -> HeaderMap {
        let given = [(IF_NONE_MATCH, &self.etag), (IF_MODIFIED_SINCE, &self.last_modified)];
        given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

/// A server's answer to a GET.
pub(super) enum Answer {
    /// What is known already.
    NotModified,
    /// A body, plain or gzipped.
    Body(Response),
}

/// Who named a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// The setting.
    ByUs,
    /// A server, over plain http or not: what came over TLS isn't left for what can be tampered with.
    ByServer { plain: bool },
}

impl Named {
    /// By the server that a URL leads to.
    pub(super) fn by(url: &Url) -> Self {
        Self::ByServer { plain: url.scheme() == "http" }
    }
}

pub(super) struct Client {
    rules: Rules,
    patience: Patience,
    /// For the setting's own URL.
    own: reqwest::Client,
    /// For where servers redirect to.
    public: reqwest::Client,
}

impl Client {
    /// # Errors
    /// When the system's certificates can't be read.
    pub(super) fn new(rules: Rules, patience: Patience) -> Result<Self, String> {
        let make = |private: bool| {
            reqwest::Client::builder()
                .user_agent(USER_AGENT)
                .redirect(Policy::none())
                .referer(false)
                // A proxy would resolve names in our stead, so that nothing could be checked.
                .no_proxy()
                .connect_timeout(patience.connect)
                .dns_resolver(Resolver { private, reach: rules.reach })
                .build()
                .map_err(|error| format!("no HTTPS client can be made ({}); install ca-certificates", reason(&error)))
        };
        Ok(Self { rules, patience, own: make(rules.allow_private)?, public: make(false)? })
    }

    /// Checks what can be told of a URL without asking anybody.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(super) fn check(&self, url: &Url, named: Named) -> Result<(), String> {
        let private = named == Named::ByUs && self.rules.allow_private;
        match url.scheme() {
            "https" => {}
            "http" if private || named == (Named::ByServer { plain: true }) => {}
            "http" => return Err("is plain http, which can be tampered with; use https".to_owned()),
            _ => return Err("is no http(s) address".to_owned()),
        }
        match url.host() {
            None => Err("has no host".to_owned()),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(address)) => allowed(address.into(), private, self.rules.reach),
            Some(Host::Ipv6(address)) => allowed(address.into(), private, self.rules.reach),
        }
    }

    /// Gets a URL, or where it redirects to.
    ///
    /// # Errors
    /// [`SourceError::Unreachable`]; the sentence repeats no address but the host that wasn't allowed.
    pub(super) async fn get(&self, url: &Url, named: Named, known: &Validators) -> Result<Answer, SourceError> {
        let (mut url, mut named) = (url.clone(), named);
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url, named).map_err(|what| unreachable(format!("it leads to an address that {what}")))?;
            let response = self.send(&url, named, known).await?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED && *known != Validators::default() {
                return Ok(Answer::NotModified);
            }
            if !is_redirect(status) {
                return check(&response).map(|()| Answer::Body(response));
            }
            (url, named) = (next(&url, &response)?, Named::by(&url));
        }
        Err(unreachable(format!("it redirects more than {MAX_REDIRECTS} times")))
    }

    async fn send(&self, url: &Url, named: Named, known: &Validators) -> Result<Response, SourceError> {
        let client = if named == Named::ByUs { &self.own } else { &self.public };
        let request = client.get(url.clone()).header(ACCEPT_ENCODING, "gzip").headers(known.headers());
        match tokio::time::timeout(self.patience.head, request.send()).await {
            Ok(answer) => answer.map_err(|error| unreachable(reason(&error))),
            Err(_) => Err(unreachable(format!("no answer within {} seconds", self.patience.head.as_secs()))),
        }
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads. A password that stands in it isn't sent: nobody here chose it.
fn next(url: &Url, response: &Response) -> Result<Url, SourceError> {
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let mut next = location
        .and_then(|location| url.join(location).ok())
        .ok_or_else(|| unreachable("it redirects to no address".to_owned()))?;
    // Fails for addresses that can't have any.
    let _ = next.set_username("").and_then(|()| next.set_password(None));
    Ok(next)
}

fn check(response: &Response) -> Result<(), SourceError> {
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => {
            let hint = "check the address; a version that was announced just now may not be there yet";
            return Err(unreachable(format!("the server answered 404 Not Found; {hint}")));
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            let status = response.status();
            return Err(unreachable(format!("the server answered {status}; check the address and its credentials")));
        }
        status => return Err(unreachable(format!("the server answered {status}"))),
    }
    // What is gzipped is known by its first bytes.
    match response.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity" | b"gzip" | b"x-gzip") => Ok(()),
        Some(_) => Err(unreachable("the server compressed it otherwise than with gzip".to_owned())),
    }
}

fn unreachable(reason: String) -> SourceError {
    SourceError::Unreachable(reason)
}

/// Resolves names and leaves out what mustn't be reached: here, so that no second look can find another address.
struct Resolver {
    private: bool,
    reach: fn(IpAddr) -> Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (private, reach) = (self.private, self.reach);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let refused = found.iter().find_map(|address| allowed(address.ip(), private, reach).err());
            let kept: Vec<_> =
                found.into_iter().filter(|address| allowed(address.ip(), private, reach).is_ok()).collect();
            match refused {
                Some(what) if kept.is_empty() => Err(format!("the host's address {what}").into()),
                _ => Ok(Box::new(kept.into_iter()) as Addrs),
            }
        })
    }
}

fn allowed(address: IpAddr, private: bool, reach: fn(IpAddr) -> Reach) -> Result<(), String> {
    match reach(address) {
        Reach::Public => Ok(()),
        Reach::Private if private => Ok(()),
        Reach::Private => {
            Err("is private; INSTANCE_TYPES_URL_ALLOW_PRIVATE=true allows the URL itself to be so".to_owned())
        }
        Reach::Never => Err("is link-local or reserved".to_owned()),
    }
}
