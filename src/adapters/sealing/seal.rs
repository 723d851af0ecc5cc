//! One value sealed in the format of kubeseal.
//!
//! The format is that of [sealed-secrets' `HybridEncrypt`](https://github.com/bitnami-labs/sealed-secrets/blob/main/pkg/crypto/crypto.go):
//! a big-endian `u16` with the length of the RSA part, the RSA-OAEP (SHA-256, MGF1-SHA-256, label) of a fresh session key of
//! 32 bytes, the AES-256-GCM ciphertext under a nonce of zeros without associated data, and its tag; all in standard base64.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::domain::error::SealError;

const SESSION_KEY_BYTES: usize = 32;

/// Seals one value for an OAEP label; the answer is standard base64 with padding.
///
/// # Errors
/// [`SealError::Failed`] when the cryptography fails; nothing of the value is in it.
pub fn seal_value(key: &OaepPublicEncryptingKey, label: &str, value: &[u8]) -> Result<String, SealError> {
    encrypt(key, label, value)
        .map(|sealed| STANDARD.encode(&sealed[..]))
        .map_err(|Unspecified| SealError::Failed("the cryptographic library refused".to_owned()))
}

fn encrypt(key: &OaepPublicEncryptingKey, label: &str, value: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut session_key = Zeroizing::new([0_u8; SESSION_KEY_BYTES]);
    rand::fill(&mut session_key[..])?;

    let rsa_bytes = key.ciphertext_size();
    let head = size_of::<u16>() + rsa_bytes;
    // Sized at once: a buffer that grew would leave a copy of the value in freed memory. Wiped, as a failure half-way leaves the
    // value in it.
    let mut sealed = Zeroizing::new(Vec::with_capacity(head + value.len() + AES_256_GCM.tag_len()));
    sealed.extend_from_slice(&u16::try_from(rsa_bytes).map_err(|_| Unspecified)?.to_be_bytes());
    sealed.resize(head, 0);
    let label = Some(label.as_bytes()).filter(|label| !label.is_empty());
    key.encrypt(&OAEP_SHA256_MGF1SHA256, &session_key[..], &mut sealed[size_of::<u16>()..], label)?;

    sealed.extend_from_slice(value);
    let aead = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &session_key[..])?);
    // A nonce of zeros is safe as the session key is used once.
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    let tag = aead.seal_in_place_separate_tag(nonce, Aad::empty(), &mut sealed[head..])?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};

    use super::*;

    fn open(private: &PrivateDecryptingKey, label: &str, sealed: &str) -> Option<Vec<u8>> {
        let sealed = STANDARD.decode(sealed).unwrap();
        let (length, rest) = sealed.split_at(2);
        let (rsa, aes) = rest.split_at(usize::from(u16::from_be_bytes([length[0], length[1]])));
        let key = OaepPrivateDecryptingKey::new(private.clone()).unwrap();
        let mut session_key = vec![0; key.min_output_size()];
        let session_key = key.decrypt(&OAEP_SHA256_MGF1SHA256, rsa, &mut session_key, Some(label.as_bytes())).ok()?;
        let aead = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, session_key).unwrap());
        let mut value = aes.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        aead.open_in_place(nonce, Aad::empty(), &mut value).ok().map(|value| value.to_vec())
    }

    #[test]
    fn what_is_sealed_opens_under_its_label_only_and_looks_different_each_time() {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        assert!(private.as_der().is_ok());
        let public = OaepPublicEncryptingKey::new(private.public_key()).unwrap();
        for label in ["team-a/db", "team-a", ""] {
            for value in [&b""[..], b"hunter2", &[0, 255, 10]] {
                let sealed = seal_value(&public, label, value).unwrap();
                assert_eq!(open(&private, label, &sealed).as_deref(), Some(value));
                assert_eq!(open(&private, "team-b/db", &sealed), None);
                assert_ne!(seal_value(&public, label, value).unwrap(), sealed);
                assert_eq!(STANDARD.decode(sealed).unwrap().len(), 2 + 256 + value.len() + 16);
            }
        }
    }
}
