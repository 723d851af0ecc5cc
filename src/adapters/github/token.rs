//! A token that doesn't show itself and is wiped when nobody holds it any more.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::domain::error::VcsError;

/// Longer than any token that GitHub gives.
const LONGEST: usize = 4096;

/// A secret that opens the API and, as the password of `x-access-token`, the repository.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<Zeroizing<String>>);

impl Token {
    /// A token as it stands in a setting, a file or an answer; white space around it doesn't count.
    ///
    /// # Errors
    /// What is wrong with it, without a part of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty");
        }
        if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("is no token: one line of printable ASCII is expected");
        }
        Ok(Self(Arc::new(Zeroizing::new(text.to_owned()))))
    }

    /// The secret itself: for a request's header and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The same for git, base64: what stands behind `Basic `.
    pub(super) fn basic(&self) -> Zeroizing<String> {
        STANDARD.encode(Zeroizing::new(format!("x-access-token:{}", self.expose())).as_bytes()).into()
    }

    /// The value of git's `Authorization`.
    pub(super) fn header(&self) -> Result<HeaderValue, VcsError> {
        let value = Zeroizing::new(format!("Basic {}", self.basic().as_str()));
        let mut header = HeaderValue::from_str(&value)
            .map_err(|_| VcsError::Refused { missing: "a token of plain characters".to_owned() })?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_break_a_header_is_no_token() {
        for bad in ["", " \n", "two words", "two\nlines", "ümlaut", &"x".repeat(LONGEST + 1)] {
            assert!(Token::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Token::parse(" abc\r\n").unwrap().expose(), "abc");
    }
}
