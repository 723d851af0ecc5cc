//! The bare repository: read, build trees and commits without a checkout, move refs. What `local` and `github` stand on.

pub mod branch;
pub mod build;
pub mod error;
pub mod folder;
pub mod jobs;
pub mod lock;
pub mod read;
pub mod refs;
pub mod sign;
pub mod stale;
pub mod trailers;

use std::sync::Once;

use git2::{ConfigLevel, Oid, Repository, RepositoryOpenFlags};

use crate::domain::change::CommitId;
use crate::domain::error::VcsError;

/// Empties the paths on which libgit2 looks for configuration outside the repository, so that nothing on the machine
/// (aliases, hooks paths, `safe.directory`, credentials) changes what this service does. Done once per process.
pub fn isolate() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for level in [ConfigLevel::ProgramData, ConfigLevel::System, ConfigLevel::XDG, ConfigLevel::Global] {
            // SAFETY: libgit2's search paths are process globals without a lock. `Once` makes this the only writer, and
            // every way to a repository in this crate passes through here first, so nothing reads them meanwhile.
            #[allow(unsafe_code)]
            let emptied = unsafe { git2::opts::set_search_path(level, "") };
            emptied.expect("libgit2 takes an empty search path");
        }
        // What was answered as done must outlive a power cut. Git's own option for it (`core.fsync`) isn't read by libgit2, and
        // the one that is (`core.fsyncObjectFiles`) makes Git warn at every call.
        // SAFETY: as above; the option takes one int.
        #[allow(unsafe_code)]
        let code = unsafe { libgit2_sys::git_libgit2_opts(libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR.cast_signed(), 1) };
        assert!(code >= 0, "libgit2 takes the fsync option");
    });
}

/// Opens a bare repository, isolated from the machine's configuration.
///
/// # Errors
/// [`VcsError::Corrupt`] or [`VcsError::Unreachable`] when there is none that can be read.
pub fn open(path: &std::path::Path) -> Result<Repository, VcsError> {
    isolate();
    let opened = if path.join("shallow").exists() {
        // `open_bare` doesn't read where the history of a shallow repository ends, and every walk then runs into commits that
        // aren't there.
        let flags = RepositoryOpenFlags::BARE | RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
        Repository::open_ext(path, flags, std::iter::empty::<&std::path::Path>())
    } else {
        Repository::open_bare(path)
    };
    opened.map_err(|error| error::vcs_error(&error))
}

/// A commit's id as libgit2 has it.
///
/// # Errors
/// [`VcsError::Corrupt`] when it is no hex id.
pub fn oid(commit: &CommitId) -> Result<Oid, VcsError> {
    Oid::from_str(&commit.0).map_err(|_| VcsError::Corrupt("a commit id is not hexadecimal".to_owned()))
}

/// A commit's id as the domain has it.
#[must_use]
pub fn commit_id(oid: Oid) -> CommitId {
    CommitId(oid.to_string())
}
