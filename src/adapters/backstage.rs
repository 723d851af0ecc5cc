//! `TokenVerifier` for Backstage's tokens: those of people, and those of its plugins, on their own or a person's behalf.
//!
//! What they are: <https://github.com/backstage/backstage/blob/master/beps/0003-auth-architecture-evolution/README.md>

mod claims;
mod client;
mod key_set;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use url::Url;

use self::claims::{LIMITED_USER, PLUGIN, PluginClaims, USER, UserClaims, UserInfo, actor, header, read, user};
use self::client::Client;
use self::key_set::KeySet;
use crate::domain::identity::{Identity, TokenError, Verified};
use crate::domain::names::Actor;
use crate::domain::ports::TokenVerifier;

/// What every user token is for.
const USER_AUDIENCE: &str = "backstage";

/// Which Backstage, and which of its plugins.
#[derive(Debug, Clone)]
pub struct BackstageSettings {
    /// Its backend's address, such as `https://backstage.example.com`.
    pub url: Url,
    /// The plugins that may call, and whether they may write.
    pub plugins: BTreeMap<String, bool>,
    /// What this API is called in tokens of plugins.
    pub audiences: Vec<String>,
    /// Whether a person's groups are asked for: they matter only to rights per namespace.
    pub groups: bool,
}

/// Backstage's tokens.
pub struct BackstageTokens {
    client: Client,
    issuer: String,
    user_info: String,
    users: KeySet,
    /// By plugin: a token's `sub` chooses the address of the keys only among these.
    plugins: BTreeMap<String, (KeySet, bool)>,
    audiences: Vec<String>,
    groups: bool,
}

impl BackstageTokens {
    /// Nothing is asked before the first token.
    ///
    /// # Errors
    /// A sentence about an HTTP client that can't be made.
    pub fn new(settings: BackstageSettings) -> Result<Self, String> {
        let client = Client::new()?;
        let base = settings.url.as_str().trim_end_matches('/');
        let keys = |path: &str| KeySet::new(client.clone(), format!("{base}/api/{path}"));
        let plugins = settings.plugins.into_iter().map(|(plugin, can_write)| {
            let keys = keys(&format!("{plugin}/.backstage/auth/v1/jwks.json"));
            (plugin, (keys, can_write))
        });
        Ok(Self {
            issuer: format!("{base}/api/auth"),
            user_info: format!("{base}/api/auth/v1/userinfo"),
            users: keys("auth/.well-known/jwks.json"),
            plugins: plugins.collect(),
            audiences: settings.audiences,
            groups: settings.groups,
            client,
        })
    }

    /// A person's own token.
    async fn of_user(&self, token: &str) -> Result<Verified, TokenError> {
        let key = self.users.key(header(token)?.kid).await?;
        let claims: UserClaims = read(token, &key, |validation| {
            validation.set_issuer(&[&self.issuer]);
            validation.set_audience(&[USER_AUDIENCE]);
        })?;
        let actor = user(&claims.sub)?;
        let groups = self.groups_of(token).await?;
        Ok(Verified { identity: Identity { actor, can_write: true, groups }, expires: claims.expires() })
    }

    /// A plugin's token; with `obo`, that of the person in whose name it calls.
    async fn of_plugin(&self, token: &str) -> Result<Verified, TokenError> {
        let head = header(token)?;
        let unknown = TokenError::Refused("it is of a plugin that BACKSTAGE_PLUGINS doesn't name");
        let (plugin, (keys, can_write)) =
            claims::unverified_plugin(token).and_then(|plugin| self.plugins.get_key_value(&plugin)).ok_or(unknown)?;
        let key = keys.key(head.kid).await?;
        let claims: PluginClaims = read(token, &key, |validation| validation.set_audience(&self.audiences))?;
        if claims.sub != *plugin {
            return Err(unknown);
        }
        let (actor, groups, expires) = match &claims.obo {
            Some(person) => self.on_behalf_of(person).await?,
            None => (actor(&format!("plugin:{plugin}"))?, Vec::new(), claims.expires()),
        };
        let identity = Identity { actor, can_write: *can_write, groups };
        Ok(Verified { identity, expires: expires.min(claims.expires()) })
    }

    /// A limited token says who somebody is, and is good for nothing else.
    async fn on_behalf_of(&self, token: &str) -> Result<(Actor, Vec<String>, Timestamp), TokenError> {
        let head = header(token)?;
        if head.typ.as_deref() != Some(LIMITED_USER) {
            return Err(TokenError::Refused("its obo is no limited user token"));
        }
        let key = self.users.key(head.kid).await?;
        let claims: UserClaims = read(token, &key, |validation| validation.validate_aud = false)?;
        Ok((user(&claims.sub)?, self.groups_of(token).await?, claims.expires()))
    }

    async fn groups_of(&self, token: &str) -> Result<Vec<String>, TokenError> {
        if !self.groups {
            return Ok(Vec::new());
        }
        let info = self.client.get(&self.user_info, Some(token)).await;
        let info = info.map_err(|_| TokenError::Unavailable("Backstage doesn't tell whose groups these are"))?;
        let info: UserInfo = serde_json::from_slice(&info)
            .map_err(|_| TokenError::Unavailable("Backstage tells groups in a way that can't be read"))?;
        Ok(info.groups())
    }
}

#[async_trait]
impl TokenVerifier for BackstageTokens {
    fn knows(&self, token: &str) -> bool {
        header(token).is_ok_and(|head| matches!(head.typ.as_deref(), Some(USER | PLUGIN)))
    }

    async fn verify<'a>(&'a self, token: &'a str) -> Result<Verified, TokenError> {
        match header(token)?.typ.as_deref() {
            Some(USER) => self.of_user(token).await,
            _ => self.of_plugin(token).await,
        }
    }
}
