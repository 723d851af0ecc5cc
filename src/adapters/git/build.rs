//! Builds a change's tree and commit in the object database; nothing is ever checked out.

use std::collections::BTreeSet;
use std::sync::Arc;

use git2::build::TreeUpdateBuilder;
use git2::{Commit, FileMode, Oid, Repository, Signature, Tree};

use super::error::vcs_error;
use super::read::{find, tree_at};
use super::sign::SigningKey;
use super::{oid, trailers};
use crate::domain::change::{Action, ChangeSet, FileChange};
use crate::domain::error::VcsError;
use crate::domain::names::RepoPath;

/// Who our commits are by, and how they show it.
#[derive(Debug, Clone)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether each message says `Signed-off-by`.
    pub sign_off: bool,
    /// What each commit is signed with.
    pub key: Option<Arc<SigningKey>>,
}

impl Author {
    /// An author who signs nothing; without an address of its own, one on this machine that is made from the name.
    #[must_use]
    pub fn new(name: &str, email: Option<&str>) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
        let email =
            email.map_or_else(|| format!("{}@localhost", name.chars().map(plain).collect::<String>()), str::to_owned);
        Self { name: name.to_owned(), email, sign_off: false, key: None }
    }

    /// The author's signature, now.
    ///
    /// # Errors
    /// [`VcsError::WrongState`] when Git takes no such name or address.
    pub fn sign(&self) -> Result<Signature<'static>, VcsError> {
        // Git lets a line break inside a name pass, which could end up as a trailer.
        let plain = !self.name.contains(char::is_control) && !self.email.contains(char::is_control);
        let signature = plain.then(|| Signature::now(&self.name, &self.email).ok()).flatten();
        signature
            .ok_or_else(|| VcsError::WrongState("the commit author's name or e-mail address isn't valid".to_owned()))
    }

    /// The trailer's line that says who vouches for a commit, as Git itself writes the author; empty when it isn't wanted.
    ///
    /// # Errors
    /// As [`Author::sign`].
    pub fn sign_off_line(&self) -> Result<String, VcsError> {
        if self.sign_off { Ok(format!("Signed-off-by: {}\n", self.sign()?)) } else { Ok(String::new()) }
    }

    /// Makes a commit that no ref holds, signed when there is a key.
    ///
    /// # Errors
    /// As [`Author::sign`] and [`SigningKey::sign`]; or a failure to write the commit.
    pub fn commit(
        &self,
        repo: &Repository,
        message: &str,
        tree: &Tree<'_>,
        parents: &[&Commit<'_>],
    ) -> Result<Oid, VcsError> {
        let (by, failed) = (self.sign()?, |error: git2::Error| vcs_error(&error));
        let Some(key) = &self.key else {
            return repo.commit(None, &by, &by, message, tree, parents).map_err(failed);
        };
        let content = repo.commit_create_buffer(&by, &by, message, tree, parents).map_err(failed)?;
        let content = content.as_str().map_err(failed)?;
        repo.commit_signed(content, &key.sign(content.as_bytes())?, None).map_err(failed)
    }
}

/// A commit that no ref holds yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The commit.
    pub commit: Oid,
    /// The files that it changes: those asked for that differ from the base, and the `.gitkeep` of a folder left empty.
    pub files: Vec<(RepoPath, Action)>,
}

/// Checks that what each file expects is so at a commit.
///
/// # Errors
/// [`VcsError::BaseMoved`] when something else is there or the commit isn't; [`VcsError::PathBlocked`].
pub fn check(repo: &Repository, at: Oid, files: &[FileChange]) -> Result<(), VcsError> {
    if repo.find_commit(at).is_err() {
        return Err(VcsError::BaseMoved);
    }
    let tree = tree_at(repo, at)?;
    for file in files {
        let found = find(repo, &tree, &file.path)?.map(|found| found.blob.to_string());
        if found.as_deref() != file.expect.as_ref().map(|blob| blob.0.as_str()) {
            return Err(VcsError::BaseMoved);
        }
    }
    Ok(())
}

/// Builds the change's commit on its base.
///
/// # Errors
/// As [`check`]; [`VcsError::WrongState`] when no file would change, or a failure to write objects.
pub fn build(repo: &Repository, change: &ChangeSet, author: &Author) -> Result<Built, VcsError> {
    let message = trailers::message(change, &trailers::attempt(), &author.sign_off_line()?)?;
    let base = oid(&change.base)?;
    check(repo, base, &change.files)?;
    let (tree, files) = changed_tree(repo, &tree_at(repo, base)?, &change.files)?;
    if files.is_empty() {
        return Err(VcsError::WrongState("the change leaves every file as it is".to_owned()));
    }
    let parent = repo.find_commit(base).map_err(|error| vcs_error(&error))?;
    Ok(Built { commit: author.commit(repo, &message, &tree, &[&parent])?, files })
}

