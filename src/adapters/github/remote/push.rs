//! One push: create, fast-forward or delete a branch, compared with what was there, and never forced.

use std::cell::{Cell, RefCell};

use git2::{Direction, ErrorCode, Oid, PushOptions, Repository};

use super::{Operation, Remote, callbacks, head};
use crate::adapters::git::error::vcs_error;
use crate::adapters::git::refs::branch_ref;
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

/// How much of what a server says during a push is kept.
const WORDS_LIMIT: usize = 8 * 1024;

/// A branch's way from one commit to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The branch.
    pub branch: BranchName,
    /// Where it must be; `None` when it must not be there.
    pub from: Option<Oid>,
    /// Where it goes, as a commit of the repository; `None` deletes it.
    pub to: Option<Oid>,
    /// A branch whose tip the repository should have, so that the push needs no objects that the server has already.
    pub knowing: Option<BranchName>,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The branch is where it should be.
    Done,
    /// Nothing was pushed: the branch is there now, or is gone.
    Elsewhere(Option<Oid>),
    /// Nothing was pushed: the tip of the branch to be known isn't in the repository. Fetch it and push again.
    Unknown,
}

pub(super) fn push(
    remote: &Remote,
    repo: &Repository,
    push: &Push,
    operation: &Operation,
) -> Result<Outcome, VcsError> {
    let name = branch_ref(&push.branch);
    let (from, to) = (push.from.unwrap_or(Oid::ZERO_SHA1), push.to.unwrap_or(Oid::ZERO_SHA1));
    if let Some(to) = push.to {
        let commit = repo.find_commit(to).map_err(|error| vcs_error(&error))?;
        // Seen here and not by libgit2, which needs history for it that a shallow repository doesn't have.
        if push.from.is_some_and(|from| commit.parent_ids().all(|parent| parent != from)) {
            return Err(VcsError::WrongState("a branch moves forward only to a child of its commit".to_owned()));
        }
    }
    let refspec = push.to.map_or_else(|| format!(":{name}"), |to| format!("{to}:{name}"));
    let (elsewhere, rejected) = (Cell::new(None), RefCell::new(None));
    let words = RefCell::new(Vec::new());
    let session = remote.session(operation);
    let pushed = session.run(|| {
        let mut detached = repo.remote_anonymous(remote.address())?;
        let mut connection = detached.connect_auth(Direction::Push, Some(callbacks(&session)), None)?;
        let wanted = push.knowing.as_ref().and_then(|known| head(connection.list().ok()?, &branch_ref(known)));
        if wanted.is_some_and(|tip| repo.find_commit(tip).is_err()) {
            return Ok(Outcome::Unknown);
        }
        let mut callbacks = callbacks(&session);
        callbacks.push_negotiation(|updates| {
            // What the server just said is where the branch is. The server compares it again when it moves the branch.
            match updates {
                [update] if update.src() == from && update.dst() == to => Ok(()),
                [update] => {
                    elsewhere.set(Some(update.src()));
                    Err(git2::Error::new(ErrorCode::Modified, git2::ErrorClass::Net, "the branch is elsewhere"))
                }
                _ => Err(git2::Error::from_str("not one update")),
            }
        });
        // Without this callback, libgit2 takes a rejected update for a success.
        callbacks.push_update_reference(|_, status| {
            *rejected.borrow_mut() = status.map(str::to_owned);
            Ok(())
        });
        callbacks.sideband_progress(|text| {
            let mut words = words.borrow_mut();
            let room = WORDS_LIMIT - words.len();
            words.extend_from_slice(&text[..text.len().min(room)]);
            session.goes_on()
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks).packbuilder_parallelism(1);
        connection.remote().push(&[&refspec], Some(&mut options))?;
        Ok(Outcome::Done)
    });
    if let Some(at) = elsewhere.take() {
        return Ok(Outcome::Elsewhere(Some(at).filter(|at| !at.is_zero())));
    }
    match (pushed, rejected.take()) {
        (Ok(outcome), None) => Ok(outcome),
        (Err(error), None) => Err(error),
        (_, Some(reason)) => {
            // Who lost a race is rejected too, in words that differ from server to server; where the branch is tells.
            let at = remote.tips(&name, operation)?.get(&name).copied();
            if at != push.from {
                return Ok(Outcome::Elsewhere(at));
            }
            let words = String::from_utf8_lossy(&words.borrow()).into_owned();
            let told = operation.clean(&format!("{reason}: {words}"));
            Err(VcsError::Refused { missing: format!("{name}: {}", told.trim_end_matches([':', ' '])) })
        }
    }
}
