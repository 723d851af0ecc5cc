//! Reads the files that hold a token or a private key.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::Token;
use crate::domain::error::VcsError;

/// A token or a key has a few kilobytes; this only bounds a mistake.
const MAX_BYTES: usize = 64 * 1024;

/// The token in the file of `GITHUB_TOKEN_FILE`. Read each time and not on another thread: it is small, local, and as good as
/// always in memory, which costs less than knowing whether it changed.
///
/// # Errors
/// [`VcsError::Refused`] that names the setting.
pub(super) fn read_token(path: &Path) -> Result<Token, VcsError> {
    let text = read(path, "GITHUB_TOKEN_FILE")?;
    Token::parse(&text).map_err(|reason| refused("GITHUB_TOKEN_FILE", path, reason))
}

/// The text of the file that a setting names. Symlinks are followed, as Kubernetes mounts secrets through them.
///
/// # Errors
/// [`VcsError::Refused`] that names the setting.
pub(super) fn read(path: &Path, setting: &str) -> Result<Zeroizing<String>, VcsError> {
    let wrong = |error: std::io::Error| refused(setting, path, &format!("can't be read: {}", error.kind()));
    let file = File::open(path).map_err(wrong)?;
    if !file.metadata().map_err(wrong)?.is_file() {
        return Err(refused(setting, path, "is no file"));
    }
    // Sized at once, so that no copy of the secret stays where a growing buffer was.
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
    file.take(MAX_BYTES as u64).read_to_string(&mut text).map_err(wrong)?;
    Ok(text)
}

pub(super) fn refused(setting: &str, path: &Path, reason: &str) -> VcsError {
    VcsError::Refused { missing: format!("{setting}: {} {reason}", path.display()) }
}
