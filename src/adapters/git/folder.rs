//! The folder that holds the repository: made private, and refused when others could write to it.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

/// Makes the folder (and missing parents) with mode 0700, or checks the one that is there.
///
/// # Errors
/// A sentence that says what to mend, when it is a symlink or no folder, belongs to another user, or is writable by others.
pub fn prepare(folder: &Path) -> Result<(), String> {
    let shown = folder.display();
    let refused = |reason: String| Err(format!("the GitOps destination folder {shown} {reason}"));
    if let Err(error) = folder.symlink_metadata() {
        if error.kind() != std::io::ErrorKind::NotFound {
            return refused(format!("can't be read: {error}"));
        }
        if let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(folder) {
            return refused(format!("can't be made: {error}"));
        }
    }
    let found = match folder.symlink_metadata() {
        Ok(found) => found,
        Err(error) => return refused(format!("can't be read: {error}")),
    };
    if found.is_symlink() {
        return refused("is a symlink; name the folder itself".to_owned());
    }
    if !found.is_dir() {
        return refused("is no folder".to_owned());
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return refused(format!("belongs to user {}; run as that user or name another folder", found.uid()));
    }
    if found.mode() & 0o022 != 0 {
        return refused("is writable by others; run chmod go-w on it".to_owned());
    }
    Ok(())
}
