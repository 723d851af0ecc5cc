//! The key of request hashes: a file that replicas share, or one that is made on first start.

use std::path::Path;

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::application::changes::identity::RequestKey;
use crate::private_files::{FileError, READABLE, lock, private_folder, read_owned, sweep, write};

const NAME: &str = "request-hash.key";
/// The fewest bytes of a key: as many as the hash has.
const MIN_BYTES: usize = 32;

/// Reads the key that the settings name, or the one in `keys/` of the destination folder, which is made when it is missing.
///
/// # Errors
/// [`FileError`], which says what to do.
pub fn load(named: Option<&Path>, destination: &Path) -> Result<RequestKey, FileError> {
    match named {
        Some(path) => read(path),
        None => load_or_make(&destination.join("keys")),
    }
}

/// A named file is an operator's, mounted with whatever owner and rights the platform gives it.
fn read(path: &Path) -> Result<RequestKey, FileError> {
    let bytes = std::fs::read(path).map(Zeroizing::new).map_err(|error| {
        FileError::new(path, format!("{error}; REQUEST_HASH_KEY_FILE needs {MIN_BYTES} random bytes or more"))
    })?;
    key(path, bytes.trim_ascii())
}

fn load_or_make(folder: &Path) -> Result<RequestKey, FileError> {
    private_folder(folder)?;
    let _lock = lock(&folder.join("request-hash.lock"))?;
    sweep(folder, NAME)?;
    let path = folder.join(NAME);
    if let Some(text) = read_owned(&path, READABLE)? {
        return key(&path, text.trim().as_bytes());
    }
    let mut bytes = Zeroizing::new([0; MIN_BYTES]);
    rand::fill(bytes.as_mut_slice()).map_err(|_| FileError::new(&path, "the system gives no random bytes"))?;
    let text = Zeroizing::new(hex::encode(bytes.as_slice()));
    write(folder, NAME, text.as_bytes())?;
    key(&path, text.as_bytes())
}

fn key(path: &Path, bytes: &[u8]) -> Result<RequestKey, FileError> {
    if bytes.len() < MIN_BYTES {
        return Err(FileError::new(path, format!("must hold {MIN_BYTES} random bytes or more")));
    }
    Ok(RequestKey::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::{Action, ObjectKey, ObjectKind, RequestHash};
    use crate::domain::names::Actor;

    fn hash(key: &RequestKey) -> RequestHash {
        let object = ObjectKey::parse(ObjectKind::Secret, "team-a", "db").unwrap();
        key.hash(&Actor::anonymous(), Action::Create, &object, [])
    }

    #[test]
    fn the_key_is_made_once_and_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let first = load(None, folder.path()).unwrap();
        assert_eq!(hash(&first), hash(&load(None, folder.path()).unwrap()));
        let mode = std::fs::metadata(folder.path().join("keys").join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(hash(&first), hash(&load(None, other.path()).unwrap()));
    }

    #[test]
    fn a_named_key_must_be_there_and_long_enough() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert!(load(Some(&path), folder.path()).is_err());
        std::fs::write(&path, "short").unwrap();
        assert!(load(Some(&path), folder.path()).is_err());
        std::fs::write(&path, "x".repeat(MIN_BYTES)).unwrap();
        assert!(load(Some(&path), folder.path()).is_ok());
    }
}
