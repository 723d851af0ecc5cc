//! Moves refs, always compared with what was there: create-only, advance from a known tip, delete with a lease.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use git2::{ErrorCode, Oid, Reference, Repository};

use super::error::{io_error, vcs_error};
use super::stale::unlocked;
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

const PACKED: &str = "packed-refs";

/// A branch's ref.
#[must_use]
pub fn branch_ref(branch: &BranchName) -> String {
    format!("refs/heads/{branch}")
}

/// What a ref points to.
///
/// # Errors
/// [`VcsError::Corrupt`] when it can't be read.
pub fn tip(repo: &Repository, name: &str) -> Result<Option<Oid>, VcsError> {
    match repo.refname_to_id(name) {
        Ok(oid) => Ok(Some(oid)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(vcs_error(&error)),
    }
}

/// All refs below a folder of refs, such as `refs/pull`, with what they point to. One that goes while they are read is left
/// out.
///
/// # Errors
/// [`VcsError::Corrupt`] when the refs can't be listed, or one of them can't be read: it isn't gone.
pub fn below(repo: &Repository, folder: &str) -> Result<BTreeMap<String, Oid>, VcsError> {
    // libgit2 leaves out of its list what it can't read, or takes its older packed value, so the files are looked at too.
    // Before the list: what somebody packs meanwhile is in either.
    let loose = loose_below(repo, folder).map_err(|error| io_error(&error))?;
    let mut found = BTreeMap::new();
    for reference in repo.references_glob(&format!("{folder}/*")).map_err(|error| vcs_error(&error))? {
        let reference = match reference {
            Err(error) if error.code() == ErrorCode::NotFound => continue,
            reference => reference.map_err(|error| vcs_error(&error))?,
        };
        if let (Ok(name), Some(oid)) = (reference.name(), reference.target()) {
            found.insert(name.to_owned(), oid);
        }
    }
    for name in loose {
        match repo.find_reference(&name) {
            Ok(reference) => found.extend(reference.target().map(|oid| (name, oid))),
            Err(error) if error.code() == ErrorCode::NotFound => {}
            Err(error) => {
                return Err(match vcs_error(&error) {
                    VcsError::Corrupt(_) => VcsError::Corrupt(format!("{name} can't be read; restore or delete it")),
                    other => other,
                });
            }
        }
    }
    Ok(found)
}

/// The names of the refs that have a file of their own. Files that no ref can have, such as locks, aren't among them.
fn loose_below(repo: &Repository, folder: &str) -> std::io::Result<Vec<String>> {
    let gone = |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    let (mut names, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(repo.path().join(&folder)) {
            Err(error) if gone(&error) => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let name = format!("{folder}/{name}");
            match entry.file_type() {
                Err(error) if gone(&error) => {}
                Ok(kind) if kind.is_dir() => folders.push(name),
                Ok(_) if Reference::is_valid_name(&name) => names.push(name),
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(names)
}

/// Makes a ref that isn't there; `false` when it is there by now. The check and the write are one step.
///
/// # Errors
/// [`VcsError::WrongState`] when another branch's name is in the way, or a failure to write.
pub fn create(repo: &Repository, name: &str, oid: Oid) -> Result<bool, VcsError> {
    match advance_from(repo, name, Oid::ZERO_SHA1, oid) {
        Ok(moved) => Ok(moved),
        Err(error) => match in_the_way(repo, name) {
            Some(other) => Err(VcsError::WrongState(format!(
                "{other} is in the way of {name}: Git can't have both; rename or delete it"
            ))),
            None => Err(vcs_error(&error)),
        },
    }
}

/// Moves a ref from one value to another; `false` when it has another value by now.
///
/// # Errors
/// A failure to write.
pub fn advance(repo: &Repository, name: &str, from: Oid, to: Oid) -> Result<bool, VcsError> {
    advance_from(repo, name, from, to).map_err(|error| vcs_error(&error))
}

/// Deletes a ref that is still at `lease`; `false` when it isn't. One that is gone already counts as deleted.
///
/// # Errors
/// A failure to write.
pub fn delete(repo: &Repository, name: &str, lease: Oid) -> Result<bool, VcsError> {
    let deleted = unlocked(repo, &[name, PACKED], || match repo.find_reference(name) {
        // libgit2 compares the ref with the value that was looked up here, under the ref's lock.
        Ok(mut reference) if reference.target() == Some(lease) => reference.delete().map(|()| true),
        Ok(_) => Ok(false),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(true),
        Err(error) => Err(error),
    });
    match deleted {
        Err(error) if error.code() == ErrorCode::Modified => Ok(false),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(true),
        outcome => outcome.map_err(|error| vcs_error(&error)),
    }
}

/// Packs loose refs into one file, so that thousands of finished pull requests cost one read.
///
/// # Errors
/// A failure to write.
pub fn pack(repo: &Repository) -> Result<(), VcsError> {
    unlocked(repo, &[PACKED], || repo.refdb_compress()).map_err(|error| vcs_error(&error))
}

fn advance_from(repo: &Repository, name: &str, from: Oid, to: Oid) -> Result<bool, git2::Error> {
    let write = || repo.reference_matching(name, to, true, from, "cre-backend-api").map(|_| true);
    let written = unlocked(repo, &[name, PACKED, "HEAD"], || match write() {
        // Whoever deletes the last branch of a folder removes the folder, perhaps just when we have made it.
        Err(error) if error.code() == ErrorCode::NotFound && from.is_zero() => write(),
        written => written,
    });
    match written {
        Err(error) if matches!(error.code(), ErrorCode::Modified | ErrorCode::Exists) => Ok(false),
        Err(error) if error.code() == ErrorCode::NotFound && !from.is_zero() => Ok(false),
        outcome => outcome,
    }
}

/// A ref whose name is a folder of this one's, or the other way round.
fn in_the_way(repo: &Repository, name: &str) -> Option<String> {
    let parents = name.match_indices('/').map(|(at, _)| &name[..at]).skip(2);
    let parent = parents.into_iter().find(|parent| repo.find_reference(parent).is_ok()).map(str::to_owned);
    parent.or_else(|| below(repo, name).ok()?.into_keys().next())
}
