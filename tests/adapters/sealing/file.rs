//! The certificate in a file: read again when it changes, kept when it breaks.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cre_backend_api::adapters::sealing::{CertificatePin, FileCertificate, Sealer, SealingCertificate};
use cre_backend_api::domain::error::SealError;
use cre_backend_api::domain::ports::SecretSealer;

use super::keys::{DAY, RSA_2048, certificate, valid_certificate};

fn sealer(path: &Path, pin: Option<&str>) -> Sealer {
    let pin = pin.map(|pin| CertificatePin::parse(pin).unwrap());
    Sealer::new(Arc::new(FileCertificate::new(path.to_owned(), pin)))
}

async fn refusal(sealer: &Sealer) -> String {
    match sealer.certificate().await {
        Err(SealError::NoCertificate(message)) => message,
        other => panic!("{other:?}"),
    }
}

/// Longer than an answer stands before the file is looked at again.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

#[tokio::test]
async fn a_file_that_was_never_good_is_told_with_the_setting_and_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cert.pem");
    let expected = format!("SEALED_SECRETS_CERT {}: ", path.display());
    assert!(refusal(&sealer(&path, None)).await.starts_with(&expected));

    let now = SystemTime::now();
    for (content, word) in [
        ("nothing".to_owned(), "no readable certificate"),
        (certificate(&RSA_2048, now - 2 * DAY, now - DAY), "expired"),
    ] {
        fs::write(&path, content).unwrap();
        let message = refusal(&sealer(&path, None)).await;
        assert!(message.starts_with(&expected) && message.contains(word), "{message}");
    }
    assert!(refusal(&sealer(folder.path(), None)).await.contains("is no file"));
}

#[tokio::test]
async fn a_pinned_certificate_must_be_the_pinned_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cert.pem");
    let pem = valid_certificate(&RSA_2048);
    fs::write(&path, &pem).unwrap();
    let message = refusal(&sealer(&path, Some(&"0".repeat(64)))).await;
    assert!(message.contains("SEALED_SECRETS_CERT_SHA256"), "{message}");
    let fingerprint = SealingCertificate::parse(&pem).unwrap().fingerprint().to_owned();
    let shown = sealer(&path, Some(&fingerprint)).certificate().await.unwrap();
    assert_eq!((shown.fingerprint, shown.source), (fingerprint, path.display().to_string()));
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_a_broken_one_leaves_the_last_good_one_with_its_age() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cert.pem");
    fs::write(&path, valid_certificate(&RSA_2048)).unwrap();
    let sealer = sealer(&path, None);
    let first = sealer.certificate().await.unwrap();

    let now = SystemTime::now();
    fs::write(&path, certificate(&RSA_2048, now - DAY, now + 3 * DAY)).unwrap();
    a_moment().await;
    let second = sealer.certificate().await.unwrap();
    assert_ne!(second.fingerprint, first.fingerprint);
    assert!(second.read_at > first.read_at);

    fs::write(&path, "broken").unwrap();
    a_moment().await;
    let kept = sealer.certificate().await.unwrap();
    assert_eq!((&kept.fingerprint, kept.read_at), (&second.fingerprint, second.read_at));

    fs::remove_file(&path).unwrap();
    a_moment().await;
    assert_eq!(sealer.certificate().await.unwrap().read_at, second.read_at);
}

#[tokio::test]
async fn an_unchanged_file_stays_young() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cert.pem");
    fs::write(&path, valid_certificate(&RSA_2048)).unwrap();
    let sealer = sealer(&path, None);
    let first = sealer.certificate().await.unwrap();
    a_moment().await;
    assert!(sealer.certificate().await.unwrap().read_at > first.read_at);
}
