//! The settings of sealing.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::is_safe;
use crate::config::vars::Vars;
use crate::domain::names::{Namespace, ObjectName};
use crate::domain::secret::Scope;

/// How secrets are sealed.
#[derive(Debug, Clone)]
pub struct SecretsConfig {
    /// `SEALED_SECRETS_CERT`, none: the controller in the cluster is asked, and without a cluster there is an own key pair.
    pub certificate: Option<CertificateAt>,
    /// `SEALED_SECRETS_CERT_SHA256`, none: the certificate's fingerprint, 64 hexadecimal digits in lower case.
    pub certificate_sha256: Option<String>,
    /// The controller in the cluster.
    pub controller: ControllerConfig,
    /// `SEALED_SECRETS_SCOPES`, all: the scopes that a secret may have, narrowest first.
    pub scopes: Vec<Scope>,
    /// `SECRET_METADATA_PREFIXES`, app.kubernetes.io,backstage.io.
    pub metadata_prefixes: Vec<String>,
}

/// Where `SEALED_SECRETS_CERT` says that the certificate is.
#[derive(Clone)]
pub enum CertificateAt {
    /// A file.
    File(PathBuf),
    /// An address, which may hold credentials.
    Url(Url),
}

/// Without the URL's credentials and query.
impl fmt::Debug for CertificateAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Url(url) => f.debug_struct("Url").field("host", &url.host_str()).finish_non_exhaustive(),
        }
    }
}

/// The Service of the Sealed Secrets controller.
#[derive(Debug, Clone)]
pub struct ControllerConfig {
    /// `SEALED_SECRETS_CONTROLLER_NAMESPACE`, kube-system: also protected from writes.
    pub namespace: Namespace,
    /// `SEALED_SECRETS_CONTROLLER_NAME`, sealed-secrets-controller.
    pub name: ObjectName,
    /// `SEALED_SECRETS_CONTROLLER_PORT`, 8080: a number other than 0.
    pub port: u16,
}

impl SecretsConfig {
    pub(in crate::config) fn read(vars: &Vars) -> Option<Self> {
        let certificate = vars.parsed("SEALED_SECRETS_CERT", CertificateAt::parse);
        let certificate_sha256 = vars.parsed("SEALED_SECRETS_CERT_SHA256", |text| {
            let digits = text.replace(':', "").to_lowercase();
            let valid = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            if valid { Ok(digits) } else { Err("64 hexadecimal digits") }
        });
        let controller = ControllerConfig::read(vars);
        let scopes = vars.list("SEALED_SECRETS_SCOPES", |word| match Scope::from_word(word) {
            Some(scope) => Ok(vec![scope]),
            None if word == "all" => Ok(Scope::ALL.to_vec()),
            None => Err("all, or some of strict, namespace-wide, cluster-wide"),
        });
        let metadata_prefixes = vars.list("SECRET_METADATA_PREFIXES", |prefix| {
            let valid = ObjectName::parse(prefix);
            valid.map(|_| prefix.to_owned()).map_err(|_| "DNS names with commas, such as backstage.io")
        });
        let mut scopes: Vec<Scope> = scopes.into_iter().flatten().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Some(Self { certificate, certificate_sha256, controller: controller?, scopes, metadata_prefixes })
    }
}

impl CertificateAt {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.contains("://") {
            return Ok(Self::File(PathBuf::from(text)));
        }
        let url = Url::parse(text).ok().filter(is_safe);
        url.map(Self::Url).ok_or("a file, or an https address; http for a loopback address only")
    }
}

impl ControllerConfig {
    fn read(vars: &Vars) -> Option<Self> {
        let namespace = vars.parsed("SEALED_SECRETS_CONTROLLER_NAMESPACE", Namespace::parse);
        let name = vars.parsed("SEALED_SECRETS_CONTROLLER_NAME", ObjectName::parse);
        let port = vars.parsed("SEALED_SECRETS_CONTROLLER_PORT", |text| {
            text.parse().ok().filter(|port| *port > 0).ok_or("a port's number, from 1 to 65535")
        });
        Some(Self { namespace: namespace?, name: name?, port: port? })
    }
}
