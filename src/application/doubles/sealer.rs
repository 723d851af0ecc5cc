//! A sealer that a test can look through.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::domain::error::SealError;
use crate::domain::ports::SecretSealer;
use crate::domain::secret::{Certificate, SealScope, Sealed, SecretBytes, SecretValues, TlsFault};

/// Seals with nothing but the length of what it is given; no two ciphertexts are equal, as in the real thing.
#[derive(Default)]
pub(crate) struct FakeSealer {
    sealed: AtomicUsize,
    /// How often the certificate was renewed.
    pub(crate) renewals: AtomicUsize,
}

impl FakeSealer {
    fn fingerprint(&self) -> String {
        format!("certificate {}", self.renewals.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl SecretSealer for FakeSealer {
    async fn certificate(&self) -> Result<Certificate, SealError> {
        Ok(Certificate {
            pem: String::new(),
            fingerprint: self.fingerprint(),
            not_before: Timestamp::UNIX_EPOCH,
            not_after: Timestamp::MAX,
            source: "here".to_owned(),
            read_at: Timestamp::now(),
        })
    }

    async fn seal<'a>(&'a self, _: &'a SealScope, values: SecretValues) -> Result<Sealed, SealError> {
        let encrypted = values.into_iter().map(|(key, value)| {
            let count = u8::try_from(self.sealed.fetch_add(1, Ordering::SeqCst) % 250).unwrap();
            let ciphertext = [vec![0, 1, count], vec![0; value.len() + 16]].concat();
            (key, STANDARD.encode(ciphertext))
        });
        Ok(Sealed { encrypted: encrypted.collect(), fingerprint: self.fingerprint() })
    }

    /// Knows certificates and keys by a word in them, and takes any two for a pair.
    fn check_tls<'a>(&'a self, certificate: Option<&'a SecretBytes>, key: Option<&'a SecretBytes>) -> Vec<TlsFault> {
        let lacks = |value: Option<&SecretBytes>, word: &str| {
            value.is_some_and(|value| !String::from_utf8_lossy(value.expose()).contains(word))
        };
        let faults = [(lacks(certificate, "CERTIFICATE"), TlsFault::Certificate), (lacks(key, "KEY"), TlsFault::Key)];
        faults.into_iter().filter(|(lacks, _)| *lacks).map(|(_, fault)| fault).collect()
    }
}
