//! kubeseal with the private key, as after a disaster: it opens what is sealed here, and nothing under another name.

use std::path::PathBuf;

use cre_backend_api::domain::secret::Scope;
use rcgen::{KeyPair, RsaKeySize};

use super::{Secret, kubeseal, mebibyte, moved, offline, printed, samples};
use crate::adapters::sealing::keys::{RSA_2048, rsa, valid_certificate};
use crate::support::cluster::documents;

/// kubeseal, and a private key in a file.
struct Recovery {
    kubeseal: PathBuf,
    folder: tempfile::TempDir,
}

impl Recovery {
    fn with(key: &KeyPair) -> Option<Self> {
        let (kubeseal, folder) = (kubeseal()?, tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        Some(Self { kubeseal, folder })
    }

    fn open(&self, manifest: &str) -> std::process::Output {
        let key = self.folder.path().join("key.pem");
        let key = ["--recovery-unseal", "--recovery-private-key", key.to_str().unwrap()];
        offline(&self.kubeseal, &key, manifest)
    }
}

fn opens(key: &KeyPair) {
    let Some(recovery) = Recovery::with(key) else { return };
    let certificate = valid_certificate(key);
    for (scope, values) in Scope::ALL.into_iter().flat_map(|scope| [(scope, samples()), (scope, mebibyte())]) {
        let secret = Secret { namespace: "team-a", name: "db", scope, values: &values };
        let manifest = secret.sealed_with(&certificate);
        secret.assert_opened(&documents(&printed(recovery.open(&manifest)))[0]);
        for (namespace, name, allowed) in [
            ("team-a", "other", scope != Scope::Strict),
            ("team-b", "db", scope == Scope::ClusterWide),
            ("team-b", "other", scope == Scope::ClusterWide),
        ] {
            let moved = recovery.open(&moved(&manifest, namespace, name));
            assert_eq!(moved.status.success(), allowed, "{scope:?} as {namespace}/{name}");
        }
    }
}

#[test]
fn what_an_rsa_2048_certificate_sealed_opens_where_its_scope_says() {
    opens(&RSA_2048);
}

#[test]
fn what_an_rsa_4096_certificate_sealed_opens_where_its_scope_says() {
    opens(&rsa(RsaKeySize::_4096));
}

#[test]
fn another_key_opens_nothing() {
    let Some(recovery) = Recovery::with(&rsa(RsaKeySize::_2048)) else { return };
    let secret = Secret { namespace: "team-a", name: "db", scope: Scope::ClusterWide, values: &samples() };
    assert!(!recovery.open(&secret.sealed_with(&valid_certificate(&RSA_2048))).status.success());
}
