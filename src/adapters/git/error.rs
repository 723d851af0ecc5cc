//! What libgit2's errors mean for the port. Its messages name files of this machine, so they are logged, never answered.

use git2::{ErrorClass, ErrorCode};

use crate::domain::error::VcsError;

/// The port's error for one of libgit2's.
#[must_use]
pub fn vcs_error(error: &git2::Error) -> VcsError {
    tracing::warn!(class = ?error.class(), code = ?error.code(), message = error.message(), "libgit2 failed");
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
            | ErrorClass::Indexer,
        ) => VcsError::Corrupt("an object is missing or can't be read".to_owned()),
        (_, ErrorClass::Reference) => VcsError::Corrupt("a ref can't be read or written".to_owned()),
        (_, ErrorClass::Repository) => VcsError::Corrupt("the folder is no bare repository".to_owned()),
        _ => VcsError::Unreachable("reading or writing the repository failed".to_owned()),
    }
}

/// The port's error for one of the file system's.
#[must_use]
pub fn io_error(error: &std::io::Error) -> VcsError {
    tracing::warn!(%error, "the repository's folder failed");
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            VcsError::Unreachable("the disk is full".to_owned())
        }
        _ => VcsError::Unreachable("reading or writing the repository failed".to_owned()),
    }
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
        let other = git2::Error::new(ErrorCode::GenericError, ErrorClass::Os, "failed to open '/srv/x/HEAD'");
        assert!(!vcs_error(&other).to_string().contains("/srv"));
    }

    #[test]
    fn a_missing_object_is_damage() {
        let error = git2::Error::new(ErrorCode::NotFound, ErrorClass::Odb, "object not found");
        assert!(matches!(vcs_error(&error), VcsError::Corrupt(_)));
    }
}
