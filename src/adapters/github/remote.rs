//! The repository on the Git server: what its refs are, fetch, and pushes that never force.

mod advertised;
mod operation;
mod pack;
mod push;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use git2::{AutotagOption, Direction, FetchOptions, FetchPrune, Oid, RemoteCallbacks, RemoteHead, Repository};
use reqwest::{Client, Url};

pub use self::operation::Operation;
pub use self::push::{Outcome, Push};
use super::transport::Session;
use crate::adapters::git::{self, refs};
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

/// GitHub speaks Git's protocol to clients that begin like this.
const USER_AGENT: &str = "git/2 (cre-backend-api)";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shorter than servers keep idle connections, so that a push rarely meets one that is just being closed.
const IDLE: Duration = Duration::from_secs(15);

/// How much is taken from, and given to, the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of a list of refs.
    pub advertisement: u64,
    /// The most bytes of a fetched pack.
    pub pack: u64,
    /// The most bytes of a push, which is gathered in memory.
    pub upload: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { advertisement: 256 << 20, pack: 2 << 30, upload: 256 << 20 }
    }
}

/// The repository's address can't be used; the sentence says what to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadRemote(pub String);

/// A repository behind Git's smart HTTP protocol. All but [`Remote::new`] must run on a blocking thread of a Tokio runtime.
#[derive(Debug, Clone)]
pub struct Remote {
    address: Url,
    client: Client,
    limits: Limits,
}

impl Remote {
    /// The repository at an `http` or `https` address. Nothing is asked yet.
    ///
    /// # Errors
    /// [`BadRemote`] when the address has another scheme, or holds more than a host and a path.
    pub fn new(address: &str, limits: Limits) -> Result<Self, BadRemote> {
        let bad = |reason: &str| BadRemote(format!("the GitOps repository's address {reason}"));
        let address = Url::parse(address).map_err(|_| bad("can't be read"))?;
        if !matches!(address.scheme(), "http" | "https") {
            return Err(bad("must begin with https:// or http://"));
        }
        if !address.username().is_empty() || address.password().is_some() {
            return Err(bad("must not hold a user or password; set the token apart"));
        }
        if address.query().is_some() || address.fragment().is_some() || address.path().len() < 2 {
            return Err(bad("must be a host and the path of a repository, without ? or #"));
        }
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(|error| BadRemote(format!("HTTP can't be set up: {error}")))?;
        Ok(Self { address, client, limits })
    }

