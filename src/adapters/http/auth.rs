//! Who sends a request, and whether they may write.

mod tokens;

use std::path::PathBuf;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::error::ApiError;
use crate::domain::error::Failure;
use crate::domain::names::Actor;
use tokens::TokenFile;

/// The sender of a request, as authentication verified it; an extractor. No header but the credentials sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The name that stands in commits, pull requests and the log.
    pub actor: Actor,
    /// Whether it may write at all; namespaces are another question.
    pub can_write: bool,
}

impl Subject {
    /// Passes when the subject may write.
    ///
    /// # Errors
    /// [`Failure::NotAllowed`] when it may only read.
    pub fn require_write(&self) -> Result<(), Failure> {
        if self.can_write {
            return Ok(());
        }
        let name = &self.actor;
        Err(Failure::NotAllowed(format!("{name} may only read; ask for a token with write in AUTH_TOKENS_FILE")))
    }
}

/// Tells who sends a request.
#[derive(Debug)]
pub struct Authenticator {
    tokens: Option<TokenFile>,
}

impl Authenticator {
    /// Everybody is "anonymous" and may write; the bind address and the `Host` rule keep others out.
    #[must_use]
    pub fn off() -> Self {
        Self { tokens: None }
    }

    /// Bearer tokens, listed by their digests in a file that is read again when it changes.
    #[must_use]
    pub fn with_tokens(file: PathBuf) -> Self {
        Self { tokens: Some(TokenFile::new(file)) }
    }

    /// Whether credentials are asked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.tokens.is_some()
    }

    /// The sender of a request with these headers.
    ///
    /// # Errors
    /// 401 without valid credentials.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Subject, ApiError> {
        let Some(tokens) = &self.tokens else { return Ok(Subject { actor: Actor::anonymous(), can_write: true }) };
        let refused = |message| Err(ApiError::new(StatusCode::UNAUTHORIZED, message));
        let mut sent = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = sent.next() else {
            return refused("credentials are missing; send Authorization: Bearer with your token");
        };
        let bearer = value.to_str().ok().and_then(|value| value.split_once(' '));
        let subject = match bearer {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && sent.next().is_none() => {
                tokens.subject(token.trim())
            }
            _ => return refused("these credentials can't be read; send Authorization: Bearer with your token, once"),
        };
        match subject {
            Some(subject) => Ok(subject),
            None => refused("this token isn't known; ask the platform team for one"),
        }
    }
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

    #[test]
    fn without_authentication_everybody_is_anonymous_and_may_write() {
        let subject = Authenticator::off().authenticate(&headers(&["Bearer whatever"])).unwrap();
        assert_eq!(subject.actor.as_str(), "anonymous");
        assert!(subject.require_write().is_ok());
    }

    #[test]
    fn only_one_bearer_token_of_the_file_gets_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens");
        let token = "0123456789abcdef0123456789abcdef";
        std::fs::write(&file, format!("ci read {}\n", tokens::digest_hex(token))).unwrap();
        let authenticator = Authenticator::with_tokens(file);
        let bearer = format!("Bearer {token}");
        let subject = authenticator.authenticate(&headers(&[&format!("bearer {token}")])).unwrap();
        assert_eq!(subject.actor.as_str(), "ci");
        assert!(matches!(subject.require_write(), Err(Failure::NotAllowed(_))));
        let basic = format!("Basic {token}");
        for bad in [&[][..], &["Bearer"], &["Bearer wrong"], &[basic.as_str()], &[bearer.as_str(), bearer.as_str()]] {
            let error = authenticator.authenticate(&headers(bad)).unwrap_err();
            assert_eq!((error.status.as_u16(), error.name()), (401, "AuthenticationError"), "{bad:?}");
        }
    }
}
