//! The `Host` of a request, and the rule that keeps foreign names out: a page on the internet can point its own name at this
//! machine (DNS rebinding) and would otherwise speak to a service that asks for no credentials.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};

use super::error::ApiError;

/// Which names are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostRule {
    /// Every name.
    Any,
    /// Loopback names, and these: in lower case, with a port where only that one is meant.
    Loopback(Vec<String>),
}

impl HostRule {
    /// Without authentication, loopback names and `allowed` are answered; with it, the rule holds only when `allowed` names
    /// some. `*` lifts it.
    #[must_use]
    pub fn new(authentication: bool, allowed: &[String]) -> Self {
        let lifted = allowed.iter().any(|name| name == "*");
        if lifted || (authentication && allowed.is_empty()) {
            return Self::Any;
        }
        Self::Loopback(allowed.iter().map(|name| name.to_lowercase()).collect())
    }

    fn allows(&self, authority: Option<&Authority>) -> bool {
        let Self::Loopback(allowed) = self else { return true };
        let Some(authority) = authority else { return false };
        let host = authority.host().trim_end_matches('.').to_lowercase();
        let with_port = authority.port().map(|port| format!("{host}:{port}"));
        is_loopback(&host) || allowed.iter().any(|name| *name == host || Some(name) == with_port.as_ref())
    }
}

/// Names under `localhost` are loopback by [RFC 6761](https://www.rfc-editor.org/rfc/rfc6761#section-6.3); nobody can register one.
fn is_loopback(host: &str) -> bool {
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    }
}

/// The one authority that a request names; `None` without one, with several, or with one that can't be read.
pub(super) fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Some(authority.clone());
    }
    let mut hosts = headers.get_all(HOST).iter();
    let host: Authority = hosts.next()?.to_str().ok()?.parse().ok()?;
    (hosts.next().is_none() && !host.as_str().contains('@')).then_some(host)
}

/// An extractor: host and port as the client wrote them, for addresses in answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHost(pub String);

impl RequestHost {
    pub(super) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        Self::named(authority(uri, headers).as_ref())
    }

    /// What a request names; loopback's name when it names nothing.
    pub(super) fn named(authority: Option<&Authority>) -> Self {
        Self(authority.map_or_else(|| "localhost".to_owned(), ToString::to_string))
    }
}

impl<S: Sync> FromRequestParts<S> for RequestHost {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers))
    }
}

/// Holds the rule.
///
/// # Errors
/// 403 for any other name.
pub(super) fn check(rule: &HostRule, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    if *rule == HostRule::Any || rule.allows(authority(uri, headers).as_ref()) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "this Host isn't answered; use localhost, or name it in ALLOWED_HOSTS where the service runs",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rule: &HostRule, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        rule.allows(authority(&Uri::from_static("/api"), &headers).as_ref())
    }

    #[test]
    fn without_authentication_only_loopback_names_are_answered() {
        let rule = HostRule::new(false, &[]);
        for good in
            ["localhost", "localhost:8000", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.1.2.3:1", "[::1]:8000"]
        {
            assert!(allows(&rule, good), "{good}");
        }
        for bad in
            ["example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "[::2]", "a@localhost", ""]
        {
            assert!(!allows(&rule, bad), "{bad}");
        }
    }

    #[test]
    fn allowed_hosts_are_answered_beside_loopback_with_or_without_their_port() {
        let rule = HostRule::new(false, &["Api.example.com".to_owned(), "b.example.com:8000".to_owned()]);
        for good in ["api.example.com", "API.example.com:99", "b.example.com:8000", "localhost"] {
            assert!(allows(&rule, good), "{good}");
        }
        for bad in ["b.example.com", "b.example.com:80", "c.api.example.com"] {
            assert!(!allows(&rule, bad), "{bad}");
        }
    }

    #[test]
    fn a_star_or_authentication_lifts_the_rule_and_names_beside_authentication_hold_it() {
        assert_eq!(HostRule::new(false, &["*".to_owned()]), HostRule::Any);
        assert_eq!(HostRule::new(true, &[]), HostRule::Any);
        assert!(!allows(&HostRule::new(true, &["api.example.com".to_owned()]), "evil.example.com"));
    }

    #[test]
    fn a_request_without_a_host_or_with_two_is_refused() {
        let rule = HostRule::new(false, &[]);
        assert!(!rule.allows(authority(&Uri::from_static("/"), &HeaderMap::new()).as_ref()));
        let mut two = HeaderMap::new();
        two.append(HOST, "localhost".parse().unwrap());
        two.append(HOST, "example.com".parse().unwrap());
        assert!(!rule.allows(authority(&Uri::from_static("/"), &two).as_ref()));
    }
}
