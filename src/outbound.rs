//! What HTTP clients of addresses in the settings share: how such an address, and what went wrong there, is told without a secret.

use std::error::Error;

use url::Url;

/// What this service calls itself to servers.
pub const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// The URL without what may be secret: credentials and a signed query.
#[must_use]
pub fn location(url: &Url) -> String {
    let mut url = url.clone();
    // Fails for addresses that can't have any.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

/// The innermost reason: the outer ones only say that something failed, and name the address, which may hold credentials.
#[must_use]
pub fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    error.source().map_or_else(|| "the request failed".to_owned(), innermost)
}

/// The last of a chain of causes, in its own words.
#[must_use]
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    innermost.to_string()
}
