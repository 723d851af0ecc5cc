//! Signs commits with an SSH key, as `git commit -S` does with `gpg.format=ssh`.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, Error, HashAlg, LineEnding, Mpint, PrivateKey, Signature, SshSig};
use zeroize::Zeroizing;

use crate::domain::error::VcsError;

const SETTING: &str = "COMMIT_SIGNING_KEY_FILE";
/// More than any file of one key.
const MAX_BYTES: usize = 64 * 1024;
/// The right that makes a key everybody's. An operator's mounted file may have any owner and group.
const WORLD_READABLE: u32 = 0o004;
/// What git gives as the purpose, so that the signature is good for nothing else.
const NAMESPACE: &str = "git";
/// What ssh-keygen takes.
const HASH: HashAlg = HashAlg::Sha512;

/// A private SSH key; its memory is cleared when it is dropped.
pub struct SigningKey {
    public: KeyData,
    pair: Pair,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair, Algorithm),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Reads the file that `COMMIT_SIGNING_KEY_FILE` names. Symlinks are followed, as Kubernetes mounts secrets through them.
    ///
    /// # Errors
    /// A sentence that names the setting and says what to do, never with what is in the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let wrong = |reason: &str| format!("{SETTING}: {} {reason}", path.display());
        let unread = |error: std::io::Error| wrong(&format!("can't be read: {}", error.kind()));
        // Asked before it is opened: a pipe in the place of a file must not hold the start up.
        if !std::fs::metadata(path).map_err(unread)?.is_file() {
            return Err(wrong("is no file"));
        }
        let file = File::open(path).map_err(unread)?;
        if file.metadata().map_err(unread)?.permissions().mode() & WORLD_READABLE != 0 {
            return Err(wrong("is open to everybody; run chmod 600 on it, or mount it with the mode 0440"));
        }
        // Sized at once, so that no copy of the key stays where a growing buffer was.
        let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
        file.take(MAX_BYTES as u64).read_to_string(&mut text).map_err(unread)?;
        Self::parse(&text).map_err(wrong)
    }

    /// The key in a file's text: OpenSSH's own format, ed25519 or ECDSA on P-256 or P-384, without a passphrase.
    ///
    /// # Errors
    /// What is wrong with it, to be said after its name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let key = PrivateKey::from_openssh(text)
            .map_err(|_| "isn't a private key in OpenSSH's format; ssh-keygen -t ed25519 makes one")?;
        if key.is_encrypted() {
            return Err("has a passphrase; take it off with ssh-keygen -p, or use a key without one");
        }
        let damaged = "is damaged: its halves don't belong together";
        let ecdsa = |algorithm, private: &[u8], public: &[u8]| {
            EcdsaKeyPair::from_private_key_and_public_key(algorithm, private, public).map_err(|_| damaged)
        };
        let pair = match key.key_data() {
            KeypairData::Ed25519(pair) => {
                let read = Ed25519KeyPair::from_seed_and_public_key(pair.private.as_ref(), pair.public.as_ref());
                Pair::Ed25519(read.map_err(|_| damaged)?)
            }
            KeypairData::Ecdsa(EcdsaKeypair::NistP256 { public, private }) => Pair::Ecdsa(
                ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, private.as_slice(), public.as_bytes())?,
                key.algorithm(),
            ),
            KeypairData::Ecdsa(EcdsaKeypair::NistP384 { public, private }) => Pair::Ecdsa(
                ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, private.as_slice(), public.as_bytes())?,
                key.algorithm(),
            ),
            _ => return Err("is of a kind that can't sign here; use ed25519, or ECDSA with 256 or 384 bits"),
        };
        Ok(Self { public: key.public_key().key_data().clone(), pair })
    }

    /// The signature of a commit's content, as its `gpgsig` header holds it.
    ///
    /// # Errors
    /// [`VcsError::WrongState`] when the system gives no random bytes.
    pub fn sign(&self, content: &[u8]) -> Result<String, VcsError> {
        self.armored(content).map_err(|_| VcsError::WrongState("the commit can't be signed".to_owned()))
    }

    fn armored(&self, content: &[u8]) -> ssh_key::Result<String> {
        let signature = self.pair.sign(&SshSig::signed_data(NAMESPACE, HASH, content)?)?;
        SshSig::new(self.public.clone(), NAMESPACE, HASH, signature)?.to_pem(LineEnding::LF)
    }
}

