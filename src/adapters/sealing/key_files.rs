//! The embedded key pair on disk: made once, never half, by one process, and for its owner's eyes only.
//!
//! Each file is written aside, flushed and renamed, the key before the certificate: a crash leaves nothing, or the key, for which
//! the next start makes a certificate. A lock on a third file lets one process at a time do so.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::KeyPair as _;
use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::certificate::SealingCertificate;
use super::make;

const KEY: &str = "sealing.key";
const CERTIFICATE: &str = "sealing.crt";
const LOCK: &str = "sealing.lock";
/// More than any PEM file of one key.
const MAX_BYTES: u64 = 64 * 1024;
/// Others may do nothing with a private key.
const READABLE: u32 = 0o077;
/// Others may not put another certificate in the place of ours.
const WRITABLE: u32 = 0o022;

/// Why there is no key pair: which file, and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}: {reason}", path.display())]
pub(super) struct KeyFileError {
    path: PathBuf,
    reason: String,
}

impl KeyFileError {
    fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }
}

/// Where the certificate of a folder's key pair lies.
pub(super) fn certificate_path(folder: &Path) -> PathBuf {
    folder.join(CERTIFICATE)
}

/// Reads the key pair in a folder, or makes it. The private key is checked and forgotten: nothing here unseals.
pub(super) fn load_or_make(folder: &Path) -> Result<SealingCertificate, KeyFileError> {
    private_folder(folder)?;
    let lock_path = folder.join(LOCK);
    let lock = open(&lock_path, OpenOptions::new().create(true).write(true))
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| KeyFileError::new(&lock_path, error.to_string()))?;
    let pair = under_lock(folder);
    drop(lock);
    pair
}

fn under_lock(folder: &Path) -> Result<SealingCertificate, KeyFileError> {
    for name in [KEY, CERTIFICATE] {
        sweep(&aside(folder, name))?;
    }
    let key_path = folder.join(KEY);
    let certificate_path = certificate_path(folder);
    let certificate = read_owned(&certificate_path, WRITABLE)?;
    let key = match read_owned(&key_path, READABLE)? {
        Some(pem) => make::read_private_pem(&pem).ok_or_else(|| {
            KeyFileError::new(&key_path, "is no RSA private key of at least 2048 bits in PKCS#8 PEM form")
        })?,
        None if certificate.is_some() => {
            return Err(KeyFileError::new(
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
        .map_err(|reason| KeyFileError::new(&certificate_path, reason.to_string()))?;
    if certificate.public_key() != key.public_key().as_ref() {
        return Err(KeyFileError::new(
            &certificate_path,
            "is not the certificate of sealing.key; delete it to have one made",
        ));
    }
    Ok(certificate)
}

fn new_key(folder: &Path, path: &Path) -> Result<KeyPair, KeyFileError> {
    let failed = |_| KeyFileError::new(path, "the cryptographic library made no key");
    let key = make::key().map_err(failed)?;
    let pem = make::private_pem(&key).map_err(failed)?;
    write(folder, KEY, pem.as_bytes()).map_err(|error| KeyFileError::new(path, error.to_string()))?;
    Ok(key)
}

fn new_certificate(folder: &Path, path: &Path, key: &KeyPair) -> Result<Zeroizing<String>, KeyFileError> {
    let pem = make::certificate(key).map_err(|error| KeyFileError::new(path, error.to_string()))?;
    write(folder, CERTIFICATE, pem.as_bytes()).map_err(|error| KeyFileError::new(path, error.to_string()))?;
    Ok(Zeroizing::new(pem))
}

/// Makes the folder for its owner only; refuses one that others could put files into.
fn private_folder(folder: &Path) -> Result<(), KeyFileError> {
    let wrong = |error: io::Error| KeyFileError::new(folder, error.to_string());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(wrong)?;
    let metadata = fs::symlink_metadata(folder).map_err(wrong)?;
    if !metadata.is_dir() {
        return Err(KeyFileError::new(folder, "must be a folder, not a symlink or a file"));
    }
    check_owner(folder, &metadata)?;
    if metadata.permissions().mode() & WRITABLE != 0 {
        return Err(KeyFileError::new(folder, "must not be writable by others; run chmod 700 on it"));
    }
    Ok(())
}

fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), KeyFileError> {
    if metadata.uid() == rustix::process::geteuid().as_raw() {
        Ok(())
    } else {
        Err(KeyFileError::new(path, "belongs to another user"))
    }
}

/// Opens without following a symlink; what is created is its owner's only.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // NONBLOCK: a pipe in the place of a file must not hold the start up.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed()).open(path)
}

/// A file's text, if it is there, is a plain file, and others have none of the rights in `refused`.
fn read_owned(path: &Path, refused: u32) -> Result<Option<Zeroizing<String>>, KeyFileError> {
    let wrong = |error: io::Error| KeyFileError::new(path, error.to_string());
    let file = match open(path, OpenOptions::new().read(true)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(KeyFileError::new(path, "must not be a symlink"));
        }
        Err(error) => return Err(wrong(error)),
    };
    let metadata = file.metadata().map_err(wrong)?;
    if !metadata.is_file() {
        return Err(KeyFileError::new(path, "must be a file"));
    }
    check_owner(path, &metadata)?;
    if metadata.permissions().mode() & refused != 0 {
        return Err(KeyFileError::new(
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

/// Takes away what a crash left; the lock says that nobody is writing it now.
fn sweep(path: &Path) -> Result<(), KeyFileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(KeyFileError::new(path, error.to_string())),
        _ => Ok(()),
    }
}

/// Whole or not at all, and on the disk when this returns.
fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let new = aside(folder, name);
    let mut file = open(&new, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, folder.join(name))?;
    File::open(folder)?.sync_all()
}
