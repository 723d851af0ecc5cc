//! The controller's certificate behind an https address (`SEALED_SECRETS_CERT`).

use async_trait::async_trait;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, StatusCode, Url};

use super::MAX_BYTES;
use super::fetched::{Fetch, Fetched};
use crate::outbound::{USER_AGENT, location, reason};

const MAX_REDIRECTS: usize = 5;

/// An address that a certificate is fetched from. That it is https, or of this machine, is the settings' matter.
pub struct CertificateUrl {
    url: Url,
    client: Client,
}

impl CertificateUrl {
    /// Nobody is asked before [`Fetch::fetch`].
    ///
    /// # Errors
    /// A sentence to follow the setting's name, when the system's certificates can't be read.
    pub fn new(url: Url) -> Result<Self, String> {
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::custom(within_origin))
            .referer(false)
            .no_proxy()
            .build()
            .map_err(|error| format!("no HTTPS client can be made ({}); install ca-certificates", reason(&error)))?;
        Ok(Self { url, client })
    }
}

/// Another server could hand out a certificate of its own, and read every secret from then on.
fn within_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let first = attempt.previous().first().map(Url::origin);
    if first != Some(attempt.url().origin()) {
        attempt.error("it redirects to another server; set the address that it redirects to, if you trust it")
    } else if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("it redirects more than 5 times")
    } else {
        attempt.follow()
    }
}

#[async_trait]
impl Fetch for CertificateUrl {
    async fn fetch(&self) -> Result<Fetched, String> {
        let told = |error| reason(&error);
        let mut response = self.client.get(self.url.clone()).send().await.map_err(told)?;
        match response.status() {
            StatusCode::OK => {}
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                return Err(format!("the server answered {status}; check the address and its credentials"));
            }
            status => return Err(format!("the server answered {status}; check the address")),
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(told)? {
            body.extend_from_slice(&piece);
            if body.len() > MAX_BYTES {
                return Err(format!("it has more than {} KiB, which no certificate has", MAX_BYTES / 1024));
            }
        }
        Ok(Fetched { text: String::from_utf8_lossy(&body).into_owned(), from: location(&self.url) })
    }

    fn named(&self) -> String {
        format!("SEALED_SECRETS_CERT {}", location(&self.url))
    }
}
