//! Tokens that others vouch for: checked by whoever knows their kind, remembered for a short time, and not more often than is good.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use moka::sync::Cache;

use super::tokens::{Digest, digest_of};
use crate::domain::identity::{Identity, TokenError, Verified};
use crate::domain::ports::TokenVerifier;

/// How long a good token is good without a new check: what is taken away is noticed by then.
const REMEMBER: Duration = Duration::from_secs(60);
/// How long a bad one is bad.
const REFUSE: Duration = Duration::from_secs(10);
/// Tokens that are remembered.
const TOKENS: u64 = 10_000;
/// Checks in a second, of tokens that aren't remembered: a flood of made-up ones mustn't become a flood elsewhere.
const CHECKS: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// A longer token is nobody's.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Who vouches, and what they said of late.
pub struct Checked {
    verifiers: Vec<Arc<dyn TokenVerifier>>,
    good: Cache<Digest, Verified>,
    bad: Cache<Digest, ()>,
    rate: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
}

impl Checked {
    /// Asks these, each for the tokens that look like its own.
    pub fn new(verifiers: Vec<Arc<dyn TokenVerifier>>) -> Self {
        let remembered = |time| Cache::builder().max_capacity(TOKENS).time_to_live(time).build();
        let bad = Cache::builder().max_capacity(TOKENS).time_to_live(REFUSE).build();
        Self { verifiers, good: remembered(REMEMBER), bad, rate: RateLimiter::direct(Quota::per_second(CHECKS)) }
    }

    /// Whether there is anybody to ask.
    pub fn is_empty(&self) -> bool {
        self.verifiers.is_empty()
    }

    /// Whose token this is. What is kept of a token is its digest.
    pub async fn owner(&self, token: &str) -> Result<Identity, TokenError> {
        let unknown = TokenError::Refused("nobody knows this kind of token");
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Refused("it is too long"));
        }
        let verifier = self.verifiers.iter().find(|verifier| verifier.knows(token)).ok_or(unknown)?;
        let digest = digest_of(token);
        let remembered = self.good.get(&digest).filter(|good| good.expires > Timestamp::now());
        if let Some(good) = remembered {
            return Ok(good.identity);
        }
        if self.bad.contains_key(&digest) {
            return Err(TokenError::Refused("it was refused a moment ago"));
        }
        if self.rate.check().is_err() {
            return Err(TokenError::Unavailable("too many unknown tokens come at once"));
        }
        match verifier.verify(token).await {
            Ok(good) => {
                self.good.insert(digest, good.clone());
                Ok(good.identity)
            }
            Err(error) => {
                if matches!(error, TokenError::Refused(_)) {
                    self.bad.insert(digest, ());
                }
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").field("verifiers", &self.verifiers.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::Actor;
    use crate::domain::ports::MockTokenVerifier;

    fn verified(seconds: i64) -> Verified {
        let identity = Identity { actor: Actor::parse("ada").unwrap(), can_write: true, groups: Vec::new() };
        Verified { identity, expires: Timestamp::now() + jiff::SignedDuration::from_secs(seconds) }
    }

    #[tokio::test]
    async fn a_good_token_is_checked_once_and_one_that_expired_again() {
        let mut verifier = MockTokenVerifier::new();
        verifier.expect_knows().return_const(true);
        verifier.expect_verify().times(1).withf(|token| token == "good").returning(|_| Ok(verified(100)));
        verifier.expect_verify().times(2).withf(|token| token == "old").returning(|_| Ok(verified(-1)));
        let checked = Checked::new(vec![Arc::new(verifier)]);
        for token in ["good", "good", "old", "old"] {
            assert_eq!(checked.owner(token).await.unwrap().actor.as_str(), "ada");
        }
    }

    #[tokio::test]
    async fn a_bad_token_is_refused_without_asking_again_and_what_nobody_could_tell_is_asked_again() {
        let mut verifier = MockTokenVerifier::new();
        verifier.expect_knows().return_const(true);
        verifier.expect_verify().times(1).withf(|token| token == "bad").returning(|_| Err(TokenError::Refused("no")));
        verifier
            .expect_verify()
            .times(2)
            .withf(|token| token == "away")
            .returning(|_| Err(TokenError::Unavailable("away")));
        let checked = Checked::new(vec![Arc::new(verifier)]);
        for token in ["bad", "bad"] {
            assert!(matches!(checked.owner(token).await, Err(TokenError::Refused(_))));
        }
        for token in ["away", "away"] {
            assert!(matches!(checked.owner(token).await, Err(TokenError::Unavailable(_))));
        }
    }

    #[tokio::test]
    async fn a_flood_of_made_up_tokens_is_not_passed_on() {
        let mut verifier = MockTokenVerifier::new();
        verifier.expect_knows().return_const(true);
        verifier.expect_verify().times(..=120).returning(|_| Err(TokenError::Refused("no")));
        let checked = Checked::new(vec![Arc::new(verifier)]);
        let mut held = 0;
        for number in 0..1000 {
            held += u32::from(matches!(checked.owner(&number.to_string()).await, Err(TokenError::Unavailable(_))));
        }
        assert!(held > 800, "{held}");
        assert!(matches!(checked.owner(&"x".repeat(10_000)).await, Err(TokenError::Refused("it is too long"))));
    }
}
