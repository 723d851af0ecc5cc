//! The certificate that values are sealed with: what makes it usable, and the pin that says which one is meant.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use jiff::Timestamp;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::time::Time;

use super::pem;

/// `rsaEncryption` of [RFC 8017](https://www.rfc-editor.org/rfc/rfc8017#appendix-C).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Why a certificate can't be used; a sentence to follow the setting's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// Not a certificate.
    #[error("holds no readable certificate in PEM form (a CERTIFICATE block)")]
    Unreadable,
    /// Another kind of key.
    #[error("the certificate's key is no RSA key, which Sealed Secrets needs")]
    NotRsa,
    /// Too small or beyond all measure.
    #[error("the certificate's RSA key must have 2048 to 8192 bits")]
    KeySize,
    /// Not valid yet.
    #[error("the certificate isn't valid before {0}")]
    NotYetValid(Timestamp),
    /// Not valid any more.
    #[error("the certificate expired at {0}; renew it")]
    Expired(Timestamp),
    /// Another one than was pinned.
    #[error("the certificate's fingerprint is {actual}, not the one that SEALED_SECRETS_CERT_SHA256 pins")]
    WrongPin {
        /// The fingerprint found.
        actual: String,
    },
}

/// A parsed certificate, its public key ready for use.
#[derive(Debug)]
pub struct SealingCertificate {
    pem: String,
    fingerprint: String,
    not_before: Timestamp,
    not_after: Timestamp,
    key: OaepPublicEncryptingKey,
    public_key: Vec<u8>,
}

impl SealingCertificate {
    /// Reads the first `CERTIFICATE` block of a PEM text. Its time of validity isn't looked at.
    ///
    /// # Errors
    /// [`BadCertificate`] for what is no certificate with an RSA key of at least 2048 bits.
    pub fn parse(text: &str) -> Result<Self, BadCertificate> {
        let der = pem::first("CERTIFICATE", text).ok_or(BadCertificate::Unreadable)?;
        let parsed = x509_cert::Certificate::from_der(&der).map_err(|_| BadCertificate::Unreadable)?;
        let parsed = parsed.tbs_certificate();
        let info = parsed.subject_public_key_info();
        if info.algorithm.oid != RSA_ENCRYPTION {
            return Err(BadCertificate::NotRsa);
        }
        let spki = info.to_der().map_err(|_| BadCertificate::Unreadable)?;
        let key = PublicEncryptingKey::from_der(&spki).map_err(|_| BadCertificate::KeySize)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| BadCertificate::KeySize)?;
        if key.key_size_bits() < 2048 {
            return Err(BadCertificate::KeySize);
        }
        Ok(Self {
            // Written anew: whatever else stands in the file, such as a private key, is not shown to anybody.
            pem: pem::encode("CERTIFICATE", &der).to_string(),
            fingerprint: hex::encode(digest(&SHA256, &der)),
            not_before: timestamp(parsed.validity().not_before),
            not_after: timestamp(parsed.validity().not_after),
            key,
            public_key: info.subject_public_key.raw_bytes().to_vec(),
        })
    }

    /// Reads the first `CERTIFICATE` block of a PEM text, and holds it to the pin and to its time.
    ///
    /// # Errors
    /// As [`SealingCertificate::parse`], [`SealingCertificate::check_pin`], [`SealingCertificate::check_validity`].
    pub(super) fn usable(text: &str, pin: Option<&CertificatePin>, at: Timestamp) -> Result<Self, BadCertificate> {
        let certificate = Self::parse(text)?;
        pin.map_or(Ok(()), |pin| certificate.check_pin(pin))?;
        certificate.check_validity(at)?;
        Ok(certificate)
    }

    /// Whether it is valid at a moment.
    ///
    /// # Errors
    /// [`BadCertificate::NotYetValid`], [`BadCertificate::Expired`].
    pub fn check_validity(&self, at: Timestamp) -> Result<(), BadCertificate> {
        if at < self.not_before {
            Err(BadCertificate::NotYetValid(self.not_before))
        } else if at > self.not_after {
            Err(BadCertificate::Expired(self.not_after))
        } else {
            Ok(())
        }
    }

    /// Whether it is the pinned one.
    ///
    /// # Errors
    /// [`BadCertificate::WrongPin`].
    pub fn check_pin(&self, pin: &CertificatePin) -> Result<(), BadCertificate> {
        if pin.0 == self.fingerprint {
            Ok(())
        } else {
            Err(BadCertificate::WrongPin { actual: self.fingerprint.clone() })
        }
    }

    /// The certificate alone, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// SHA-256 of its DER, lower-case hex.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Valid from.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Valid until.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The public key.
    pub fn key(&self) -> &OaepPublicEncryptingKey {
        &self.key
    }

    /// The public key as `RSAPublicKey` DER, to be compared with a private key's.
    pub(super) fn public_key(&self) -> &[u8] {
        &self.public_key
    }
}

/// A year beyond what `jiff` knows is as good as for ever.
fn timestamp(time: Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// The fingerprint that a certificate must have (`SEALED_SECRETS_CERT_SHA256`): whoever can swap the certificate could read
/// every secret that is sealed from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePin(String);

impl CertificatePin {
    /// Reads 64 hex digits, of either case, with or without colons between the bytes, as `openssl x509 -fingerprint` prints them.
    ///
    /// # Errors
    /// What was expected, as a sentence to follow the setting's name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let expected =
            "must be the SHA-256 of the certificate: 64 hex digits, with or without colons between the bytes";
        let text = text.trim();
        let bytes: Vec<&str> = text.split(':').collect();
        if bytes.len() != 1 && bytes.iter().any(|byte| byte.len() != 2) {
            return Err(expected);
        }
        let digits = bytes.concat().to_ascii_lowercase();
        if digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(digits))
        } else {
            Err(expected)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_in_the_forms_that_tools_print() {
        let plain = "0a".repeat(32);
        let expected = Ok(CertificatePin(plain.clone()));
        assert_eq!(CertificatePin::parse(&plain), expected);
        assert_eq!(CertificatePin::parse(&plain.to_uppercase()), expected);
        assert_eq!(CertificatePin::parse(&vec!["0A"; 32].join(":")), expected);
        assert_eq!(CertificatePin::parse(&format!(" {plain}\n")), expected);
    }

    #[test]
    fn a_pin_of_another_length_or_with_colons_elsewhere_is_refused() {
        for bad in ["", "0a", &"0g".repeat(32), &"0a".repeat(33), &format!("0:a{}", "0a".repeat(31)), &"é".repeat(32)]
        {
            assert!(CertificatePin::parse(bad).is_err(), "{bad}");
        }
    }
}
