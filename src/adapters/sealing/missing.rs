//! No certificate: on a repository that a cluster applies, a key of our own would make secrets that nobody there can open.

use async_trait::async_trait;

use super::{CertificateSource, Current};
use crate::domain::error::SealError;

/// Seals nothing, and says what to set.
#[derive(Debug, Clone, Copy)]
pub struct NoCertificate;

#[async_trait]
impl CertificateSource for NoCertificate {
    async fn current(&self) -> Result<Current, SealError> {
        Err(SealError::NoCertificate(
            "secrets can't be sealed: set SEALED_SECRETS_CERT to a file or an https address with the \
             controller's certificate (kubeseal --fetch-cert prints it), or NAMESPACE to have it fetched from the cluster"
                .to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_setting_is_named() {
        let Err(SealError::NoCertificate(told)) = NoCertificate.current().await else { panic!("there is none") };
        assert!(told.contains("SEALED_SECRETS_CERT"));
    }
}
