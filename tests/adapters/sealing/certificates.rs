//! Which certificates are taken, and what the sealer says of the others.

use std::time::SystemTime;

use cre_backend_api::adapters::sealing::{BadCertificate, CertificatePin, Sealer, SealingCertificate};
use cre_backend_api::domain::error::SealError;
use cre_backend_api::domain::ports::SecretSealer;
use cre_backend_api::domain::secret::Scope;
use jiff::Timestamp;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, RsaKeySize};

use super::keys::{DAY, Fixed, RSA_2048, certificate, rsa, scope, valid_certificate, values};

fn refusal(pem: &str) -> BadCertificate {
    SealingCertificate::parse(pem).expect_err("refused")
}

#[test]
fn the_first_certificate_of_a_file_counts_and_nothing_else_of_it_is_shown() {
    let first = valid_certificate(&RSA_2048);
    let second = valid_certificate(&rsa(RsaKeySize::_2048));
    let bundle = format!("{}\n# chain\n{first}{second}", RSA_2048.serialize_pem());
    let parsed = SealingCertificate::parse(&bundle).unwrap();
    assert_eq!(parsed.pem(), first.replace("\r\n", "\n"));
    assert_eq!(parsed.fingerprint(), SealingCertificate::parse(&first).unwrap().fingerprint());
    assert_ne!(parsed.fingerprint(), SealingCertificate::parse(&second).unwrap().fingerprint());
}

#[test]
fn what_is_no_certificate_is_refused() {
    for text in ["", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", &RSA_2048.serialize_pem()]
    {
        assert_eq!(refusal(text), BadCertificate::Unreadable);
    }
}

#[test]
fn weak_and_elliptic_keys_are_refused() {
    assert_eq!(refusal(include_str!("weak.crt")), BadCertificate::KeySize);
    let elliptic = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    assert_eq!(refusal(&valid_certificate(&elliptic)), BadCertificate::NotRsa);
}

#[test]
fn a_certificate_for_ever_is_valid() {
    let for_ever = SystemTime::UNIX_EPOCH + 365 * DAY * 7500;
    let parsed = SealingCertificate::parse(&certificate(&RSA_2048, SystemTime::UNIX_EPOCH + DAY, for_ever)).unwrap();
    assert_eq!(parsed.check_validity(Timestamp::now()), Ok(()));
}

#[tokio::test]
async fn an_expired_or_future_certificate_seals_nothing_and_the_setting_is_named() {
    let now = SystemTime::now();
    for (from, until, word) in [(now - 2 * DAY, now - DAY, "expired"), (now + DAY, now + 2 * DAY, "isn't valid before")]
    {
        let sealer = Sealer::new(Fixed::new(&certificate(&RSA_2048, from, until)));
        for error in [
            sealer.certificate().await.expect_err("refused"),
            sealer.seal(&scope(Scope::Strict), values(&[("a", b"b")])).await.expect_err("refused"),
        ] {
            let SealError::NoCertificate(message) = error else { panic!("{error:?}") };
            assert!(message.starts_with("THE_SETTING: ") && message.contains(word), "{message}");
        }
    }
}

#[test]
fn a_pin_holds_the_certificate_to_its_fingerprint() {
    let parsed = SealingCertificate::parse(&valid_certificate(&RSA_2048)).unwrap();
    let pin = CertificatePin::parse(&parsed.fingerprint().to_uppercase()).unwrap();
    assert_eq!(parsed.check_pin(&pin), Ok(()));
    let other = CertificatePin::parse(&"0".repeat(64)).unwrap();
    assert_eq!(parsed.check_pin(&other), Err(BadCertificate::WrongPin { actual: parsed.fingerprint().to_owned() }));
}

#[tokio::test]
async fn nothing_that_can_be_printed_holds_a_value() {
    let sealer = Sealer::new(Fixed::new(&valid_certificate(&RSA_2048)));
    let canary = values(&[("password", b"canary-7731")]);
    let printed = format!("{canary:?}");
    let answer = sealer.seal(&scope(Scope::Strict), canary).await.unwrap();
    for text in [printed, format!("{sealer:?}"), format!("{answer:?}")] {
        assert!(!text.contains("canary-7731") && !text.contains("99, 97, 110, 97, 114, 121"), "{text}");
    }
}
