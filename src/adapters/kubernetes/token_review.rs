//! `TokenVerifier` for the tokens of service accounts: the API server is asked whose they are.
//!
//! <https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/>

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec};
use kube::api::{Api, PostParams};
use serde_json::Value;

use crate::domain::identity::{Identity, TokenError, Verified};
use crate::domain::names::Actor;
use crate::domain::ports::TokenVerifier;

/// How long the API server may take.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How a service account is called.
const PREFIX: &str = "system:serviceaccount:";

/// Tokens of service accounts.
pub struct TokenReviews {
    api: Api<TokenReview>,
    audiences: Vec<String>,
    /// By `namespace:name`: who may call, and whether they may write.
    accounts: BTreeMap<String, bool>,
}

impl TokenReviews {
    /// Asks with this client. `audiences` is what this API is called in tokens; `accounts` are `(namespace, name)`.
    #[must_use]
    pub fn new(client: kube::Client, audiences: Vec<String>, accounts: Vec<(String, String, bool)>) -> Self {
        let accounts = accounts.into_iter();
        let accounts = accounts.map(|(namespace, name, can_write)| (format!("{namespace}:{name}"), can_write));
        Self { api: Api::all(client), audiences, accounts: accounts.collect() }
    }
}

#[async_trait]
impl TokenVerifier for TokenReviews {
    /// A signed token whose subject is a service account. Anything else the API server needn't be asked about.
    fn knows(&self, token: &str) -> bool {
        claims(token).is_some_and(|claims| {
            let account = claims["sub"].as_str().and_then(|sub| sub.strip_prefix(PREFIX));
            account.is_some_and(|account| self.accounts.contains_key(account))
        })
    }

    async fn verify<'a>(&'a self, token: &'a str) -> Result<Verified, TokenError> {
        let spec = TokenReviewSpec { audiences: Some(self.audiences.clone()), token: Some(token.to_owned()) };
        let review = TokenReview { spec, ..TokenReview::default() };
        let parameters = PostParams::default();
        let asked = tokio::time::timeout(TIME_LIMIT, self.api.create(&parameters, &review)).await;
        let away = TokenError::Unavailable("the API server doesn't tell whose token this is");
        let review = match asked {
            Ok(Ok(review)) => review,
            // Its words could repeat the request, which holds the token.
            Ok(Err(kube::Error::Api(status))) => {
                tracing::warn!(status = status.code, "the API server refuses to review tokens");
                return Err(away);
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("the API server doesn't answer a review of a token");
                return Err(away);
            }
        };
        let status = review.status.ok_or(away)?;
        if status.authenticated != Some(true) {
            return Err(TokenError::Refused("the API server doesn't know it"));
        }
        // One that doesn't know audiences leaves them out: then the token is good for it, not for us.
        let ours = status.audiences.unwrap_or_default().iter().any(|audience| self.audiences.contains(audience));
        if !ours {
            return Err(TokenError::Refused("it is for somebody else"));
        }
        let name = status.user.and_then(|user| user.username).unwrap_or_default();
        let account = name.strip_prefix(PREFIX).and_then(|account| self.accounts.get(account));
        let can_write = *account.ok_or(TokenError::Refused("its account isn't in TOKEN_SERVICE_ACCOUNTS"))?;
        let actor = Actor::parse(&name).map_err(|_| TokenError::Refused("its subject can't be a name"))?;
        let expires = claims(token).and_then(|claims| Timestamp::from_second(claims["exp"].as_i64()?).ok());
        Ok(Verified {
            identity: Identity { actor, can_write, groups: Vec::new() },
            expires: expires.unwrap_or(Timestamp::MAX),
        })
    }
}

/// What a signed token says of itself, which nobody has vouched for.
fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
