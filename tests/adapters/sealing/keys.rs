//! Certificates of all sorts, made for one test.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use cre_backend_api::adapters::sealing::{CertificateSource, Current, SealingCertificate};
use cre_backend_api::domain::change::{ObjectKey, ObjectKind};
use cre_backend_api::domain::error::SealError;
use cre_backend_api::domain::names::DataKey;
use cre_backend_api::domain::secret::{Scope, SealScope, SecretBytes, SecretValues};
use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_RSA_SHA256, RsaKeySize};

pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One key for all tests that don't care which, as making one takes its time.
pub static RSA_2048: LazyLock<KeyPair> = LazyLock::new(|| rsa(RsaKeySize::_2048));

pub fn rsa(size: RsaKeySize) -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap()
}

/// A certificate for a key, valid between two moments.
pub fn certificate(key: &KeyPair, not_before: SystemTime, not_after: SystemTime) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.not_before = not_before.into();
    params.not_after = not_after.into();
    params.self_signed(key).unwrap().pem()
}

/// A certificate for a key, valid now.
pub fn valid_certificate(key: &KeyPair) -> String {
    certificate(key, SystemTime::now() - DAY, SystemTime::now() + DAY)
}

/// A source that has always the same certificate.
#[derive(Debug)]
pub struct Fixed(Arc<SealingCertificate>);

impl Fixed {
    pub fn new(pem: &str) -> Arc<Self> {
        Arc::new(Self(Arc::new(SealingCertificate::parse(pem).unwrap())))
    }
}

#[async_trait]
impl CertificateSource for Fixed {
    async fn current(&self) -> Result<Current, SealError> {
        Ok(Current {
            certificate: self.0.clone(),
            source: "a test".to_owned(),
            read_at: Timestamp::now(),
            failing: false,
            mend: "THE_SETTING".to_owned(),
        })
    }
}

/// `team-a/db` in a scope.
pub fn scope(scope: Scope) -> SealScope {
    let key = ObjectKey::parse(ObjectKind::Secret, "team-a", "db").unwrap();
    SealScope { scope, namespace: key.namespace, name: key.name }
}

/// Secret values by key.
pub fn values(pairs: &[(&str, &[u8])]) -> SecretValues {
    pairs.iter().map(|(key, value)| (DataKey::parse(key).unwrap(), SecretBytes::new(value.to_vec()))).collect()
}
