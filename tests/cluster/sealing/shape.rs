//! Our manifests beside those that kubeseal makes of the same Secret.

use cre_backend_api::domain::manifest::sealed_secret;
use cre_backend_api::domain::secret::{FINGERPRINT_ANNOTATION, Scope};
use serde_json::{Value, json};

use super::{Secret, kubeseal, offline, printed, samples};
use crate::adapters::sealing::keys::{RSA_2048, valid_certificate};
use crate::support::cluster::documents;

/// What kubeseal makes of a secret, in this format.
fn by_kubeseal(secret: &Secret<'_>, certificate: &str, format: &str) -> Option<String> {
    let (kubeseal, folder) = (kubeseal()?, tempfile::tempdir().unwrap());
    let path = folder.path().join("cert.pem");
    std::fs::write(&path, certificate).unwrap();
    let arguments = ["--cert", path.to_str().unwrap(), "--scope", secret.scope.as_str(), "--format", format];
    let arguments = [&arguments[..], &["--allow-empty-data"]].concat();
    Some(printed(offline(&kubeseal, &arguments, &secret.plain().to_string())))
}

/// A manifest without what must differ: the ciphertexts, of which only the length is left.
fn comparable(manifest: &str) -> Value {
    let mut manifest = documents(manifest).remove(0);
    for ciphertext in manifest["spec"]["encryptedData"].as_object_mut().unwrap().values_mut() {
        *ciphertext = json!(ciphertext.as_str().unwrap().len());
    }
    manifest
}

#[test]
fn a_manifest_is_kubeseal_s_but_for_the_certificate_s_fingerprint() {
    let certificate = valid_certificate(&RSA_2048);
    for scope in Scope::ALL {
        let secret = Secret { namespace: "team-a", name: "db", scope, values: &samples() };
        let Some(theirs) = by_kubeseal(&secret, &certificate, "yaml") else { return };
        let (mut ours, mut theirs) = (comparable(&secret.sealed_with(&certificate)), comparable(&theirs));
        let annotations = ours["metadata"]["annotations"].as_object_mut().unwrap();
        assert!(annotations.shift_remove(FINGERPRINT_ANNOTATION).is_some());
        if annotations.is_empty() {
            ours["metadata"].as_object_mut().unwrap().remove("annotations");
        }
        // Fields that Go writes though they are empty, and that the resource's definition doesn't know.
        for metadata in ["/metadata", "/spec/template/metadata"] {
            let metadata = theirs.pointer_mut(metadata).unwrap().as_object_mut().unwrap();
            assert!(metadata.remove("creationTimestamp").unwrap_or_default().is_null());
        }
        assert_eq!(ours, theirs, "{}", scope.as_str());
    }
}

#[test]
fn two_manifests_of_one_secret_differ_in_their_ciphertexts_only() {
    let certificate = valid_certificate(&RSA_2048);
    for scope in Scope::ALL {
        let secret = Secret { namespace: "team-a", name: "db", scope, values: &samples() };
        let [first, second] = [(); 2].map(|()| secret.sealed_with(&certificate));
        assert_eq!(first.len(), second.len());
        let different = first.lines().zip(second.lines()).filter(|(first, second)| first != second);
        let keys: Vec<&str> = different.map(|(line, _)| line.trim().split(':').next().unwrap()).collect();
        assert_eq!(keys, ["\"binary\"", "\"empty\"", "\"password\"", "\"unicode\""]);
    }
}

#[test]
fn what_kubeseal_sealed_is_read_as_what_is_sealed_here() {
    let certificate = valid_certificate(&RSA_2048);
    for scope in Scope::ALL {
        let secret = Secret { namespace: "team-a", name: "db", scope, values: &samples() };
        let ours = sealed_secret::read(&documents(&secret.sealed_with(&certificate))[0]).unwrap();
        for format in ["yaml", "json"] {
            let Some(theirs) = by_kubeseal(&secret, &certificate, format) else { return };
            let mut theirs = sealed_secret::read(&documents(&theirs)[0]).unwrap();
            assert_eq!(theirs.certificate_fingerprint, None, "kubeseal doesn't tell");
            theirs.certificate_fingerprint.clone_from(&ours.certificate_fingerprint);
            theirs.ciphertexts = ours.ciphertexts;
            assert_eq!(ours, theirs, "{}", scope.as_str());
        }
    }
}
