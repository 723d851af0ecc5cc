//! The policy of calls: reads are repeated, writes never, refusals name what is missing.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::super::identity::{Identity, PERMISSIONS, Token};
use super::RepositoryName;
use super::client::{Ask, Client, Lost, Reply};
use crate::domain::error::VcsError;

/// How often a read is tried.
const TRIES: u32 = 3;
/// The wait before the second try; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The client in one identity's name, for one repository.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) client: Arc<Client>,
    pub(super) identity: Arc<Identity>,
    pub(super) repository: RepositoryName,
}

/// Why a write wasn't done, or may not have been.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Nothing was done.
    Undone(VcsError),
    /// It may have been done: look before doing it again.
    Unclear(VcsError),
    /// The request is against a rule (422), with GitHub's words.
    Invalid(String),
}

impl From<Trouble> for VcsError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Undone(error) | Trouble::Unclear(error) => error,
            Trouble::Invalid(words) => Self::Refused { missing: format!("GitHub refused: {words}") },
        }
    }
}

impl Caller {
    /// Reads; repeated while the server or the way to it fails. Gives a 2xx, 304 or 404 answer.
    pub(super) async fn read(&self, path: &str, etag: Option<&str>) -> Result<Reply, VcsError> {
        let deadline = self.client.deadline();
        let ask = Ask { etag, ..Ask::get(path) };
        let mut wait = FIRST_WAIT;
        for left in (0..TRIES).rev() {
            let failure = match self.by(deadline, self.authorised(&ask)).await {
                Ok((reply, _)) if [502, 503, 504].contains(&reply.status) => reply.unexpected(),
                Ok((reply, _)) if reply.is_success() || [304, 404].contains(&reply.status) => return Ok(reply),
                Ok((reply, token)) => return Err(self.refusal(&reply, &token)),
                Err(Lost { error: error @ (VcsError::Unreachable(_) | VcsError::TimedOut), .. }) => error,
                Err(Lost { error, .. }) => return Err(error),
            };
            // Half of each wait is chance, so that replicas don't ask in step.
            let chance = u32::try_from(RandomState::new().hash_one(left) % 1000).unwrap_or(0);
            let pause = wait / 2 + wait / 2 * chance / 1000;
            if left == 0 || Instant::now() + pause >= deadline {
                return Err(failure);
            }
            tracing::debug!(path, %failure, "asking GitHub again");
            sleep(pause).await;
            wait *= 2;
        }
        Err(VcsError::TimedOut)
    }

    /// Writes, once. Gives a 2xx answer.
    pub(super) async fn write(&self, ask: Ask<'_>) -> Result<Reply, Trouble> {
        let (reply, token) = match self.by(self.client.deadline(), self.authorised(&ask)).await {
            Ok(answer) => answer,
            Err(Lost { sent: true, error }) => return Err(Trouble::Unclear(error)),
            Err(Lost { sent: false, error }) => return Err(Trouble::Undone(error)),
        };
        match reply.status {
            200..=299 => Ok(reply),
            422 => Err(Trouble::Invalid(reply.words(&[token.expose()]).unwrap_or_else(|| "422".to_owned()))),
            // A gateway may have lost the answer to a request that was carried out.
            500.. => Err(Trouble::Unclear(reply.unexpected())),
            _ => Err(Trouble::Undone(self.refusal(&reply, &token))),
        }
    }

    /// One request with the token of the moment. Rejected as it came, it did nothing: then one more with another token, if
    /// there is another.
    async fn authorised(&self, ask: &Ask<'_>) -> Result<(Reply, Token), Lost> {
        let unsent = |error| Lost { sent: false, error };
        let token = self.identity.token().await.map_err(unsent)?;
        let reply = self.client.attempt(ask, &token).await?;
        if reply.status != 401 || !self.identity.rejected(&token).await {
            return Ok((reply, token));
        }
        let token = self.identity.token().await.map_err(unsent)?;
        Ok((self.client.attempt(ask, &token).await?, token))
    }

    async fn by<T>(&self, deadline: Instant, work: impl Future<Output = Result<T, Lost>>) -> Result<T, Lost> {
        let late = |_| Lost { sent: true, error: VcsError::TimedOut };
        timeout_at(deadline, work).await.unwrap_or_else(|elapsed| Err(late(elapsed)))
    }

    /// What an answer that is no success means.
    pub(super) fn refusal(&self, reply: &Reply, token: &Token) -> VcsError {
        if let Some(limited) = reply.limit() {
            return limited;
        }
        let words = reply.words(&[token.expose()]).map(|words| format!(" ({words})")).unwrap_or_default();
        let missing = match reply.status {
            401 => format!("{}{words}", self.identity.rejection()),
            403 => {
                let named = reply.header("x-accepted-github-permissions").map(super::words::clean);
                let permissions = named.filter(|named| !named.is_empty()).unwrap_or_else(|| PERMISSIONS.to_owned());
                format!("GitHub denied the access to {}{words}: the credentials need {permissions}", self.repository)
            }
            404 => return self.not_found(),
            300..=399 => format!(
                "GitHub redirects from {}: it was renamed or moved; set GITOPS_ORGANIZATION and GITOPS_REPO anew",
                self.repository
            ),
            400..=499 => format!("GitHub answered {}{words}", reply.status),
            _ => return reply.unexpected(),
        };
        VcsError::Refused { missing }
    }

    /// The repository isn't there, or is private to others: GitHub doesn't tell which.
    pub(super) fn not_found(&self) -> VcsError {
        VcsError::Refused {
            missing: format!(
                "repository {} not found, or the credentials can't see it: they need {PERMISSIONS}",
                self.repository
            ),
        }
    }
}
