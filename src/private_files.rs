//! Files for this process's owner alone: keys. Never half written, never through a symlink, never left open to others.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// More than any file of one key.
const MAX_BYTES: u64 = 64 * 1024;
/// The rights that others must not have on a private key.
pub const READABLE: u32 = 0o077;
/// The rights that others must not have on a file that they may read: putting another in its place.
pub const WRITABLE: u32 = 0o022;

/// Why a file can't be used: which one, and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub struct FileError {
    path: PathBuf,
    reason: String,
}

impl FileError {
    /// An error of this file; the reason never holds its content.
    pub fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }
}

/// Holds a lock file for as long as the answer lives: one process at a time makes what the lock guards.
///
/// # Errors
/// When the file can't be made or locked.
pub fn lock(path: &Path) -> Result<File, FileError> {
    open(path, OpenOptions::new().create(true).write(true))
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| FileError::new(path, error.to_string()))
}

/// Makes the folder for its owner only; refuses one that others could put files into.
///
/// # Errors
/// [`FileError`].
pub fn private_folder(folder: &Path) -> Result<(), FileError> {
    let wrong = |error: io::Error| FileError::new(folder, error.to_string());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(wrong)?;
    let metadata = fs::symlink_metadata(folder).map_err(wrong)?;
    if !metadata.is_dir() {
        return Err(FileError::new(folder, "must be a folder, not a symlink or a file"));
    }
    check_owner(folder, &metadata)?;
    if metadata.permissions().mode() & WRITABLE != 0 {
        return Err(FileError::new(folder, "must not be writable by others; run chmod 700 on it"));
    }
    Ok(())
}

fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    if metadata.uid() == rustix::process::geteuid().as_raw() {
        Ok(())
    } else {
        Err(FileError::new(path, "belongs to another user"))
    }
}

/// Opens without following a symlink; what is created is its owner's only.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // NONBLOCK: a pipe in the place of a file must not hold the start up.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed()).open(path)
}

/// A file's text, if it is there, is a plain file, and others have none of the rights in `refused`.
///
/// # Errors
/// [`FileError`].
pub fn read_owned(path: &Path, refused: u32) -> Result<Option<Zeroizing<String>>, FileError> {
    let wrong = |error: io::Error| FileError::new(path, error.to_string());
    let file = match open(path, OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(FileError::new(path, "must not be a symlink"));
        }
        Err(error) => return Err(wrong(error)),
    };
    let metadata = file.metadata().map_err(wrong)?;
    if !metadata.is_file() {
        return Err(FileError::new(path, "must be a file"));
    }
    check_owner(path, &metadata)?;
    if metadata.permissions().mode() & refused != 0 {
        return Err(FileError::new(
            path,
            "is open to others; run chmod 600 on it, or make a new one if they may have used it",
        ));
    }
    // Sized at once, so that no copy of the key stays where a growing buffer was.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MAX_BYTES).unwrap_or_default()));
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(wrong)?;
    Ok(Some(text))
}

fn aside(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}.new"))
}

/// Takes away what a crash left of writing this file; the caller's lock says that nobody is writing it now.
///
/// # Errors
/// [`FileError`].
pub fn sweep(folder: &Path, name: &str) -> Result<(), FileError> {
    let path = &aside(folder, name);
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(FileError::new(path, error.to_string())),
        _ => Ok(()),
    }
}

/// Writes a file whole or not at all, for its owner only; it is on the disk when this returns.
///
/// # Errors
/// [`FileError`].
pub fn write(folder: &Path, name: &str, content: &[u8]) -> Result<(), FileError> {
    try_write(folder, name, content).map_err(|error| FileError::new(&folder.join(name), error.to_string()))
}

fn try_write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let new = aside(folder, name);
    let mut file = open(&new, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, folder.join(name))?;
    File::open(folder)?.sync_all()
}
