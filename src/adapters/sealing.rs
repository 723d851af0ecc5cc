//! `SecretSealer`, sealing as kubeseal does; the certificate comes from the controller, an address, a file, or the embedded key.

mod certificate;
mod controller;
mod embedded;
mod fetched;
mod file_certificate;
mod key_files;
mod make;
pub mod metrics;
mod missing;
mod pem;
mod seal;
mod tls_pair;
mod url;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::error::SealError;
use crate::domain::ports::SecretSealer;
use crate::domain::secret::{Certificate, SealScope, Sealed, SecretBytes, SecretValues, TlsFault};

pub use certificate::{BadCertificate, CertificatePin, SealingCertificate};
pub use controller::ControllerProxy;
pub use embedded::EmbeddedKey;
pub use fetched::{Fetch, Fetched, FetchedCertificate, Pace};
pub use file_certificate::FileCertificate;
pub use missing::NoCertificate;
pub use seal::seal_value;
pub use url::CertificateUrl;

/// More than any certificate with its chain.
const MAX_BYTES: usize = 1024 * 1024;
/// How often a certificate that is at hand is looked at, and a key that can't be made is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Where the certificate comes from.
#[async_trait]
pub trait CertificateSource: Send + Sync + 'static {
    /// The newest good certificate. Cheap: called for each value set.
    ///
    /// # Errors
    /// [`SealError::NotReady`] while it is being made, [`SealError::NoCertificate`] when there never was a good one; the sentence
    /// names the setting or file to mend. A certificate that was read earlier stays when its source fails.
    async fn current(&self) -> Result<Current, SealError>;

    /// Does what the source needs done in the background, and tells when to come again.
    async fn refresh(&self) -> Duration {
        LOOK_EVERY
    }
}

/// A certificate, and where and when it was read.
#[derive(Debug, Clone)]
pub struct Current {
    /// The certificate.
    pub certificate: Arc<SealingCertificate>,
    /// `embedded`, or a file's path, or an address without credentials.
    pub source: String,
    /// When its source was last read successfully.
    pub read_at: Timestamp,
    /// Whether the last attempt to read its source failed.
    pub failing: bool,
    /// What to mend when it is no good: a setting or a file.
    pub mend: String,
}

/// Seals secret values with the certificate of a source.
pub struct Sealer {
    source: Arc<dyn CertificateSource>,
}

impl Sealer {
    /// Seals with this source's certificates.
    #[must_use]
    pub fn new(source: Arc<dyn CertificateSource>) -> Self {
        metrics::describe();
        Self { source }
    }

    /// The certificate, if it is valid at this moment: what was good when it was read may have expired since.
    ///
    /// # Errors
    /// As [`SecretSealer::certificate`].
    pub async fn current(&self) -> Result<Current, SealError> {
        let current = self.source.current().await?;
        match current.certificate.check_validity(Timestamp::now()) {
            Ok(()) => Ok(current),
            Err(reason) => Err(SealError::NoCertificate(format!("{}: {reason}", current.mend))),
        }
    }

    /// Keeps the source up to date; tells when to come again.
    pub async fn refresh(&self) -> Duration {
        self.source.refresh().await
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

#[async_trait]
impl SecretSealer for Sealer {
    async fn certificate(&self) -> Result<Certificate, SealError> {
        let current = self.current().await?;
        let certificate = &current.certificate;
        Ok(Certificate {
            pem: certificate.pem().to_owned(),
            fingerprint: certificate.fingerprint().to_owned(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            source: current.source,
            read_at: current.read_at,
        })
    }

    async fn seal<'a>(&'a self, scope: &'a SealScope, values: SecretValues) -> Result<Sealed, SealError> {
        let sealed = self.sealed(scope, values).await;
        metrics::sealed(scope, sealed.as_ref());
        sealed
    }

    fn check_tls<'a>(&'a self, certificate: Option<&'a SecretBytes>, key: Option<&'a SecretBytes>) -> Vec<TlsFault> {
        tls_pair::faults(certificate.map(SecretBytes::expose), key.map(SecretBytes::expose))
    }
}

impl Sealer {
    async fn sealed(&self, scope: &SealScope, values: SecretValues) -> Result<Sealed, SealError> {
        let certificate = self.current().await?.certificate;
        let label = scope.label();
        // The values move into the task and are wiped there, even when nobody waits for it any more.
        let work = move || {
            let mut encrypted = BTreeMap::new();
            for (key, value) in values {
                encrypted.insert(key, seal_value(certificate.key(), &label, value.expose())?);
            }
            Ok(Sealed { encrypted, fingerprint: certificate.fingerprint().to_owned() })
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|_| Err(SealError::Failed("the sealing task ended early".to_owned())))
    }
}
