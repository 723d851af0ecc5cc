//! The API's address: which ones may be used, and which links lead to it.

use reqwest::Url;

/// A checked `GITHUB_API_URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address(Url);

impl Address {
    /// # Errors
    /// A sentence that names the setting.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |reason: &str| format!("GITHUB_API_URL {reason}");
        // Not repeated in the error: it may hold a password.
        let url = Url::parse(text).map_err(|_| wrong("is no address; https://api.github.com is the usual one"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("must not hold credentials: set GITHUB_TOKEN"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("must end with its path"));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            _ => Err(wrong("must begin with https://, as a token is sent there (http only to this machine)")),
        }
    }

    pub(super) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Path and query of a link below this address, relative to it.
    pub(super) fn path_of(&self, link: &str) -> Option<String> {
        let link = Url::parse(link).ok().filter(|link| link.origin() == self.0.origin())?;
        let path = link.path().strip_prefix(self.0.path().trim_end_matches('/'))?;
        if !path.starts_with('/') {
            return None;
        }
        Some(link.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_only_over_https_or_to_this_machine() {
        for good in
            ["https://api.github.com", "https://git.acme.example/api/v3/", "http://127.0.0.1:80", "http://[::1]:1"]
        {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "api.github.com", "http://api.github.com", "ftp://localhost", "https://a:hunter2@b", "https://b/?a=b"]
        {
            let sentence = Address::parse(bad).unwrap_err();
            assert!(sentence.starts_with("GITHUB_API_URL ") && !sentence.contains("hunter2"), "{sentence}");
        }
    }

    #[test]
    fn only_links_below_the_address_are_its_own() {
        let address = Address::parse("https://git.acme.example/api/v3").unwrap();
        let path = |link: &str| address.path_of(link);
        let own = "https://git.acme.example/api/v3/repositories/1/pulls?page=2";
        assert_eq!(path(own).as_deref(), Some("/repositories/1/pulls?page=2"));
        for other in [
            "https://evil.example/api/v3/pulls",
            "http://git.acme.example/api/v3/pulls",
            "https://git.acme.example:444/api/v3/pulls",
            "https://git.acme.example/api/v33/pulls",
            "https://git.acme.example/login",
            "/api/v3/pulls",
        ] {
            assert_eq!(path(other), None, "{other}");
        }
    }
}
