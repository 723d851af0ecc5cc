//! What Backstage's tokens say, read only with a key, and the one thing that is looked at before.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::identity::TokenError;
use crate::domain::names::Actor;

/// The type of a person's token.
pub(super) const USER: &str = "vnd.backstage.user";
/// The type of a token that only says who a person is.
pub(super) const LIMITED_USER: &str = "vnd.backstage.limited-user";
/// The type of a plugin's token.
pub(super) const PLUGIN: &str = "vnd.backstage.plugin";

/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 30;

/// A person's token.
#[derive(Deserialize)]
pub(super) struct UserClaims {
    /// The entity, such as `user:default/ada`.
    pub(super) sub: String,
    exp: i64,
}

impl UserClaims {
    pub(super) fn expires(&self) -> Timestamp {
        expires(self.exp)
    }
}

/// A plugin's token.
#[derive(Deserialize)]
pub(super) struct PluginClaims {
    /// The plugin that calls.
    pub(super) sub: String,
    /// In whose name, as a limited user token.
    #[serde(default)]
    pub(super) obo: Option<String>,
    exp: i64,
}

impl PluginClaims {
    pub(super) fn expires(&self) -> Timestamp {
        expires(self.exp)
    }
}

/// Backstage's answer about a person.
#[derive(Deserialize)]
pub(super) struct UserInfo {
    #[serde(default)]
    claims: InfoClaims,
    #[serde(default, rename = "ownershipEntityRefs")]
    owns_as: Vec<String>,
}

#[derive(Deserialize, Default)]
struct InfoClaims {
    #[serde(default)]
    ent: Vec<String>,
}

impl UserInfo {
    /// The entities as which the person owns things: itself and its groups.
    pub(super) fn groups(self) -> Vec<String> {
        let all = self.claims.ent.into_iter().chain(self.owns_as);
        all.filter(|entity| entity.starts_with("group:") && Actor::parse(entity).is_ok()).collect()
    }
}

fn expires(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN)
}

/// A token's header, which nobody has vouched for.
pub(super) fn header(token: &str) -> Result<Header, TokenError> {
    decode_header(token).map_err(|_| TokenError::Refused("its header can't be read"))
}

/// Reads a token that a key has signed, with the one algorithm that Backstage uses.
pub(super) fn read<T: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    narrow: impl FnOnce(&mut Validation),
) -> Result<T, TokenError> {
    let mut validation = Validation::new(Algorithm::ES256);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    narrow(&mut validation);
    // What is compared must be there: by itself, a token without an audience would be for everybody.
    let audience = validation.validate_aud.then_some("aud");
    let issuer = validation.iss.as_ref().map(|_| "iss");
    let required: Vec<&str> = ["exp", "sub"].into_iter().chain(audience).chain(issuer).collect();
    validation.set_required_spec_claims(&required);
    decode(token, key, &validation).map(|data| data.claims).map_err(|error| match error.kind() {
        ErrorKind::ExpiredSignature => TokenError::Refused("it is expired"),
        ErrorKind::InvalidAudience => TokenError::Refused("it is for somebody else"),
        ErrorKind::InvalidIssuer => TokenError::Refused("it is of another issuer"),
        ErrorKind::InvalidAlgorithm => TokenError::Refused("it is signed with another algorithm"),
        ErrorKind::InvalidSignature => TokenError::Refused("its signature is no good"),
        _ => TokenError::Refused("it can't be read"),
    })
}

/// The plugin that a token says that it is of: it chooses whose keys to look at, and is compared again when the token was read.
pub(super) fn unverified_plugin(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Sub {
        sub: String,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Sub>(&payload).ok().map(|claims| claims.sub)
}

/// A person's entity as a subject.
pub(super) fn user(sub: &str) -> Result<Actor, TokenError> {
    if sub.starts_with("user:") { actor(sub) } else { Err(TokenError::Refused("its subject is no user")) }
}

/// A name that may stand in commits and logs.
pub(super) fn actor(name: &str) -> Result<Actor, TokenError> {
    Actor::parse(name).map_err(|_| TokenError::Refused("its subject can't be a name"))
}
