//! What is sealed here, as the real controller and the real kubeseal take it.

mod certificate;
mod kubeseal;
mod listing;
mod opened;
mod shape;
mod whole;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cre_backend_api::adapters::sealing::Sealer;
use cre_backend_api::domain::change::{ObjectKey, ObjectKind};
use cre_backend_api::domain::ports::{SecretSealer, TemplateRenderer};
use cre_backend_api::domain::secret::{MAX_SECRET_BYTES, Scope, SealScope, SealedSecretDraft};
use serde_json::{Value, json};

use crate::adapters::sealing::keys::{Fixed, values};
use crate::adapters::templates::drafts::built_in;
use crate::support::cluster::assets::Assets;
use crate::support::cluster::{documents, run, runtime};

/// Values of all sorts.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("binary", (0..=255).collect()),
        ("empty", Vec::new()),
        ("password", b"hunter2".to_vec()),
        ("unicode", "pässwörd ✓ \u{1f511}\nzweite Zeile\n".into()),
    ]
}

/// As much as one secret may hold, in one value.
fn mebibyte() -> Vec<(&'static str, Vec<u8>)> {
    vec![("large", (0..MAX_SECRET_BYTES).map(|index| index.to_le_bytes()[index % 4]).collect())]
}

/// A secret that is to be sealed.
struct Secret<'a> {
    namespace: &'a str,
    name: &'a str,
    scope: Scope,
    values: &'a [(&'static str, Vec<u8>)],
}

impl Secret<'_> {
    /// Its manifest, sealed by this service with a certificate.
    fn sealed_with(&self, certificate: &str) -> String {
        let key = ObjectKey::parse(ObjectKind::Secret, self.namespace, self.name).unwrap();
        let scope = SealScope { scope: self.scope, namespace: key.namespace.clone(), name: key.name.clone() };
        let pairs: Vec<(&str, &[u8])> = self.values.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let (port, values) = (Sealer::new(Fixed::new(certificate)), values(&pairs));
        let sealed = runtime::run(async move { port.seal(&scope, values).await }).unwrap();
        let pair = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
        let draft = SealedSecretDraft {
            key,
            kind: "example.com/all-sorts".to_owned(),
            scope: self.scope,
            sealed,
            labels: pair("backstage.io/kubernetes-id", "shop"),
            annotations: pair("app.kubernetes.io/note", "rotated: \"yearly\""),
            immutable: true,
        };
        built_in().sealed_secret(&draft).unwrap()
    }

    /// The Secret itself, which kubeseal seals.
    fn plain(&self) -> Value {
        let data: BTreeMap<_, _> = self.values.iter().map(|(name, value)| (*name, STANDARD.encode(value))).collect();
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "example.com/all-sorts", "immutable": true, "data": data,
            "metadata": {
                "name": self.name, "namespace": self.namespace, "labels": {"backstage.io/kubernetes-id": "shop"},
                "annotations": {"app.kubernetes.io/note": "rotated: \"yearly\""},
            },
        })
    }

    /// Fails unless a Secret has what was sealed.
    #[track_caller]
    fn assert_opened(&self, secret: &Value) {
        let plain = self.plain();
        // Not by `assert_eq`, whose message would be megabytes long.
        for (name, value) in plain["data"].as_object().unwrap() {
            // kubeseal leaves an empty value out of what it prints, or writes it as null.
            let opened = secret["data"][name].as_str().unwrap_or_default();
            assert!(opened == value.as_str().unwrap(), "{name} in {} isn't as it was", self.scope.as_str());
        }
        assert_eq!(secret["data"].as_object().unwrap().len(), self.values.len());
        for pointer in ["/type", "/immutable", "/metadata/labels", "/metadata/annotations/app.kubernetes.io~1note"] {
            assert_eq!(secret.pointer(pointer), plain.pointer(pointer), "{pointer}");
        }
    }
}

/// A manifest under another name and namespace: what somebody does who copies it.
fn moved(manifest: &str, namespace: &str, name: &str) -> String {
    let mut manifest = documents(manifest).remove(0);
    for pointer in ["/metadata", "/spec/template/metadata"] {
        let metadata = manifest.pointer_mut(pointer).unwrap();
        metadata["namespace"] = json!(namespace);
        metadata["name"] = json!(name);
    }
    manifest.to_string()
}

/// The real kubeseal; `None`, and a line that says why, where it isn't built.
fn kubeseal() -> Option<PathBuf> {
    Assets::find()?.sealed_secrets("kubeseal")
}

/// Runs kubeseal without a cluster.
#[track_caller]
fn offline(kubeseal: &PathBuf, arguments: &[&str], input: &str) -> Output {
    run(Command::new(kubeseal).args(arguments).env("KUBECONFIG", "/dev/null"), input)
}

/// What a program printed, when it succeeded.
#[track_caller]
fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
