//! Reads trees: lists files, finds one, and says what stands in the way of a path.

use git2::{ObjectType, Oid, Repository, Tree};

use super::error::vcs_error;
use crate::domain::change::{BlobId, File};
use crate::domain::error::VcsError;
use crate::domain::names::RepoPath;

const SYMLINK: i32 = 0o120_000;

/// The largest file that is read, in bytes: libgit2 has no way to read a part of one.
pub const FILE_LIMIT: usize = 4 * 1024 * 1024;

/// How much of a repository a list looks at. A few small trees that hold each other many times are endless work otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The most files.
    pub files: usize,
    /// The most folders inside each other.
    pub depth: usize,
    /// The most entries of folders, of any kind.
    pub entries: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { files: 50_000, depth: 64, entries: 200_000 }
    }
}

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
/// As [`find`]; [`VcsError::PathBlocked`] when it is larger than [`FILE_LIMIT`]; [`VcsError::Corrupt`] when its blob is missing.
pub fn read(repo: &Repository, commit: Oid, path: &RepoPath) -> Result<Option<File>, VcsError> {
    let Some(found) = find(repo, &tree_at(repo, commit)?, path)? else { return Ok(None) };
    match content(repo, found.blob, FILE_LIMIT).map_err(|error| vcs_error(&error))? {
        Some(content) => Ok(Some(File { blob: BlobId(found.blob.to_string()), content })),
        None => Err(VcsError::PathBlocked {
            path: path.to_string(),
            reason: format!("the file is larger than {} MiB", FILE_LIMIT / 1024 / 1024),
        }),
    }
}

/// A blob's content; `None`, without loading it, when it is more than `limit` bytes.
///
/// # Errors
/// libgit2's, when the blob is missing or damaged.
pub fn content(repo: &Repository, blob: Oid, limit: usize) -> Result<Option<Vec<u8>>, git2::Error> {
    let (size, _) = repo.odb()?.read_header(blob)?;
    if size > limit { Ok(None) } else { repo.find_blob(blob).map(|blob| Some(blob.content().to_vec())) }
}

/// Lists the regular files below a folder, sorted by path. A folder that isn't there, or is none, holds nothing.
///
/// # Errors
/// [`VcsError::Corrupt`] when a tree is missing, or there is more than the bounds allow to look at.
pub fn list(
    repo: &Repository,
    commit: Oid,
    under: Option<&RepoPath>,
    bounds: Bounds,
) -> Result<Vec<(RepoPath, BlobId)>, VcsError> {
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
    let too_much = || {
        let place = under.map_or("its top", RepoPath::as_str);
        VcsError::Corrupt(format!("the repository has more files or folders below {place} than are looked at"))
    };
    let (mut files, mut entries) = (Vec::new(), 0_usize);
    let mut folders = vec![(prefix, tree.id(), 0_usize)];
    while let Some((prefix, tree, depth)) = folders.pop() {
        let tree = repo.find_tree(tree).map_err(|error| vcs_error(&error))?;
        entries = entries.saturating_add(tree.len());
        if entries > bounds.entries || depth > bounds.depth {
            return Err(too_much());
        }
        for entry in &tree {
            let path = entry.name().ok().and_then(|name| RepoPath::existing(&format!("{prefix}{name}")).ok());
            match (entry.kind(), path) {
                (Some(ObjectType::Blob), Some(path)) if entry.filemode() != SYMLINK => {
                    files.push((path, BlobId(entry.id().to_string())));
                }
                (Some(ObjectType::Tree), Some(path)) => folders.push((format!("{path}/"), entry.id(), depth + 1)),
                _ => {}
            }
        }
        if files.len() > bounds.files {
            return Err(too_much());
        }
    }
    files.sort_unstable();
    Ok(files)
}
