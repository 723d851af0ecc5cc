//! Who sends a request, and how far their rights go.

mod checked;
mod tokens;
mod watched;

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::error::ApiError;
use crate::application::lookup::Place;
use crate::domain::access::{Reach, Rules};
use crate::domain::error::Failure;
use crate::domain::identity::{Identity, TokenError};
use crate::domain::names::{Actor, Namespace};
use crate::domain::ports::TokenVerifier;
use checked::Checked;
use tokens::TokenFile;
use watched::Watched;

/// When to come again while nobody can tell whose a token is.
const RETRY_SECONDS: u64 = 2;

/// The sender of a request, as authentication verified it; an extractor. No header but the credentials sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The name that stands in commits, pull requests and the log.
    pub actor: Actor,
    /// Whether it may write at all; namespaces are another question.
    pub can_write: bool,
    /// The namespaces that it may see and change.
    pub reach: Arc<Reach>,
}

impl Subject {
    /// Passes when the subject may write at all.
    ///
    /// # Errors
    /// [`Failure::NotAllowed`] when it may only read.
    pub fn require_write(&self) -> Result<(), Failure> {
        if self.can_write {
            return Ok(());
        }
        let name = &self.actor;
        Err(Failure::NotAllowed(format!("{name} may only read; ask the platform team for a token with write")))
    }

    /// Passes when the subject may write to a namespace.
    ///
    /// # Errors
    /// [`Failure::NotAllowed`] when it may not.
    pub fn require_write_in(&self, namespace: &Namespace) -> Result<(), Failure> {
        self.require_write()?;
        if self.reach.writes(namespace) {
            return Ok(());
        }
        let name = &self.actor;
        Err(Failure::NotAllowed(format!(
            "{name} may not write to {namespace}; ask the platform team for a line in NAMESPACE_ACCESS_FILE"
        )))
    }

    /// Where the subject looks for objects.
    #[must_use]
    pub fn place<'a>(&'a self, namespace: Option<&'a Namespace>) -> Place<'a> {
        Place { namespace, reach: &self.reach }
    }

    /// Whether the subject may see what is in a namespace.
    #[must_use]
    pub fn sees(&self, namespace: &Namespace) -> bool {
        self.reach.reads(namespace)
    }
}

/// Tells who sends a request.
#[derive(Debug)]
pub struct Authenticator {
    tokens: Option<TokenFile>,
    checked: Checked,
    access: Option<Watched<Rules>>,
    everything: Arc<Reach>,
}

impl Authenticator {
    /// Everybody is "anonymous" and may write; the bind address and the `Host` rule keep others out.
    #[must_use]
    pub fn off() -> Self {
        Self::new(None, Vec::new())
    }

    /// Bearer tokens: those that a file lists by their digests, and those that others vouch for.
    #[must_use]
    pub fn new(file: Option<PathBuf>, verifiers: Vec<Arc<dyn TokenVerifier>>) -> Self {
        let (tokens, checked) = (file.map(TokenFile::new), Checked::new(verifiers));
        Self { tokens, checked, access: None, everything: Arc::new(Reach::everything()) }
    }

    /// The same, with rights per namespace from a file. Without one, everybody sees everything, and who may write may everywhere.
    #[must_use]
    pub fn with_access(self, file: PathBuf) -> Self {
        Self { access: Some(Watched::new("NAMESPACE_ACCESS_FILE", file, Rules::parse)), ..self }
    }

    /// Whether credentials are asked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.tokens.is_some() || !self.checked.is_empty()
    }

    /// The sender of a request with these headers.
    ///
    /// # Errors
    /// 401 without valid credentials, 503 when nobody could tell.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Subject, ApiError> {
        let identity = if self.is_on() {
            self.owner(bearer(headers)?).await?
        } else {
            Identity { actor: Actor::anonymous(), can_write: true, groups: Vec::new() }
        };
        let reach = match &self.access {
            Some(access) => Arc::new(access.now().reach(&identity)),
            None => Arc::clone(&self.everything),
        };
        Ok(Subject { actor: identity.actor, can_write: identity.can_write, reach })
    }

    /// Whatever is wrong with a token, it is told in the same words: the reason is for the log.
    async fn owner(&self, token: &str) -> Result<Identity, ApiError> {
        if let Some(identity) = self.tokens.as_ref().and_then(|tokens| tokens.owner(token)) {
            return Ok(identity);
        }
        self.checked.owner(token).await.map_err(|error| match error {
            TokenError::Refused(reason) => {
                tracing::debug!(reason, "a token is refused");
                refused("this token isn't known; ask the platform team for one")
            }
            TokenError::Unavailable(reason) => {
                let message = format!("{reason}; try again in {RETRY_SECONDS} s");
                let mut error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message);
                error.retry_after = Some(RETRY_SECONDS);
                error
            }
        })
    }
}

/// The one bearer token of a request.
fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = sent.next() else {
        return Err(refused("credentials are missing; send Authorization: Bearer with your token"));
    };
    match value.to_str().ok().and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && sent.next().is_none() => Ok(token.trim()),
        _ => Err(refused("these credentials can't be read; send Authorization: Bearer with your token, once")),
    }
}

fn refused(message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, message)
}

impl<S: Sync> FromRequestParts<S> for Subject {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let subject = parts.extensions.get::<Self>().cloned();
        subject.ok_or_else(|| ApiError::defect("a handler asks for the subject on a path that is open to all"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[tokio::test]
    async fn without_authentication_everybody_is_anonymous_and_may_write() {
        let subject = Authenticator::off().authenticate(&headers(&["Bearer whatever"])).await.unwrap();
        assert_eq!(subject.actor.as_str(), "anonymous");
        assert!(subject.require_write().is_ok() && subject.reach.writes_all());
    }

    #[tokio::test]
    async fn only_one_bearer_token_of_the_file_gets_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let token = "0123456789abcdef0123456789abcdef";
        std::fs::write(&file, format!("ci read {}\n", tokens::digest_hex(token))).unwrap();
        let authenticator = Authenticator::new(Some(file), Vec::new());
        let bearer = format!("Bearer {token}");
        let subject = authenticator.authenticate(&headers(&[&format!("bearer {token}")])).await.unwrap();
        assert_eq!(subject.actor.as_str(), "ci");
        assert!(matches!(subject.require_write(), Err(Failure::NotAllowed(_))));
        let basic = format!("Basic {token}");
        for bad in [&[][..], &["Bearer"], &["Bearer wrong"], &[basic.as_str()], &[bearer.as_str(), bearer.as_str()]] {
            let error = authenticator.authenticate(&headers(bad)).await.unwrap_err();
            assert_eq!((error.status.as_u16(), error.name()), (401, "AuthenticationError"), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn rights_per_namespace_are_those_of_the_file_and_without_it_there_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("access");
        std::fs::write(&file, "team-a write anonymous\nteam-b read *\n").unwrap();
        let authenticator = Authenticator::off().with_access(file);
        let subject = authenticator.authenticate(&headers(&[])).await.unwrap();
        let [a, b, c] = ["team-a", "team-b", "team-c"].map(|name| Namespace::parse(name).unwrap());
        assert!(subject.require_write_in(&a).is_ok() && subject.require_write_in(&b).is_err());
        assert!(subject.sees(&b) && !subject.sees(&c));
        let missing = Authenticator::off().with_access(folder.path().join("missing"));
        assert!(!missing.authenticate(&headers(&[])).await.unwrap().sees(&a));
    }
}
