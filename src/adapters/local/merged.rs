//! Whether a pull request is merged: decided from the base branch's history alone, as plain git leaves no other trace.

use git2::{ErrorCode, Oid, Repository, Sort};
use jiff::Timestamp;

use crate::adapters::git::error::vcs_error;
use crate::adapters::git::read::find;
use crate::domain::error::VcsError;
use crate::domain::names::RepoPath;

/// What is asked about.
pub(super) struct Question<'a> {
    /// The pull request's newest commit.
    pub(super) head: Oid,
    /// The base branch's commit.
    pub(super) base: Oid,
    /// The commit that the change was built on: what the base had until then doesn't count.
    pub(super) built_on: Oid,
    /// A base commit for which the answer was "no" before, for the same head.
    pub(super) asked_before: Option<Oid>,
    /// The files that the change touches.
    pub(super) paths: Vec<&'a RepoPath>,
}

/// When it was merged: the time of the first commit on the base branch, along first parents, that has the head in its
/// history (fast-forward, merge commit) or holds the head's files (squash, rebase). `None` when there is no such commit.
pub(super) fn merged_at(repo: &Repository, question: &Question<'_>) -> Result<Option<Timestamp>, VcsError> {
    let Question { head, base, built_on, .. } = *question;
    if base == built_on || question.asked_before == Some(base) {
        return Ok(None);
    }
    // A branch that was reset to where it started has nothing to merge, although its tip is on the base branch.
    let reaches = |from: Oid, to: Oid| {
        if from == to { Ok(true) } else { repo.graph_descendant_of(from, to).map_err(|error| vcs_error(&error)) }
    };
    if reaches(built_on, head)? {
        return Ok(None);
    }
    let reachable = reaches(base, head)?;
    let wanted = files_at(repo, head, &question.paths)?;
    let squashable = wanted.is_some() && wanted != files_at(repo, built_on, &question.paths)?;
    if !reachable && !squashable {
        return Ok(None);
    }
    for commit in base_commits(repo, question).map_err(|error| vcs_error(&error))? {
        let holds =
            (reachable && reaches(commit, head)?) || (squashable && files_at(repo, commit, &question.paths)? == wanted);
        if holds {
            return commit_time(repo, commit).map(Some);
        }
    }
    // Reachable, but only through history that was on the base before: it counts from the base's own commit.
    if reachable { commit_time(repo, base).map(Some) } else { Ok(None) }
}

/// A commit's time.
pub(super) fn commit_time(repo: &Repository, commit: Oid) -> Result<Timestamp, VcsError> {
    let seconds = repo.find_commit(commit).map_err(|error| vcs_error(&error))?.time().seconds();
    Ok(Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// The base branch's commits since the change was built and since the question was asked last, oldest first.
fn base_commits(repo: &Repository, question: &Question<'_>) -> Result<Vec<Oid>, git2::Error> {
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    walk.push(question.base)?;
    walk.simplify_first_parent()?;
    for seen in [Some(question.built_on), question.asked_before].into_iter().flatten() {
        match walk.hide(seen) {
            Err(error) if error.code() != ErrorCode::NotFound => return Err(error),
            _ => {}
        }
    }
    walk.collect()
}

/// The blob at each path (`None`: no file); `None` altogether when something that is no file stands in a path's way.
fn files_at(repo: &Repository, commit: Oid, paths: &[&RepoPath]) -> Result<Option<Vec<Option<Oid>>>, VcsError> {
    let tree = crate::adapters::git::read::tree_at(repo, commit)?;
    let mut blobs = Vec::with_capacity(paths.len());
    for path in paths {
        match find(repo, &tree, path) {
            Ok(found) => blobs.push(found.map(|found| found.blob)),
            Err(VcsError::PathBlocked { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(blobs))
}
