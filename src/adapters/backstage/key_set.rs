//! The public keys that sign Backstage's tokens: fetched when one is asked for that isn't known, and not too often.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use serde::Deserialize;

use super::client::Client;
use crate::domain::identity::TokenError;

/// Not more often than this, whatever keys tokens name.
const PAUSE: Duration = Duration::from_secs(2);
/// A key that Backstage doesn't list any more is taken for so long at most.
const KEEP: Duration = Duration::from_secs(3600);

/// The keys behind one address.
pub(super) struct KeySet {
    client: Client,
    url: String,
    state: Mutex<State>,
    /// One look at a time: who comes meanwhile waits for it.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    keys: HashMap<String, Arc<DecodingKey>>,
    fetched: Option<Instant>,
    /// The last look, and whether it was answered.
    looked: Option<(Instant, bool)>,
}

impl KeySet {
    pub(super) fn new(client: Client, url: String) -> Self {
        Self { client, url, state: Mutex::default(), looking: tokio::sync::Mutex::default() }
    }

    /// The key of this id.
    pub(super) async fn key(&self, id: Option<String>) -> Result<Arc<DecodingKey>, TokenError> {
        let id = id.ok_or(TokenError::Refused("it names no key"))?;
        if let Some(key) = self.known(&id) {
            return Ok(key);
        }
        let _turn = self.looking.lock().await;
        // Whoever had the turn before may have found it.
        if let Some(key) = self.known(&id) {
            return Ok(key);
        }
        if !self.may_look()? {
            return Err(TokenError::Refused("it names a key that isn't there"));
        }
        let fetched = self.client.get(&self.url, None).await.ok().and_then(|body| parse(&body));
        let answered = fetched.is_some();
        self.take(fetched);
        match self.known(&id) {
            Some(key) => Ok(key),
            None if answered => Err(TokenError::Refused("it names a key that isn't there")),
            None => Err(AWAY),
        }
    }

    fn known(&self, id: &str) -> Option<Arc<DecodingKey>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = state.fetched.is_some_and(|fetched| fetched.elapsed() < KEEP);
        state.keys.get(id).filter(|_| fresh).cloned()
    }

    /// Whether it is time for another look; fails when the last one did a moment ago.
    fn may_look(&self) -> Result<bool, TokenError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.looked {
            Some((at, answered)) if at.elapsed() < PAUSE => {
                if answered {
                    Ok(false)
                } else {
                    Err(AWAY)
                }
            }
            _ => Ok(true),
        }
    }

    /// An empty set isn't kept: a plugin's is empty until its first token, and what was there before is better than nothing.
    fn take(&self, fetched: Option<HashMap<String, Arc<DecodingKey>>>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.looked = Some((Instant::now(), fetched.is_some()));
        if let Some(keys) = fetched.filter(|keys| !keys.is_empty()) {
            state.keys = keys;
            state.fetched = Some(Instant::now());
        }
    }
}

const AWAY: TokenError = TokenError::Unavailable("Backstage doesn't tell the keys of its tokens");

/// The keys of a set that can be used; one of another kind is passed over.
fn parse(body: &[u8]) -> Option<HashMap<String, Arc<DecodingKey>>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(body).ok()?;
    let keys = set.keys.into_iter().filter_map(|key| {
        let key: Jwk = serde_json::from_value(key).ok()?;
        let AlgorithmParameters::EllipticCurve(parameters) = &key.algorithm else { return None };
        if parameters.curve != EllipticCurve::P256 {
            return None;
        }
        Some((key.common.key_id.clone()?, Arc::new(DecodingKey::from_jwk(&key).ok()?)))
    });
    Some(keys.collect())
}
