//! Makes the repository on first start, and mends what an interrupted start or a hand left undone.

use std::path::{Path, PathBuf};

use git2::{Repository, RepositoryInitOptions};

use super::{LocalSettings, OpenError};
use crate::adapters::git;
use crate::adapters::git::stale::unlocked;
use crate::adapters::git::{error::vcs_error, refs};
use crate::domain::error::VcsError;

/// Opens the bare repository at `path`, made if it isn't there. The caller holds the process lock.
///
/// It is made beside its place and moved there when it is complete, so that a process killed half-way leaves no half of it.
pub(super) fn prepare(path: &Path, settings: &LocalSettings) -> Result<(), OpenError> {
    git::isolate();
    let failed = |reason: &dyn std::fmt::Display| OpenError(format!("the repository {}: {reason}", path.display()));
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => return Err(failed(&"is a symlink; put the repository itself there")),
        Ok(found) if !found.is_dir() => return Err(failed(&"is no folder")),
        Ok(_) => {
            let repo = git::open(path).map_err(|error| failed(&error))?;
            return complete(&repo, settings).map_err(|error| failed(&error));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&error)),
    }
    let unfinished = unfinished(path);
    match std::fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(&error)),
        _ => {}
    }
    let mut options = RepositoryInitOptions::new();
    options.bare(true).no_reinit(true).external_template(false).initial_head(settings.base.as_str());
    let repo = Repository::init_opts(&unfinished, &options).map_err(|error| failed(&vcs_error(&error)))?;
    complete(&repo, settings).map_err(|error| failed(&error))?;
    drop(repo);
    std::fs::rename(&unfinished, path).map_err(|error| failed(&error))?;
    tracing::info!(repository = %path.display(), base = %settings.base, "made the GitOps repository");
    Ok(())
}

/// Where the repository is made.
fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("git.new")
}

/// Sets what a complete repository has: the base branch, HEAD on it. Each step is skipped when done.
fn complete(repo: &Repository, settings: &LocalSettings) -> Result<(), VcsError> {
    let failed = |error: git2::Error| vcs_error(&error);
    let base = refs::branch_ref(&settings.base);
    if refs::tip(repo, &base)?.is_none() {
        let head = repo.head().ok().and_then(|head| head.peel_to_commit().ok()).map(|commit| commit.id());
        let commit = match head {
            Some(commit) => commit,
            None => first_commit(repo, settings)?,
        };
        refs::create(repo, &base, commit)?;
    }
    let head = repo.find_reference("HEAD").ok();
    if head.and_then(|head| head.symbolic_target().ok().flatten().map(|target| target == base)) != Some(true) {
        unlocked(repo, &["HEAD"], || repo.set_head(&base)).map_err(failed)?;
    }
    Ok(())
}

/// A commit without parents that holds a `.gitkeep` in each folder, so that Argo CD finds the paths that it is pointed at.
fn first_commit(repo: &Repository, settings: &LocalSettings) -> Result<git2::Oid, VcsError> {
    let make = || {
        let nothing = repo.find_tree(repo.treebuilder(None)?.write()?)?;
        let keep = repo.blob(b"")?;
        let mut updates = git2::build::TreeUpdateBuilder::new();
        let mut paths: Vec<String> = settings
            .keep_folders
            .iter()
            .map(|folder| folder.as_ref().map_or(".gitkeep".to_owned(), |folder| format!("{folder}/.gitkeep")))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            updates.upsert(path, keep, git2::FileMode::Blob);
        }
        repo.find_tree(updates.create_updated(repo, &nothing)?)
    };
    let tree = make().map_err(|error| vcs_error(&error))?;
    let message = format!("Make the GitOps repository\n\n{}", settings.author.sign_off_line()?);
    settings.author.commit(repo, &format!("{}\n", message.trim_end()), &tree, &[])
}
