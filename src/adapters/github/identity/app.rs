//! A GitHub App's installation token: made when needed, once for all who ask, and renewed before it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use octocrab::auth::create_jwt;
use octocrab::models::AppId;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::super::api::{Ask, Client, Reply, RepositoryName};
use super::{Token, file, file::refused};
use crate::domain::error::VcsError;

const KEY: &str = "GITHUB_APP_PRIVATE_KEY_FILE";
/// A token is renewed this long before its end, so that no push begins with one that ends on the way.
const BUFFER: SignedDuration = SignedDuration::from_mins(5);
/// With less than this left, a token isn't worth a request.
const LAST: SignedDuration = SignedDuration::from_secs(30);

/// A GitHub App as the settings name it.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    /// `GITHUB_APP_ID`.
    pub app_id: u64,
    /// `GITHUB_APP_INSTALLATION_ID`.
    pub installation_id: u64,
    /// `GITHUB_APP_PRIVATE_KEY_FILE`: PEM, as GitHub gives it; read for each token, so that it can be rotated.
    pub private_key_file: PathBuf,
}

/// An installation with its token.
#[derive(Debug)]
pub(super) struct Installation {
    app: AppCredentials,
    client: Arc<Client>,
    repository: RepositoryName,
    /// How often a token was asked for. Who waited while it rose shares what came of it.
    attempts: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    issued: Option<Issued>,
    failure: Option<VcsError>,
}

#[derive(Debug, Clone)]
struct Issued {
    token: Token,
    expires_at: Timestamp,
}

impl Issued {
    fn lasts(&self, at_least: SignedDuration) -> bool {
        Timestamp::now().duration_until(self.expires_at) > at_least
    }
}

impl Installation {
    pub(super) fn new(app: AppCredentials, client: Arc<Client>, repository: RepositoryName) -> Self {
        Self { app, client, repository, attempts: AtomicU64::new(0), state: Mutex::default() }
    }

    pub(super) async fn token(&self) -> Result<Token, VcsError> {
        let seen = self.attempts.load(Ordering::Acquire);
        // Held while GitHub is asked: this is what makes one request out of many.
        let mut state = self.state.lock().await;
        if let Some(issued) = state.issued.as_ref().filter(|issued| issued.lasts(BUFFER)) {
            return Ok(issued.token.clone());
        }
        if self.attempts.load(Ordering::Acquire) != seen {
            if let Some(issued) = state.issued.as_ref().filter(|issued| issued.lasts(LAST)) {
                return Ok(issued.token.clone());
            }
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
        }
        let made = self.make().await;
        self.attempts.fetch_add(1, Ordering::AcqRel);
        match made {
            Ok(issued) => {
                let token = issued.token.clone();
                *state = State { issued: Some(issued), failure: None };
                Ok(token)
            }
            Err(failure) => {
                state.failure = Some(failure.clone());
                // GitHub being away for a moment is no reason to throw away what still works.
                let rest = state.issued.as_ref().filter(|issued| issued.lasts(LAST));
                rest.map(|issued| issued.token.clone()).ok_or(failure)
            }
        }
    }

    /// Forgets a token that GitHub rejected, unless it was replaced already.
    pub(super) async fn drop_token(&self, token: &Token) {
        let mut state = self.state.lock().await;
        if state.issued.as_ref().is_some_and(|issued| issued.token == *token) {
            state.issued = None;
        }
    }

    async fn make(&self) -> Result<Issued, VcsError> {
        let path = format!("/app/installations/{}/access_tokens", self.app.installation_id);
        // No more than is needed: a token that leaks opens one repository.
        let wanted = json!({
            "repositories": [self.repository.name()],
            "permissions": { "contents": "write", "pull_requests": "write" },
        });
        let reply = self.client.once(&Ask::post(&path, &wanted), &self.pass()?).await?;
        match reply.status {
            200..=299 => issued(&reply),
            401 | 404 => Err(VcsError::Refused {
                missing: format!(
                    "GitHub knows no installation {} of the App {}, or its key is another: check GITHUB_APP_ID, \
                     GITHUB_APP_INSTALLATION_ID, {KEY} and this machine's clock",
                    self.app.installation_id, self.app.app_id
                ),
            }),
            403 | 422 => Err(VcsError::Refused {
                missing: format!(
                    "the GitHub App can't have {} on {}{}: grant them, and install it on this repository",
                    super::PERMISSIONS,
                    self.repository,
                    reply.words(&[]).map(|words| format!(" ({words})")).unwrap_or_default(),
                ),
            }),
            _ => Err(reply.unexpected()),
        }
    }

    /// The App's own pass, good for nine minutes.
    fn pass(&self) -> Result<Token, VcsError> {
        let path = &self.app.private_key_file;
        let pem = file::read(path, KEY)?;
        let wrong = || refused(KEY, path, "holds no RSA private key in PEM form");
        let key = octocrab::EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| wrong())?;
        let pass = Zeroizing::new(create_jwt(AppId(self.app.app_id), &key).map_err(|_| wrong())?);
        Token::parse(&pass).map_err(|_| wrong())
    }
}

fn issued(reply: &Reply) -> Result<Issued, VcsError> {
    #[derive(Deserialize)]
    struct Answer {
        token: String,
        expires_at: Timestamp,
    }
    let unreadable = || VcsError::Unreachable("GitHub's answer holds no installation token".to_owned());
    let answer: Answer = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
    let token = Token::parse(&Zeroizing::new(answer.token)).map_err(|_| unreadable())?;
    Ok(Issued { token, expires_at: answer.expires_at })
}
