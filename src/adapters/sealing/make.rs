//! Makes the embedded RSA key pair and its certificate, like the controller's own.

use std::time::{Duration, SystemTime};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use rcgen::{CertificateParams, DistinguishedName, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm, SigningKey};
use zeroize::Zeroizing;

use super::pem;

/// Ten years, as the controller's certificates live.
const LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);
/// Clocks differ a little between machines.
const BACKDATED: Duration = Duration::from_secs(5 * 60);

/// A new RSA-4096 key; takes about a second.
pub(super) fn key() -> Result<KeyPair, Unspecified> {
    KeyPair::generate(KeySize::Rsa4096)
}

/// The private key, PKCS#8 PEM.
pub(super) fn private_pem(key: &KeyPair) -> Result<Zeroizing<String>, Unspecified> {
    let der: Pkcs8V1Der<'_> = key.as_der()?;
    Ok(pem::encode("PRIVATE KEY", der.as_ref()))
}

/// Reads a private key, PKCS#8 PEM.
pub(super) fn read_private_pem(text: &str) -> Option<KeyPair> {
    KeyPair::from_pkcs8(&pem::first("PRIVATE KEY", text)?).ok()
}

/// A self-signed certificate with an empty subject, PEM.
pub(super) fn certificate(key: &KeyPair) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let now = SystemTime::now();
    params.not_before = (now - BACKDATED).into();
    params.not_after = (now + LIFETIME).into();
    let certificate = params.self_signed(&Signer(key))?;
    Ok(pem::encode("CERTIFICATE", certificate.der()).to_string())
}

/// Lets rcgen sign without a copy of the private key of its own, which it wouldn't wipe.
struct Signer<'a>(&'a KeyPair);

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature)
    }
}
