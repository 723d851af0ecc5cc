//! Certificates and private keys of servers.

use rcgen::{CertificateParams, KeyPair};

/// A certificate, and its private key, both PEM.
pub fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["shop.example.com".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}
