//! Where a mirror lies: a folder that one process has for itself, swept of what a killed process left, counted and remade.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use git2::{Repository, RepositoryInitOptions};

use crate::adapters::git;
use crate::adapters::git::error::{io_error, vcs_error};
use crate::adapters::git::folder;
use crate::adapters::git::lock::ProcessLock;
use crate::domain::error::VcsError;
use crate::domain::names::BranchName;

/// The most processes on one folder.
const PLACES: usize = 64;

/// A mirror's place, kept until dropped.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    _lock: ProcessLock,
}

impl Place {
    /// Takes the first place that no other process has: `mirror/<hash>-<n>.git`, where the hash is of the address and the
    /// base branch. Processes share nothing, so none waits for another, and one that starts again finds its mirror.
    ///
    /// # Errors
    /// A sentence that says what to mend.
    pub(super) fn take(destination: &Path, address: &str, base: &BranchName) -> Result<Self, String> {
        folder::prepare(destination)?;
        let above = destination.join("mirror");
        folder::prepare(&above)?;
        let identity = digest::digest(&digest::SHA256, format!("{address}\0{base}").as_bytes());
        let name = hex::encode(&identity.as_ref()[..8]);
        for place in 0..PLACES {
            let lock = ProcessLock::try_take(&above.join(format!("{name}-{place}.lock")));
            if let Some(lock) = lock.map_err(|error| format!("the mirror's lock: {error}"))? {
                let taken = Self { path: above.join(format!("{name}-{place}.git")), _lock: lock };
                taken.tidy().map_err(|error| format!("the mirror {}: {error}", taken.path.display()))?;
                return Ok(taken);
            }
        }
        Err(format!("{PLACES} processes use {} already", above.display()))
    }

    /// The bare repository.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the mirror is made anew.
    pub(super) fn fresh(&self) -> PathBuf {
        self.path.with_extension("new")
    }

    /// Where the old one waits to be deleted.
    fn old(&self) -> PathBuf {
        self.path.with_extension("old")
    }

    /// Sweeps leftovers and sees to it that there is a repository.
    fn tidy(&self) -> Result<(), VcsError> {
        git::isolate();
        remove(&self.fresh())?;
        remove(&self.old())?;
        if sweep(&self.path).is_err() || git::open(&self.path).is_err() {
            remove(&self.path)?;
        }
        if !self.path.exists() {
            make(&self.fresh())?;
            self.swap()?;
        }
        Ok(())
    }

    /// Makes an empty mirror beside this one.
    ///
    /// # Errors
    /// A failure to write.
    pub(super) fn make_fresh(&self) -> Result<Repository, VcsError> {
        remove(&self.fresh())?;
        make(&self.fresh())
    }

    /// Puts the fresh mirror in the place of the old one. Nobody may be at work in it. A process killed between the two
    /// renames leaves no mirror, which the next start makes.
    ///
    /// # Errors
    /// A failure to write.
    pub(super) fn swap(&self) -> Result<(), VcsError> {
        remove(&self.old())?;
        match fs::rename(&self.path, self.old()) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io_error(&error)),
            _ => {}
        }
        fs::rename(self.fresh(), &self.path).map_err(|error| io_error(&error))?;
        // What can't be deleted now is deleted at the next start.
        if let Err(error) = remove(&self.old()) {
            tracing::warn!(%error, "an old mirror stays behind");
        }
        Ok(())
    }

    /// How many packs there are, and about how many loose objects: libgit2 packs nothing together.
    pub(super) fn count(&self) -> (usize, usize) {
        let files = |folder: &str| fs::read_dir(self.path.join("objects").join(folder)).into_iter().flatten().flatten();
        let packs = files("pack").filter(|file| file.path().extension().is_some_and(|kind| kind == "pack")).count();
        // Objects' names are evenly spread, so one folder of 256 tells, as `git gc --auto` has it.
        (packs, files("17").count() * 256)
    }
}

fn make(path: &Path) -> Result<Repository, VcsError> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).no_reinit(true).external_template(false).mkpath(false).mkdir(true);
    Repository::init_opts(path, &options).map_err(|error| vcs_error(&error))
}

fn remove(path: &Path) -> Result<(), VcsError> {
    let removed = match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(&error)),
        _ => Ok(()),
    }
}

/// Removes the lock files and half-written objects of a killed process: nobody else works here.
fn sweep(mirror: &Path) -> std::io::Result<()> {
    let mut folders = vec![mirror.to_owned()];
    while let Some(folder) = folders.pop() {
        let packs = folder.ends_with("objects/pack");
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if name.ends_with(".lock") || name.starts_with("tmp_") || (packs && !name.starts_with("pack-")) {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(folder: &Path) -> Place {
        Place::take(folder, "https://example.com/a", &BranchName::parse("dev").unwrap()).unwrap()
    }

    #[test]
    fn each_process_has_a_place_of_its_own_and_finds_it_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = take(folder.path());
        let second = take(folder.path());
        assert_ne!(first.path(), second.path());
        let path = first.path().to_owned();
        drop(first);
        assert_eq!(take(folder.path()).path(), path);
        let other = Place::take(folder.path(), "https://example.com/b", &BranchName::parse("dev").unwrap()).unwrap();
        assert_ne!(other.path(), path);
    }

    #[test]
    fn leftovers_of_a_killed_process_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let path = take(folder.path()).path().to_owned();
        let leftovers = ["shallow.lock", "refs/heads/x.lock", "objects/tmp_object_git2_a", "objects/pack/pack_git2_a"];
        for leftover in leftovers {
            fs::write(path.join(leftover), "x").unwrap();
        }
        fs::write(path.join("objects/pack/pack-1.keep"), "x").unwrap();
        for half in ["new", "old"] {
            fs::create_dir(path.with_extension(half)).unwrap();
        }
        let place = take(folder.path());
        assert!(leftovers.iter().all(|leftover| !path.join(leftover).exists()));
        assert!(path.join("objects/pack/pack-1.keep").exists());
        assert!(!place.fresh().exists() && !place.old().exists());
    }

    #[test]
    fn a_place_without_a_usable_repository_gets_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        for damage in ["gone", "no HEAD", "a file"] {
            let path = take(folder.path()).path().to_owned();
            match damage {
                "gone" => fs::remove_dir_all(&path).unwrap(),
                "no HEAD" => fs::remove_file(path.join("HEAD")).unwrap(),
                _ => {
                    fs::remove_dir_all(&path).unwrap();
                    fs::write(&path, "x").unwrap();
                }
            }
            let place = take(folder.path());
            assert!(git::open(place.path()).unwrap().is_bare(), "{damage}");
        }
    }
}