impl Pair {
    fn sign(&self, data: &[u8]) -> ssh_key::Result<Signature> {
        match self {
            Self::Ed25519(pair) => Signature::new(Algorithm::Ed25519, pair.sign(data).as_ref()),
            Self::Ecdsa(pair, algorithm) => {
                let fixed = pair.sign(&SystemRandom::new(), data).map_err(|_| Error::Crypto)?;
                // SSH writes the two numbers one after the other, each with its length (RFC 5656, 3.1.2).
                let (r, s) = fixed.as_ref().split_at(fixed.as_ref().len() / 2);
                let mut numbers = Vec::with_capacity(fixed.as_ref().len() + 10);
                for half in [r, s] {
                    let number = Mpint::from_positive_bytes(half)?;
                    let length = u32::try_from(number.as_bytes().len()).map_err(|_| Error::Crypto)?;
                    numbers.extend_from_slice(&length.to_be_bytes());
                    numbers.extend_from_slice(number.as_bytes());
                }
                Signature::new(algorithm.clone(), numbers)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, KeyPair as _, UnparsedPublicKey};
    use ssh_key::private::{Ed25519Keypair, Ed25519PrivateKey};
    use ssh_key::public::Ed25519PublicKey;

    fn mk_key(seed: [u8; 32], public_of: [u8; 32]) -> Zeroizing<String> {
        let public = Ed25519KeyPair::from_seed_unchecked(&public_of).unwrap();
        let public = Ed25519PublicKey(public.public_key().as_ref().try_into().unwrap());
        let private = Ed25519PrivateKey::from_bytes(&seed);
        let key = PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair { public, private }), "test").unwrap();
        key.to_openssh(LineEnding::LF).unwrap()
    }

    fn write(text: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn the_signature_is_over_the_contents_hash_for_git_alone() {
        let key = SigningKey::parse(&mk_key([7; 32], [7; 32])).unwrap();
        let armored = key.sign(b"tree 1\n").unwrap();
        assert!(armored.starts_with("-----BEGIN SSH SIGNATURE-----\n"), "{armored}");
        assert!(armored.trim_end().ends_with("\n-----END SSH SIGNATURE-----"), "{armored}");
        let read: SshSig = armored.parse().unwrap();
        assert_eq!((read.version(), read.namespace(), read.reserved()), (1, "git", &[][..]));
        assert_eq!((read.hash_alg(), read.public_key()), (HashAlg::Sha512, &key.public));
        // What is signed, put together by hand from OpenSSH's PROTOCOL.sshsig.
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, b"tree 1\n");
        let mut signed = b"SSHSIG\0\0\0\x03git\0\0\0\0\0\0\0\x06sha512\0\0\0\x40".to_vec();
        signed.extend_from_slice(hash.as_ref());
        let public = UnparsedPublicKey::new(&ED25519, read.public_key().ed25519().unwrap().0);
        assert!(public.verify(&signed, read.signature_bytes()).is_ok());
        signed[10] ^= 1;
        assert!(public.verify(&signed, read.signature_bytes()).is_err());
    }

    #[test]
    fn a_key_that_cannot_be_used_is_told_with_the_setting_and_without_its_text() {
        let good = mk_key([7; 32], [7; 32]);
        for mode in [0o400, 0o440, 0o600, 0o660] {
            let (_folder, path) = write(&good, mode);
            assert!(SigningKey::read(&path).is_ok(), "{mode:o}");
        }
        let mixed = mk_key([7; 32], [8; 32]);
        for (text, mode, what) in [
            (good.as_str(), 0o644, "open to everybody"),
            (&mixed, 0o600, "halves"),
            ("hunter2", 0o600, "OpenSSH's format"),
            ("", 0o600, "OpenSSH's format"),
        ] {
            let (_folder, path) = write(text, mode);
            let told = SigningKey::read(&path).unwrap_err();
            assert!(told.starts_with("COMMIT_SIGNING_KEY_FILE: ") && told.contains(what), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(SigningKey::read(folder.path()).unwrap_err().contains("is no file"));
        assert!(SigningKey::read(&folder.path().join("none")).unwrap_err().contains("can't be read"));
    }

    #[test]
    fn no_key_is_in_what_is_printed() {
        let key = SigningKey::parse(&mk_key([7; 32], [7; 32])).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey { .. }");
    }
}
