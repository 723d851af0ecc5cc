//! The embedded key pair on disk: made once, never half, by one process, and for its owner's eyes only.
//!
//! Each file is written aside, flushed and renamed, the key before the certificate: a crash leaves nothing, or the key, for which
//! the next start makes a certificate. A lock on a third file lets one process at a time do so.

use std::path::{Path, PathBuf};

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use zeroize::Zeroizing;

use super::certificate::SealingCertificate;
use super::make;
use crate::private_files::{FileError, READABLE, WRITABLE, lock, private_folder, read_owned, sweep, write};

const KEY: &str = "sealing.key";
const CERTIFICATE: &str = "sealing.crt";
const LOCK: &str = "sealing.lock";

/// Where the certificate of a folder's key pair lies.
pub(super) fn certificate_path(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE)
}

/// Reads the key pair in a folder, or makes it. The private key is checked and forgotten: nothing here unseals.
pub(super) fn load_or_make(folder: &Path) -> Result<SealingCertificate, FileError> {
    private_folder(folder)?;
    let _lock = lock(&folder.join(LOCK))?;
    under_lock(folder)
}

fn under_lock(folder: &Path) -> Result<SealingCertificate, FileError> {
    for name in [KEY, CERTIFICATE] {
        sweep(folder, name)?;
    }
    let key_path = folder.join(KEY);
    let certificate_path = certificate_path(folder);
    let certificate = read_owned(&certificate_path, WRITABLE)?;
    let key = match read_owned(&key_path, READABLE)? {
        Some(pem) => make::read_private_pem(&pem).ok_or_else(|| {
            FileError::new(&key_path, "is no RSA private key of at least 2048 bits in PKCS#8 PEM form")
        })?,
        None if certificate.is_some() => {
            return Err(FileError::new(
                &key_path,
                "is missing, but its certificate is there; put it back, or delete sealing.crt too to have a new pair made",
            ));
        }
        None => new_key(folder, &key_path)?,
    };
    let certificate = match certificate {
        Some(pem) => pem,
        None => new_certificate(folder, &certificate_path, &key)?,
    };
    let certificate = SealingCertificate::parse(&certificate)
        .map_err(|reason| FileError::new(&certificate_path, reason.to_string()))?;
    if certificate.public_key() != key.public_key().as_ref() {
        return Err(FileError::new(
            &certificate_path,
            "is not the certificate of sealing.key; delete it to have one made",
        ));
    }
    Ok(certificate)
}

fn new_key(folder: &Path, path: &Path) -> Result<KeyPair, FileError> {
    let failed = |_| FileError::new(path, "the cryptographic library made no key");
    let key = make::key().map_err(failed)?;
    let pem = make::private_pem(&key).map_err(failed)?;
    write(folder, KEY, pem.as_bytes())?;
    Ok(key)
}

fn new_certificate(folder: &Path, path: &Path, key: &KeyPair) -> Result<Zeroizing<String>, FileError> {
    let pem = make::certificate(key).map_err(|error| FileError::new(path, error.to_string()))?;
    write(folder, CERTIFICATE, pem.as_bytes())?;
    Ok(Zeroizing::new(pem))
}
