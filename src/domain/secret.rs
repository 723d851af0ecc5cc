//! Secrets: values that must never be seen, how wide they are sealed, and what may be shown of them.

pub mod rules;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

use super::change::ObjectKey;
use super::names::{DataKey, LabelValue, Namespace, ObjectName};
use super::snapshot::ManifestRef;

/// The most bytes that all values of a secret may have together, decoded.
pub const MAX_SECRET_BYTES: usize = 1024 * 1024;

/// The annotation on a SealedSecret that names the certificate it was sealed with: SHA-256 of its DER, hex.
pub const FINGERPRINT_ANNOTATION: &str = "cre-backend-api/certificate-fingerprint";

/// A secret value: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for sealing and for keyed hashing only.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The values of a secret by key.
pub type SecretValues = BTreeMap<DataKey, SecretBytes>;

/// How widely a sealed value may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In this namespace under this name only.
    Strict,
    /// In this namespace under any name.
    NamespaceWide,
    /// Anywhere in the cluster.
    ClusterWide,
}

impl Scope {
    /// kubeseal's words, narrowest first.
    pub const WORDS: [&str; 3] = ["strict", "namespace-wide", "cluster-wide"];
    /// All scopes, narrowest first.
    pub const ALL: [Self; 3] = [Self::Strict, Self::NamespaceWide, Self::ClusterWide];

    /// kubeseal's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// Reads kubeseal's word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// The annotation that tells the controller of a scope wider than strict; its value is `"true"`.
    #[must_use]
    pub fn annotation(self) -> Option<&'static str> {
        match self {
            Self::Strict => None,
            Self::NamespaceWide => Some("sealedsecrets.bitnami.com/namespace-wide"),
            Self::ClusterWide => Some("sealedsecrets.bitnami.com/cluster-wide"),
        }
    }
}

/// What a ciphertext is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealScope {
    /// How widely.
    pub scope: Scope,
    /// The secret's namespace.
    pub namespace: Namespace,
    /// The secret's name.
    pub name: ObjectName,
}

impl SealScope {
    /// The OAEP label: `namespace/name`, `namespace`, or nothing.
    #[must_use]
    pub fn label(&self) -> String {
        match self.scope {
            Scope::Strict => format!("{}/{}", self.namespace, self.name),
            Scope::NamespaceWide => self.namespace.to_string(),
            Scope::ClusterWide => String::new(),
        }
    }
}

/// Sealed values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Ciphertext by key, standard base64 with padding.
    pub encrypted: BTreeMap<DataKey, String>,
    /// SHA-256 of the certificate's DER, hex: which key opens it.
    pub fingerprint: String,
}

/// The certificate that secrets are sealed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate, PEM.
    pub pem: String,
    /// SHA-256 of its DER, hex.
    pub fingerprint: String,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// Where it comes from: `embedded`, or a file's path, or an address without credentials.
    pub source: String,
    /// When its source was last read.
    pub read_at: Timestamp,
}

/// A new secret as a developer asks for it.
#[derive(Debug, Clone)]
pub struct SecretSpec {
    /// The Secret's type, such as `Opaque`.
    pub kind: String,
    /// How widely it is sealed.
    pub scope: Scope,
    /// The values.
    pub values: SecretValues,
    /// Labels of the Secret.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the Secret.
    pub annotations: BTreeMap<String, String>,
    /// Whether the Secret can't change once made.
    pub immutable: bool,
    /// The Backstage component that it belongs to.
    pub component: Option<LabelValue>,
}

/// A change of an existing secret's values.
#[derive(Debug, Clone, Default)]
pub struct SecretEdit {
    /// Values to set, new or in place of others.
    pub set: SecretValues,
    /// Keys to remove.
    pub remove: Vec<DataKey>,
    /// The new component; `Some(None)` takes the label away.
    pub component: Option<Option<LabelValue>>,
}

/// A sealed secret ready to be rendered: ciphertext only.
#[derive(Debug, Clone, PartialEq)]
pub struct SealedSecretDraft {
    /// Its identity.
    pub key: ObjectKey,
    /// The Secret's type.
    pub kind: String,
    /// How widely it is sealed.
    pub scope: Scope,
    /// The ciphertexts.
    pub sealed: Sealed,
    /// Labels of the Secret, the component's included.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the Secret; the scope's is not among them.
    pub annotations: BTreeMap<String, String>,
    /// Whether the Secret can't change once made.
    pub immutable: bool,
}

/// What is wrong with the values of a secret of the type `kubernetes.io/tls`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// `tls.crt` begins with no certificate.
    Certificate,
    /// `tls.key` is no private key that TLS servers can use.
    Key,
    /// The key isn't the certificate's.
    Pair,
}

/// What may be shown of a secret.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SecretSummary {
    /// The Backstage component.
    pub component: Option<String>,
    /// The Secret's type.
    pub kind: String,
    /// Whether it can't change.
    pub immutable: bool,
    /// Its keys, in order.
    pub keys: Vec<KeySummary>,
    /// Whether a SealedSecret declares it.
    pub sealed: bool,
    /// How widely it is sealed.
    pub scope: Option<Scope>,
    /// Whether the controller unsealed the newest state.
    pub synced: Option<bool>,
    /// What the controller says.
    pub message: Option<String>,
    /// Which certificate it was sealed with, when the manifest tells.
    pub certificate_fingerprint: Option<String>,
    /// What its ciphertexts are, in one number, so that Git's can be compared with the cluster's; `None` when it isn't sealed.
    pub ciphertexts: Option<u64>,
    /// The Secret's labels.
    pub labels: BTreeMap<String, String>,
    /// When the cluster made it.
    pub created_at: Option<Timestamp>,
    /// Of a cluster's: whether the controller may write the Secret, as there is none yet, or a SealedSecret owns it, or it is annotated
    /// for that.
    pub controllable: bool,
    /// Whether the cluster is deleting it: the Secret, or the SealedSecret.
    pub deleting: bool,
    /// Where Git declares it.
    pub manifest: Option<ManifestRef>,
}

/// What may be shown of one key of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySummary {
    /// The key's name.
    pub name: String,
    /// Its value's length, when that can be known.
    pub bytes: Option<u64>,
    /// `ok`; with a cluster to compare with also `missing` (declared, not in the cluster) and `extra` (the reverse).
    pub state: &'static str,
}

/// A type of Secret that Kubernetes knows, and the keys that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownType {
    /// The type's name.
    pub name: &'static str,
    /// Keys of which all are needed.
    pub required: &'static [&'static str],
    /// Keys of which at least one is needed.
    pub any_of: &'static [&'static str],
}

/// The [types that Kubernetes knows](https://kubernetes.io/docs/concepts/configuration/secret/#secret-types) and that may be made here.
pub const KNOWN_TYPES: [KnownType; 6] = [
    KnownType { name: "Opaque", required: &[], any_of: &[] },
    KnownType { name: "kubernetes.io/tls", required: &["tls.crt", "tls.key"], any_of: &[] },
    KnownType { name: "kubernetes.io/dockerconfigjson", required: &[".dockerconfigjson"], any_of: &[] },
    KnownType { name: "kubernetes.io/dockercfg", required: &[".dockercfg"], any_of: &[] },
    KnownType { name: "kubernetes.io/basic-auth", required: &[], any_of: &["username", "password"] },
    KnownType { name: "kubernetes.io/ssh-auth", required: &["ssh-privatekey"], any_of: &[] },
];
