//! A certificate from a place that fails at times: what is served meanwhile, and when it is asked again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use cre_backend_api::adapters::sealing::{
    CertificatePin, CertificateSource, Fetch, Fetched, FetchedCertificate, Pace, Sealer, SealingCertificate,
};
use cre_backend_api::domain::error::SealError;
use cre_backend_api::domain::ports::SecretSealer;
use cre_backend_api::domain::secret::Scope;

use super::keys::{DAY, RSA_2048, certificate, rsa, scope, valid_certificate, values};

const PACE: Pace =
    Pace { every: Duration::from_secs(3600), again: Duration::from_secs(1), patience: Duration::from_millis(200) };

/// Answers one after the other; then nothing more, ever.
struct Answers(Mutex<VecDeque<Result<String, String>>>);

#[async_trait]
impl Fetch for Answers {
    async fn fetch(&self) -> Result<Fetched, String> {
        let next = self.0.lock().unwrap().pop_front();
        match next {
            Some(answer) => answer.map(|text| Fetched { text, from: "there".to_owned() }),
            None => std::future::pending().await,
        }
    }

    fn named(&self) -> String {
        "THE_SETTING".to_owned()
    }
}

fn source(answers: &[Result<&str, &str>], pin: Option<&str>) -> Arc<FetchedCertificate<Answers>> {
    let owned = answers.iter().map(|answer| answer.map(str::to_owned).map_err(str::to_owned)).collect();
    let pin = pin.map(|pin| CertificatePin::parse(pin).unwrap());
    Arc::new(FetchedCertificate::new(Answers(Mutex::new(owned)), pin, PACE))
}

fn fingerprint(pem: &str) -> String {
    SealingCertificate::parse(pem).unwrap().fingerprint().to_owned()
}

#[tokio::test]
async fn nothing_is_sealed_before_the_first_fetch_nor_after_a_failed_one() {
    let source = source(&[Err("it is away")], None);
    let sealer = Sealer::new(source);
    assert!(matches!(sealer.certificate().await, Err(SealError::NotReady)));
    sealer.refresh().await;
    for error in [
        sealer.certificate().await.expect_err("there is none"),
        sealer.seal(&scope(Scope::Strict), values(&[("a", b"b")])).await.expect_err("there is none"),
    ] {
        assert!(matches!(&error, SealError::NoCertificate(told) if told == "THE_SETTING: it is away"), "{error:?}");
    }
}

#[tokio::test]
async fn the_last_good_certificate_goes_on_with_its_age_until_there_is_another() {
    let (first, second) = (valid_certificate(&RSA_2048), valid_certificate(&rsa(rcgen::RsaKeySize::_2048)));
    let source = source(&[Ok(&first), Err("it is away"), Ok("garbage"), Ok(&second)], None);
    source.refresh().await;
    let good = source.current().await.unwrap();
    assert_eq!((good.certificate.fingerprint(), good.source.as_str()), (fingerprint(&first).as_str(), "there"));
    assert!(!good.failing);
    for _ in 0..2 {
        source.refresh().await;
        let kept = source.current().await.unwrap();
        assert_eq!((kept.certificate.fingerprint(), kept.read_at), (good.certificate.fingerprint(), good.read_at));
        assert!(kept.failing);
    }
    source.refresh().await;
    let renewed = source.current().await.unwrap();
    assert_eq!(renewed.certificate.fingerprint(), fingerprint(&second));
    assert!(!renewed.failing && renewed.read_at > good.read_at);
}

#[tokio::test]
async fn a_certificate_that_is_another_than_the_pinned_one_or_expired_is_never_taken() {
    let now = SystemTime::now();
    let (good, other) = (valid_certificate(&RSA_2048), valid_certificate(&rsa(rcgen::RsaKeySize::_2048)));
    let expired = certificate(&RSA_2048, now - 2 * DAY, now - DAY);
    let pinned = source(&[Ok(&other), Ok(&good), Ok(&other)], Some(&fingerprint(&good)));
    pinned.refresh().await;
    let told = pinned.current().await.expect_err("another one").to_string();
    assert!(told.contains("SEALED_SECRETS_CERT_SHA256"), "{told}");
    for _ in 0..2 {
        pinned.refresh().await;
        assert_eq!(pinned.current().await.unwrap().certificate.fingerprint(), fingerprint(&good));
    }
    assert!(pinned.current().await.unwrap().failing);

    let late = source(&[Ok(&expired)], None);
    late.refresh().await;
    assert!(late.current().await.expect_err("expired").to_string().contains("expired"));
}

#[tokio::test]
async fn it_is_asked_hourly_and_sooner_after_a_failure() {
    let good = valid_certificate(&RSA_2048);
    let source = source(&[Ok(&good), Err("1"), Err("2"), Ok(&good), Err("3")], None);
    let mut pauses = Vec::new();
    for _ in 0..5 {
        pauses.push(source.refresh().await.as_secs_f64());
    }
    let full = [3600.0, 1.0, 2.0, 3600.0, 1.0];
    assert!(pauses.iter().zip(full).all(|(pause, full)| *pause <= full && *pause >= 0.9 * full), "{pauses:?}");
}

#[tokio::test]
async fn one_that_ends_soon_is_asked_for_again_at_its_end() {
    let now = SystemTime::now();
    let short = certificate(&RSA_2048, now - DAY, now + Duration::from_secs(60));
    let source = source(&[Ok(&short)], None);
    let pause = source.refresh().await.as_secs();
    assert!((50..=60).contains(&pause), "{pause}");
}

#[tokio::test]
async fn a_place_that_never_answers_is_given_up() {
    let source = source(&[], None);
    source.refresh().await;
    assert!(source.current().await.expect_err("none").to_string().contains("no answer within"));
}