    /// The repository's address: nothing in it is secret.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    fn session(&self, operation: &Operation) -> Arc<Session> {
        Arc::new(Session::new(self.client.clone(), self.address.clone(), self.limits, operation.clone()))
    }

    /// The remote's refs whose full names begin with `prefix`.
    ///
    /// # Errors
    /// [`VcsError`] as the server or the connection has it.
    pub fn tips(&self, prefix: &str, operation: &Operation) -> Result<BTreeMap<String, Oid>, VcsError> {
        git::isolate();
        self.session(operation).run(|| {
            let mut remote = git2::Remote::create_detached(self.address())?;
            let connection = remote.connect_auth(Direction::Fetch, None, None)?;
            let heads = connection.list()?.iter().filter(|head| head.name().starts_with(prefix));
            Ok(heads.map(|head| (head.name().to_owned(), head.oid())).collect())
        })
    }

    /// Fetches a branch, and nothing else, into a ref of `repo`; `None` when the remote has no such branch. Nothing is asked
    /// for when the ref is where the branch is. History below `depth` commits is left out.
    ///
    /// # Errors
    /// [`VcsError`] as the server or the connection has it; [`VcsError::Corrupt`] when `repo` is damaged.
    pub fn fetch(
        &self,
        repo: &Repository,
        branch: &BranchName,
        into: &str,
        depth: Option<i32>,
        operation: &Operation,
    ) -> Result<Option<Oid>, VcsError> {
        let wanted = [(refs::branch_ref(branch), into.to_owned())];
        Ok(self.fetch_refs(repo, &wanted, depth, operation)?.into_iter().next().flatten())
    }

    /// Fetches refs, each into one of `repo`, in one exchange: where each of them is, in their order; `None` for one that the
    /// remote doesn't have. Otherwise as [`Remote::fetch`].
    ///
    /// # Errors
    /// As [`Remote::fetch`].
    pub fn fetch_refs(
        &self,
        repo: &Repository,
        wanted: &[(String, String)],
        depth: Option<i32>,
        operation: &Operation,
    ) -> Result<Vec<Option<Oid>>, VcsError> {
        let here: Vec<Option<Oid>> = wanted.iter().map(|(_, into)| refs::tip(repo, into)).collect::<Result<_, _>>()?;
        let session = self.session(operation);
        let fetched = session.run(|| {
            let mut remote = repo.remote_anonymous(self.address())?;
            let mut connection = remote.connect_auth(Direction::Fetch, Some(callbacks(&session)), None)?;
            let heads = connection.list()?;
            let tips: Vec<Option<Oid>> = wanted.iter().map(|(source, _)| head(heads, source)).collect();
            let is_here = |tip: Oid, here: Option<Oid>| here == Some(tip) && repo.find_commit(tip).is_ok();
            let missing = wanted.iter().zip(tips.iter().zip(&here));
            let missing = missing.filter(|(_, (tip, here))| tip.is_some_and(|tip| !is_here(tip, **here)));
            // The refs are the mirror's own, so they follow wherever the branches go; nothing is forced on the remote.
            let specs: Vec<String> = missing.map(|((source, into), _)| format!("+{source}:{into}")).collect();
            if specs.is_empty() {
                return Ok(tips);
            }
            let mut options = FetchOptions::new();
            options.remote_callbacks(callbacks(&session)).download_tags(AutotagOption::None);
            options.prune(FetchPrune::Off).update_fetchhead(false).depth(depth.unwrap_or(0));
            connection.remote().fetch(&specs, Some(&mut options), None)?;
            Ok(tips)
        })?;
        if fetched.iter().flatten().any(|tip| repo.find_commit(*tip).is_err()) {
            return Err(VcsError::Corrupt("a fetched commit can't be read".to_owned()));
        }
        Ok(fetched)
    }

    /// Moves, makes or deletes a branch of the remote, if it is where `push` says.
    ///
    /// # Errors
    /// [`VcsError::Refused`] with the server's words when it rejects; else as the server or the connection has it. After
    /// [`VcsError::TimedOut`] and [`VcsError::Unreachable`] the branch may have moved or not.
    pub fn push(&self, repo: &Repository, push: &Push, operation: &Operation) -> Result<Outcome, VcsError> {
        push::push(self, repo, push, operation)
    }
}

/// Callbacks that end the call with the operation.
fn callbacks(session: &Arc<Session>) -> RemoteCallbacks<'static> {
    let mut callbacks = RemoteCallbacks::new();
    let (progress, sideband) = (Arc::clone(session), Arc::clone(session));
    callbacks.transfer_progress(move |_| progress.goes_on()).sideband_progress(move |_| sideband.goes_on());
    callbacks
}

fn head(heads: &[RemoteHead<'_>], name: &str) -> Option<Oid> {
    heads.iter().find(|head| head.name() == name).map(RemoteHead::oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_path_and_never_holds_a_secret() {
        for good in ["https://github.com/org/repo.git", "http://127.0.0.1:3000/org/repo"] {
            assert_eq!(Remote::new(good, Limits::default()).unwrap().address(), good);
        }
        for bad in [
            "https://hunter2@github.com/org/repo",
            "https://x:hunter2@github.com/org/repo",
            "https://github.com/org/repo?token=hunter2",
            "https://github.com/org/repo#hunter2",
            "ssh://git@github.com/org/repo",
            "file:///org/repo",
            "https://github.com",
            "hunter2",
        ] {
            let error = Remote::new(bad, Limits::default()).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
