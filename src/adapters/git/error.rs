//! What libgit2's errors mean for the port. Its messages name files of this machine, which clients must not see.

use git2::{ErrorClass, ErrorCode};

use crate::domain::error::VcsError;

/// The port's error for one of libgit2's. Logged in full at debug level only: whoever answers or polls logs what it gets.
#[must_use]
pub fn vcs_error(error: &git2::Error) -> VcsError {
    tracing::debug!(class = ?error.class(), code = ?error.code(), message = error.message(), "libgit2 failed");
    if error.message().contains("No space left on device") || error.message().contains("Disk quota exceeded") {
        return VcsError::Unreachable("the disk is full".to_owned());
    }
    match (error.code(), error.class()) {
        (ErrorCode::Locked, _) => VcsError::Unreachable("another git process holds a lock".to_owned()),
        (ErrorCode::Timeout, _) => VcsError::TimedOut,
        (ErrorCode::Owner, _) => VcsError::Refused { missing: "the repository belongs to another user".to_owned() },
        (ErrorCode::HashsumMismatch, _)
        | (
            _,
            ErrorClass::Odb
            | ErrorClass::Object
            | ErrorClass::Tree
            | ErrorClass::Zlib
            | ErrorClass::Sha1
            | ErrorClass::Indexer
            | ErrorClass::Reference
            | ErrorClass::Repository,
        ) => VcsError::Corrupt(without_paths(error.message())),
        _ => VcsError::Unreachable(without_paths(error.message())),
    }
}

/// The port's error for one of the file system's.
#[must_use]
pub fn io_error(error: &std::io::Error) -> VcsError {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            VcsError::Unreachable("the disk is full".to_owned())
        }
        _ => VcsError::Unreachable(without_paths(&error.to_string())),
    }
}

/// A message without what it quotes: libgit2 puts every path between quotes. One that still has a slash is left out whole.
fn without_paths(message: &str) -> String {
    let plain: Vec<&str> = message.split('\'').step_by(2).collect();
    let plain = plain.join("'…'");
    if plain.contains('/') { "reading or writing the repository failed".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_and_a_path_is_not() {
        let error = git2::Error::new(
            ErrorCode::GenericError,
            ErrorClass::Os,
            "failed to write chunk to '/srv/x/objects': No space left on device",
        );
        let VcsError::Unreachable(reason) = vcs_error(&error) else { panic!("{error}") };
        assert_eq!(reason, "the disk is full");
        for (message, shown) in [
            ("failed to open '/srv/x/HEAD': Permission denied", "failed to open '…': Permission denied"),
            ("failed to open '/srv/it's/HEAD'", "reading or writing the repository failed"),
            ("failed at /srv/x", "reading or writing the repository failed"),
        ] {
            let error = git2::Error::new(ErrorCode::GenericError, ErrorClass::Os, message);
            let VcsError::Unreachable(reason) = vcs_error(&error) else { panic!("{error}") };
            assert_eq!(reason, shown);
        }
    }

    #[test]
    fn a_missing_object_is_damage() {
        let error = git2::Error::new(ErrorCode::NotFound, ErrorClass::Odb, "object not found");
        assert!(matches!(vcs_error(&error), VcsError::Corrupt(_)));
    }
}
