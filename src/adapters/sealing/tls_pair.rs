//! Whether the certificate and the private key of a `kubernetes.io/tls` secret can be used, and belong together.

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::pem;
use crate::domain::secret::TlsFault;

/// What is wrong with a certificate's and a key's PEM text; with only one of them, with that one.
pub(super) fn faults(certificate: Option<&[u8]>, key: Option<&[u8]>) -> Vec<TlsFault> {
    let (certified, own) = (certificate.map(certified_key), key.map(public_key));
    let mut faults = Vec::new();
    if certified == Some(None) {
        faults.push(TlsFault::Certificate);
    }
    if own == Some(None) {
        faults.push(TlsFault::Key);
    }
    if let (Some(Some(certified)), Some(Some(own))) = (certified, own)
        && certified != own
    {
        faults.push(TlsFault::Pair);
    }
    faults
}

/// The public key in the first certificate, which is the server's own: those of its issuers follow it.
fn certified_key(text: &[u8]) -> Option<Vec<u8>> {
    let der = pem::first("CERTIFICATE", std::str::from_utf8(text).ok()?)?;
    let certificate = Certificate::from_der(&der).ok()?;
    let info = certificate.tbs_certificate().subject_public_key_info();
    Some(info.subject_public_key.raw_bytes().to_vec())
}

/// The public half of the private key, which tells that the key is whole.
fn public_key(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let block = |label| pem::first(label, text);
    let key = if let Some(der) = block("PRIVATE KEY") {
        any_supported_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(&der[..])))
    } else if let Some(der) = block("RSA PRIVATE KEY") {
        any_supported_type(&PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(&der[..])))
    } else {
        any_supported_type(&PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(&block("EC PRIVATE KEY")?[..])))
    };
    let key = key.ok()?;
    let info = key.public_key()?;
    Some(SubjectPublicKeyInfoRef::from_der(info.as_ref()).ok()?.subject_public_key.raw_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use rcgen::{
        CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512,
        PKCS_ED25519, PKCS_RSA_SHA256, RsaKeySize,
    };

    use super::*;

    fn certificate(key: &KeyPair) -> String {
        CertificateParams::new(vec!["shop.example.com".to_owned()]).unwrap().self_signed(key).unwrap().pem()
    }

    fn told(certificate: &str, key: &str) -> Vec<TlsFault> {
        faults(Some(certificate.as_bytes()), Some(key.as_bytes()))
    }

    /// Each kind of key that TLS servers have.
    fn keys() -> Vec<KeyPair> {
        let elliptic = [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ECDSA_P521_SHA512, &PKCS_ED25519];
        let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        elliptic.into_iter().map(|kind| KeyPair::generate_for(kind).unwrap()).chain([rsa]).collect()
    }

    #[test]
    fn a_pair_of_each_kind_passes_and_one_of_two_keys_doesn_t() {
        let (keys, others) = (keys(), keys());
        for (index, key) in keys.iter().enumerate() {
            let certificate = certificate(key);
            assert_eq!(told(&certificate, &key.serialize_pem()), [], "{index}");
            assert_eq!(told(&certificate, &others[index].serialize_pem()), [TlsFault::Pair], "{index}");
            let another_kind = &keys[(index + 1) % keys.len()];
            assert_eq!(told(&certificate, &another_kind.serialize_pem()), [TlsFault::Pair], "{index}");
        }
    }

    #[test]
    fn the_first_certificate_of_a_chain_is_the_one_that_counts() {
        let [own, issuer] = [0, 1].map(|_| KeyPair::generate().unwrap());
        let key = own.serialize_pem();
        assert_eq!(told(&(certificate(&own) + &certificate(&issuer)), &key), []);
        assert_eq!(told(&(certificate(&issuer) + &certificate(&own)), &key), [TlsFault::Pair]);
    }

    #[test]
    fn what_is_no_certificate_or_no_key_is_told_each() {
        let key = KeyPair::generate().unwrap();
        let (certificate, key) = (certificate(&key), key.serialize_pem());
        for bad in ["", "hunter2", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key] {
            assert_eq!(told(bad, &key), [TlsFault::Certificate], "{bad}");
        }
        let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let cut = key.replacen("BEGIN PRIVATE KEY-----\n", "BEGIN PRIVATE KEY-----\nAAAA", 1);
        for bad in ["", "hunter2", &encrypted, &cut, &certificate] {
            assert_eq!(told(&certificate, bad), [TlsFault::Key], "{bad}");
        }
        assert_eq!(told("", ""), [TlsFault::Certificate, TlsFault::Key]);
        assert_eq!(faults(Some(&[0xff]), None), [TlsFault::Certificate], "bytes that are no text");
        assert_eq!(faults(None, Some(&[0xff])), [TlsFault::Key]);
        assert_eq!((faults(Some(certificate.as_bytes()), None), faults(None, Some(key.as_bytes()))), (vec![], vec![]));
    }
}