/// The tree with the files changed, and what really changed.
fn changed_tree<'repo>(
    repo: &'repo Repository,
    base: &Tree<'_>,
    files: &[FileChange],
) -> Result<(Tree<'repo>, Vec<(RepoPath, Action)>), VcsError> {
    let mut updates = TreeUpdateBuilder::new();
    let mut changed = Vec::new();
    for file in files {
        let path = file.path.as_str();
        let before = find(repo, base, &file.path)?;
        match (&file.content, before) {
            (None, None) => continue,
            (None, Some(_)) => updates.remove(path),
            (Some(content), before) => {
                let blob = repo.blob(content).map_err(|error| vcs_error(&error))?;
                if before.is_some_and(|before| before.blob == blob) {
                    continue;
                }
                let executable = before.is_some_and(|before| before.mode == i32::from(FileMode::BlobExecutable));
                let mode = if executable { FileMode::BlobExecutable } else { FileMode::Blob };
                updates.upsert(path, blob, mode)
            }
        };
        changed.push((file.path.clone(), action(file, before.is_some())));
    }
    let tree = updated(repo, &mut updates, base)?;
    let mut keeps = TreeUpdateBuilder::new();
    let empty = emptied_folders(repo, &tree, &changed)?;
    for gitkeep in &empty {
        let blob = repo.blob(b"").map_err(|error| vcs_error(&error))?;
        keeps.upsert(gitkeep.as_str(), blob, FileMode::Blob);
        changed.push((gitkeep.clone(), Action::Create));
    }
    let tree = if empty.is_empty() { tree } else { updated(repo, &mut keeps, &tree)? };
    Ok((tree, changed))
}

fn updated<'repo>(
    repo: &'repo Repository,
    updates: &mut TreeUpdateBuilder,
    base: &Tree<'_>,
) -> Result<Tree<'repo>, VcsError> {
    updates.create_updated(repo, base).and_then(|tree| repo.find_tree(tree)).map_err(|error| vcs_error(&error))
}

/// The `.gitkeep` of each folder that the deletions left without an entry: Argo CD refuses a folder that is gone.
fn emptied_folders(
    repo: &Repository,
    tree: &Tree<'_>,
    changed: &[(RepoPath, Action)],
) -> Result<BTreeSet<RepoPath>, VcsError> {
    let mut gitkeeps = BTreeSet::new();
    for (path, _) in changed.iter().filter(|(_, action)| *action == Action::Delete) {
        let left = match path.parent() {
            None => tree.len(),
            Some(folder) => match tree.get_path(std::path::Path::new(folder.as_str())) {
                Ok(entry) => repo.find_tree(entry.id()).map_err(|error| vcs_error(&error))?.len(),
                Err(_) => 0,
            },
        };
        if left == 0 && path.gitkeep_beside() != *path {
            gitkeeps.insert(path.gitkeep_beside());
        }
    }
    Ok(gitkeeps)
}

fn action(file: &FileChange, existed: bool) -> Action {
    match (&file.content, existed) {
        (None, _) => Action::Delete,
        (Some(_), true) => Action::Update,
        (Some(_), false) => Action::Create,
    }
}

/// What a commit changes against its first parent, as far as a [`RepoPath`] can name it.
///
/// # Errors
/// [`VcsError::Corrupt`] when objects are missing.
pub fn changed_files(repo: &Repository, commit: Oid) -> Result<Vec<(RepoPath, Action)>, VcsError> {
    let made = repo.find_commit(commit).map_err(|error| vcs_error(&error))?;
    changed_since(repo, made.parent_id(0).ok(), commit)
}

/// What a commit changes against another one, or against nothing, as far as a [`RepoPath`] can name it.
///
/// # Errors
/// [`VcsError::Corrupt`] when objects are missing.
pub fn changed_since(repo: &Repository, parent: Option<Oid>, commit: Oid) -> Result<Vec<(RepoPath, Action)>, VcsError> {
    let diff = || {
        let parent = parent.map(|parent| repo.find_commit(parent)?.tree()).transpose()?;
        repo.diff_tree_to_tree(parent.as_ref(), Some(&repo.find_commit(commit)?.tree()?), None)
    };
    let diff = diff().map_err(|error| vcs_error(&error))?;
    let file = |delta: git2::DiffDelta<'_>| {
        let (side, action) = match delta.status() {
            git2::Delta::Added => (delta.new_file(), Action::Create),
            git2::Delta::Deleted => (delta.old_file(), Action::Delete),
            _ => (delta.new_file(), Action::Update),
        };
        Some((RepoPath::existing(side.path()?.to_str()?).ok()?, action))
    };
    Ok(diff.deltas().filter_map(file).collect())
}
