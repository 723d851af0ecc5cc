//! Reads trees: lists files, finds one, and says what stands in the way of a path.

use git2::{ObjectType, Oid, Repository, Tree};

use super::error::vcs_error;
use crate::domain::change::{BlobId, File};
use crate::domain::error::VcsError;
use crate::domain::names::RepoPath;

const SYMLINK: i32 = 0o120_000;

/// A regular file's place in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its blob.
    pub blob: Oid,
    /// Its mode: `0o100644` or `0o100755`.
    pub mode: i32,
}

/// The tree of a commit.
///
/// # Errors
/// [`VcsError::Corrupt`] when the commit or its tree is missing.
pub fn tree_at(repo: &Repository, commit: Oid) -> Result<Tree<'_>, VcsError> {
    repo.find_commit(commit).and_then(|commit| commit.tree()).map_err(|error| vcs_error(&error))
}

/// Finds a regular file; `None` when nothing is there.
///
/// # Errors
/// [`VcsError::PathBlocked`] when a parent is no folder, or the path is a symlink, a submodule or a folder.
pub fn find(repo: &Repository, tree: &Tree<'_>, path: &RepoPath) -> Result<Option<Found>, VcsError> {
    let blocked = |at: &str, reason: &str| VcsError::PathBlocked { path: at.to_owned(), reason: reason.to_owned() };
    let text = path.as_str();
    let mut here = tree.clone();
    let mut start = 0;
    loop {
        let end = text[start..].find('/').map_or(text.len(), |slash| start + slash);
        let entry = here.get_name(&text[start..end]).map(|entry| (entry.kind(), entry.filemode(), entry.id()));
        let Some((kind, mode, id)) = entry else { return Ok(None) };
        let last = end == text.len();
        match kind {
            Some(ObjectType::Commit) => return Err(blocked(&text[..end], "a submodule is there")),
            Some(ObjectType::Blob) if mode == SYMLINK => return Err(blocked(&text[..end], "a symlink is there")),
            Some(ObjectType::Blob) if last => return Ok(Some(Found { blob: id, mode })),
            Some(ObjectType::Blob) => return Err(blocked(&text[..end], "a file is there, not a folder")),
            Some(ObjectType::Tree) if last => return Err(blocked(text, "a folder is there, not a file")),
            Some(ObjectType::Tree) => here = repo.find_tree(id).map_err(|error| vcs_error(&error))?,
            _ => return Err(VcsError::Corrupt("a tree holds an entry of no known kind".to_owned())),
        }
        start = end + 1;
    }
}

/// Reads a regular file.
///
/// # Errors
/// As [`find`]; [`VcsError::Corrupt`] when its blob is missing.
pub fn read(repo: &Repository, commit: Oid, path: &RepoPath) -> Result<Option<File>, VcsError> {
    let Some(found) = find(repo, &tree_at(repo, commit)?, path)? else { return Ok(None) };
    let blob = repo.find_blob(found.blob).map_err(|error| vcs_error(&error))?;
    Ok(Some(File { blob: BlobId(found.blob.to_string()), content: blob.content().to_vec() }))
}

/// Lists the regular files below a folder, sorted by path. A folder that isn't there, or is none, holds nothing.
///
/// # Errors
/// [`VcsError::Corrupt`] when a tree is missing.
pub fn list(repo: &Repository, commit: Oid, under: Option<&RepoPath>) -> Result<Vec<(RepoPath, BlobId)>, VcsError> {
    let mut tree = tree_at(repo, commit)?;
    let mut prefix = String::new();
    for segment in under.map(|path| path.as_str().split('/')).into_iter().flatten() {
        let Some(id) = tree.get_name(segment).filter(|entry| entry.kind() == Some(ObjectType::Tree)).map(|e| e.id())
        else {
            return Ok(Vec::new());
        };
        tree = repo.find_tree(id).map_err(|error| vcs_error(&error))?;
        prefix = format!("{prefix}{segment}/");
    }
    let mut files = Vec::new();
    let mut folders = vec![(prefix, tree)];
    while let Some((prefix, tree)) = folders.pop() {
        for entry in &tree {
            let Ok(name) = entry.name() else { continue };
            let path = format!("{prefix}{name}");
            match entry.kind() {
                Some(ObjectType::Blob) if entry.filemode() != SYMLINK => {
                    files.extend(RepoPath::parse(&path).ok().map(|path| (path, BlobId(entry.id().to_string()))));
                }
                Some(ObjectType::Tree) if RepoPath::parse(&path).is_ok() => {
                    let folder = repo.find_tree(entry.id()).map_err(|error| vcs_error(&error))?;
                    folders.push((format!("{path}/"), folder));
                }
                _ => {}
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}
