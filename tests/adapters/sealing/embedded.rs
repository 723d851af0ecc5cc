//! The embedded key's files: made once, kept to their owner, mended after a crash.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use cre_backend_api::adapters::sealing::{EmbeddedKey, Sealer};
use cre_backend_api::domain::error::SealError;
use cre_backend_api::domain::ports::SecretSealer;
use cre_backend_api::domain::secret::{Certificate, Scope};
use tempfile::TempDir;

use super::keys::{RSA_2048, rsa, scope, valid_certificate, values};

/// Prepares the key below a folder and shows its certificate.
pub async fn prepare(destination: &Path) -> Result<Certificate, String> {
    let key = Arc::new(EmbeddedKey::new(destination));
    key.prepare().await.map_err(|error| error.to_string())?;
    Ok(Sealer::new(key).certificate().await.expect("prepared"))
}

/// A folder whose key is there already, so that a test needs not make one.
fn with_key() -> TempDir {
    let destination = tempfile::tempdir().unwrap();
    let keys = destination.path().join("keys");
    fs::create_dir(&keys).unwrap();
    set_mode(&keys, 0o700);
    write(&keys.join("sealing.key"), &RSA_2048.serialize_pem());
    destination
}

fn write(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
    set_mode(path, 0o600);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

async fn refusal(destination: &Path) -> String {
    prepare(destination).await.expect_err("refused")
}

#[tokio::test]
async fn a_first_start_makes_a_private_pair_of_4096_bits_that_the_next_start_finds() {
    let destination = tempfile::tempdir().unwrap();
    let first = prepare(&destination.path().join("new")).await.unwrap();
    let keys = destination.path().join("new/keys");
    assert_eq!(mode(&keys), 0o700);
    for name in ["sealing.key", "sealing.crt"] {
        assert_eq!(mode(&keys.join(name)), 0o600, "{name}");
    }
    assert!(fs::read_to_string(keys.join("sealing.key")).unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(fs::read_to_string(keys.join("sealing.crt")).unwrap(), first.pem);
    assert_eq!(first.source, "embedded");
    let years = (first.not_after.as_second() - first.not_before.as_second()) / (365 * 24 * 60 * 60);
    assert_eq!(years, 10);

    let second = prepare(&destination.path().join("new")).await.unwrap();
    assert_eq!(second.fingerprint, first.fingerprint);

    let sealer = sealer_of(&destination.path().join("new")).await;
    let answer = sealer.seal(&scope(Scope::Strict), values(&[("a", b"")])).await.unwrap();
    // 2 bytes of length, 512 of RSA, a tag of 16: 530 bytes are 708 characters of base64.
    assert!(answer.encrypted.values().all(|text| text.len() == 708));
}

async fn sealer_of(destination: &Path) -> Sealer {
    let key = Arc::new(EmbeddedKey::new(destination));
    key.prepare().await.unwrap();
    Sealer::new(key)
}

#[tokio::test]
async fn sealing_waits_for_the_key_and_then_tells_why_there_is_none() {
    let destination = with_key();
    let key = Arc::new(EmbeddedKey::new(destination.path()));
    let sealer = Sealer::new(key.clone());
    assert!(matches!(sealer.certificate().await, Err(SealError::NotReady)));
    let path = destination.path().join("keys/sealing.key");
    set_mode(&path, 0o644);
    key.prepare().await.expect_err("refused");
    let Err(SealError::NoCertificate(message)) = sealer.certificate().await else { panic!("no reason") };
    assert!(message.contains("sealing.key") && message.contains("chmod 600"), "{message}");
    set_mode(&path, 0o600);
    key.prepare().await.unwrap();
    assert!(sealer.certificate().await.is_ok());
}

#[tokio::test]
async fn a_crash_between_key_and_certificate_is_mended_with_the_same_key() {
    let destination = with_key();
    let keys = destination.path().join("keys");
    write(&keys.join(".sealing.crt.new"), "half a certif");
    write(&keys.join(".sealing.key.new"), "half a k");
    let before = fs::read(keys.join("sealing.key")).unwrap();
    prepare(destination.path()).await.unwrap();
    assert_eq!(fs::read(keys.join("sealing.key")).unwrap(), before);
    let mut names: Vec<_> = fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["sealing.crt", "sealing.key", "sealing.lock"]);
}

#[tokio::test]
async fn files_that_do_not_belong_together_are_refused() {
    let destination = with_key();
    let keys = destination.path().join("keys");
    write(&keys.join("sealing.crt"), &valid_certificate(&rsa(rcgen::RsaKeySize::_2048)));
    assert!(refusal(destination.path()).await.contains("is not the certificate of sealing.key"));
    fs::remove_file(keys.join("sealing.key")).unwrap();
    assert!(refusal(destination.path()).await.contains("is missing"));
    write(&keys.join("sealing.key"), "garbage");
    assert!(refusal(destination.path()).await.contains("is no RSA private key"));
    write(&keys.join("sealing.key"), &RSA_2048.serialize_pem());
    write(&keys.join("sealing.crt"), "garbage");
    assert!(refusal(destination.path()).await.contains("no readable certificate"));
}

#[tokio::test]
async fn what_is_open_to_others_is_refused() {
    let destination = with_key();
    let keys = destination.path().join("keys");
    for bad in [0o640, 0o604, 0o620] {
        set_mode(&keys.join("sealing.key"), bad);
        let message = refusal(destination.path()).await;
        assert!(message.contains("sealing.key: is open to others"), "{message}");
    }
    set_mode(&keys.join("sealing.key"), 0o600);
    set_mode(&keys, 0o770);
    assert!(refusal(destination.path()).await.contains("writable by others"));
}

#[tokio::test]
async fn symlinks_are_refused() {
    let destination = with_key();
    let keys = destination.path().join("keys");
    let elsewhere = tempfile::tempdir().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(keys.join("sealing.key"), &moved).unwrap();
    symlink(&moved, keys.join("sealing.key")).unwrap();
    assert!(refusal(destination.path()).await.contains("must not be a symlink"));

    let linked = tempfile::tempdir().unwrap();
    symlink(&keys, linked.path().join("keys")).unwrap();
    assert!(refusal(linked.path()).await.contains("not a symlink"));
}

#[tokio::test]
async fn a_certificate_that_others_may_read_is_no_danger() {
    let destination = with_key();
    prepare(destination.path()).await.unwrap();
    let certificate = destination.path().join("keys/sealing.crt");
    set_mode(&certificate, 0o644);
    assert!(prepare(destination.path()).await.is_ok());
    set_mode(&certificate, 0o666);
    assert!(refusal(destination.path()).await.contains("sealing.crt: is open to others"));
}
