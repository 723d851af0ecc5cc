//! One push: create, fast-forward or delete a branch, compared with what was there, and never forced.

use std::io::{self, Write as _};

use git2::{Oid, Repository};
use gix_packetline::blocking_io::encode::{flush_to_write, text_to_write};

use super::advertised::Advertised;
use super::pack::pack_of;
use super::report::Report;
use super::{Operation, Remote, USER_AGENT};
use crate::adapters::git::error::vcs_error;
use crate::adapters::git::refs::branch_ref;
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

const SERVICE: &str = "git-receive-pack";

/// A branch's way from one commit to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The branch.
    pub branch: BranchName,
    /// Where it must be; `None` when it must not be there.
    pub from: Option<Oid>,
    /// Where it goes, as a commit of the repository whose first parent the server has; `None` deletes it.
    pub to: Option<Oid>,
    /// A branch whose tip the repository should have: one that moved since may have left what the commit was made on.
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
    let commit = push.to.map(|to| repo.find_commit(to)).transpose().map_err(|error| vcs_error(&error))?;
    if let (Some(commit), Some(from)) = (&commit, push.from)
        && commit.parent_ids().all(|parent| parent != from)
    {
        return Err(VcsError::WrongState("a branch moves forward only to a child of its commit".to_owned()));
    }
    let session = remote.session(operation);
    let failed = |error: io::Error| session.failed(&error);
    let there = Advertised::read(session.advertisement(SERVICE)?).map_err(failed)?;
    let wanted = push.knowing.as_ref().and_then(|known| there.tip(&branch_ref(known)));
    if wanted.is_some_and(|tip| repo.find_commit(tip).is_err()) {
        return Ok(Outcome::Unknown);
    }
    // What the server just said is where the branch is. It compares that again when it moves the branch.
    if there.tip(&name) != push.from {
        return Ok(Outcome::Elsewhere(there.tip(&name)));
    }
    let side_band = there.can("side-band-64k");
    if !there.can("report-status") || (commit.is_none() && !there.can("delete-refs")) {
        return Err(VcsError::Refused {
            missing: "a Git server that reports on pushes and deletes branches".to_owned(),
        });
    }
    let pack = commit.map(|commit| pack_of(repo, &commit)).transpose().map_err(|error| vcs_error(&error))?;
    let mut call = session.call(SERVICE);
    let (from, to) = (push.from.unwrap_or(Oid::ZERO_SHA1), push.to.unwrap_or(Oid::ZERO_SHA1));
    let band = if side_band { " side-band-64k" } else { "" };
    // An agent's name has no spaces.
    let agent = USER_AGENT.replace(' ', "-");
    text_to_write(format!("{from} {to} {name}\0 report-status{band} agent={agent}").as_bytes(), &mut call)
        .and_then(|_| flush_to_write(&mut call))
        .and_then(|_| call.write_all(pack.as_deref().unwrap_or_default()))
        .map_err(failed)?;
    let report = Report::read(call, side_band, || session.goes_on()).map_err(failed)?;
    let Some(reason) = report.rejected else { return Ok(Outcome::Done) };
    // Who lost a race is rejected too, in words that differ from server to server; where the branch is tells.
    let at = remote.tips(&name, operation)?.get(&name).copied();
    if at != push.from {
        return Ok(Outcome::Elsewhere(at));
    }
    let told = operation.clean(&format!("{reason}: {}", report.words));
    Err(VcsError::Refused { missing: format!("{name}: {}", told.trim_end_matches([':', ' '])) })
}
