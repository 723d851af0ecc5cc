//! A SealedSecret's manifest (`bitnami.com/v1alpha1`): read, compared with a request, edited key by key.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::nodegroup::check_fields;
use super::{
    MAX_SECRET_MANIFEST_BYTES, ManifestError, flag, object_at, optional_text, require_maps, set_label, text_map,
};
use crate::domain::change::ObjectKind;
use crate::domain::names::DataKey;
use crate::domain::nodegroup::COMPONENT_LABEL;
use crate::domain::secret::{FINGERPRINT_ANNOTATION, KeySummary, Scope, Sealed, SealedSecretDraft, SecretSummary};

/// The custom resource's API version.
pub const API_VERSION: &str = "bitnami.com/v1alpha1";
/// The custom resource's kind.
pub const KIND: &str = "SealedSecret";

/// Authentication tag of AES-256-GCM, bytes.
const TAG_BYTES: usize = 16;

/// Whether a document is a SealedSecret.
#[must_use]
pub fn is_one(document: &Value) -> bool {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    text("apiVersion") == Some(API_VERSION) && text("kind") == Some(KIND)
}

/// Reads what may be shown of a sealed secret.
///
/// # Errors
/// A sentence that names the field.
pub fn read(document: &Value) -> Result<SecretSummary, ManifestError> {
    require_maps(document, &["/metadata", "/spec", "/spec/template", "/spec/template/metadata"])?;
    let annotations = text_map(document, "/metadata/annotations", "metadata.annotations")?;
    let labels = text_map(document, "/spec/template/metadata/labels", "spec.template.metadata.labels")?;
    let encrypted = encrypted_data(document)?;
    Ok(SecretSummary {
        component: labels.get(COMPONENT_LABEL).cloned(),
        kind: optional_text(document, "/spec/template/type", "spec.template.type")?
            .unwrap_or_else(|| "Opaque".to_owned()),
        immutable: flag(document, "/spec/template/immutable", "spec.template.immutable")?,
        keys: encrypted
            .iter()
            .map(|(name, ciphertext)| KeySummary {
                name: name.clone(),
                bytes: plaintext_length(ciphertext),
                state: "ok",
            })
            .collect(),
        sealed: true,
        scope: Some(scope(&annotations)),
        synced: None,
        message: None,
        certificate_fingerprint: annotations.get(FINGERPRINT_ANNOTATION).cloned(),
        ciphertexts: Some(ciphertexts(encrypted.iter().map(|(key, ciphertext)| (key.as_str(), ciphertext.as_str())))),
        labels,
        created_at: None,
        controllable: false,
        deleting: false,
        manifest: None,
    })
}

/// The scope that the controller takes from the outer annotations; cluster-wide wins.
fn scope(annotations: &BTreeMap<String, String>) -> Scope {
    [Scope::ClusterWide, Scope::NamespaceWide]
        .into_iter()
        .find(|scope| scope.annotation().is_some_and(|name| annotations.get(name).is_some_and(|value| value == "true")))
        .unwrap_or(Scope::Strict)
}

fn encrypted_data(document: &Value) -> Result<BTreeMap<String, String>, ManifestError> {
    text_map(document, "/spec/encryptedData", "spec.encryptedData")
}

/// Keys with their ciphertexts, in any order, as one number: equal numbers are equal ciphertexts, as far as chance goes. It
/// holds in this process only: another build may count otherwise.
#[must_use]
pub fn ciphertexts<'a>(encrypted: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    let mut pairs: Vec<(&str, &str)> = encrypted.collect();
    pairs.sort_unstable();
    let mut hasher = DefaultHasher::new();
    pairs.hash(&mut hasher);
    hasher.finish()
}

/// The length of the value inside a ciphertext: `u16 length ‖ RSA part ‖ AES part ‖ tag`.
fn plaintext_length(ciphertext: &str) -> Option<u64> {
    let bytes = STANDARD.decode(ciphertext).ok()?;
    let rsa = usize::from(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]));
    u64::try_from(bytes.len().checked_sub(2 + rsa + TAG_BYTES)?).ok()
}

/// Compares a rendered manifest with the draft that it was rendered from: nothing lost, nothing smuggled in.
///
/// # Errors
/// A sentence naming what differs.
pub fn verify(rendered: &str, draft: &SealedSecretDraft) -> Result<(), ManifestError> {
    let documents = super::documents_within(rendered.as_bytes(), MAX_SECRET_MANIFEST_BYTES)?;
    let [document] = documents.as_slice() else {
        return Err(ManifestError::new(format!("there must be one document, not {}", documents.len())));
    };
    if !is_one(document) {
        return Err(ManifestError::new(format!("apiVersion and kind must be {API_VERSION} and {KIND}")));
    }
    if super::key(ObjectKind::Secret, document)? != draft.key {
        return Err(ManifestError::new("metadata.name or metadata.namespace isn't the one asked for"));
    }
    check_fields(document, "", &["apiVersion", "kind", "metadata", "spec"])?;
    check_fields(document, "/metadata", &["annotations", "labels", "name", "namespace"])?;
    check_fields(document, "/spec", &["encryptedData", "template"])?;
    check_fields(document, "/spec/template", &["immutable", "metadata", "type"])?;
    check_fields(document, "/spec/template/metadata", &["annotations", "labels", "name", "namespace"])?;
    let wrong = differences(document, draft)?;
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(ManifestError::new(format!("these aren't as asked for: {}", wrong.join(", "))))
    }
}

fn differences(document: &Value, draft: &SealedSecretDraft) -> Result<Vec<&'static str>, ManifestError> {
    let have = read(document)?;
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let inner = text_map(document, "/spec/template/metadata/annotations", "spec.template.metadata.annotations")?;
    let mut wanted_inner = draft.annotations.clone();
    wanted_inner.extend(draft.scope.annotation().map(|name| (name.to_owned(), "true".to_owned())));
    let encrypted: BTreeMap<String, String> =
        draft.sealed.encrypted.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    let checks = [
        ("type", text("/spec/template/type") == Some(draft.kind.as_str())),
        ("scope", have.scope == Some(draft.scope)),
        ("immutable", have.immutable == draft.immutable),
        ("labels", have.labels == draft.labels),
        ("annotations", inner == wanted_inner),
        ("encryptedData", encrypted_data(document)? == encrypted),
        // A template may leave it out; a wrong one would hide that the seal is stale.
        ("fingerprint", have.certificate_fingerprint.as_ref().is_none_or(|have| *have == draft.sealed.fingerprint)),
        ("spec.template.metadata.name", text("/spec/template/metadata/name") == Some(draft.key.name.as_str())),
        (
            "spec.template.metadata.namespace",
            text("/spec/template/metadata/namespace") == Some(draft.key.namespace.as_str()),
        ),
    ];
    Ok(checks.into_iter().filter(|(_, equal)| !equal).map(|(field, _)| field).collect())
}

/// Puts new ciphertexts in and takes keys out; the others' ciphertext stays byte for byte.
///
/// The fingerprint then names the new certificate only if every value was sealed with it: a secret with one value under an
/// older key stays recognisable as such.
///
/// # Errors
/// When the manifest has something else where a map belongs.
pub fn edit(document: &mut Value, set: &Sealed, remove: &[DataKey]) -> Result<(), ManifestError> {
    if set.encrypted.is_empty() && remove.is_empty() {
        return Ok(());
    }
    let data = object_at(document, &["spec", "encryptedData"])?;
    for key in remove {
        data.shift_remove(key.as_str());
    }
    for (key, ciphertext) in &set.encrypted {
        data.insert(key.to_string(), json!(ciphertext));
    }
    let all_new = data.keys().all(|name| set.encrypted.keys().any(|key| key.as_str() == name));
    if all_new && !set.encrypted.is_empty() {
        let annotations = object_at(document, &["metadata", "annotations"])?;
        annotations.insert(FINGERPRINT_ANNOTATION.to_owned(), json!(set.fingerprint));
    }
    Ok(())
}

/// Ties the Secret to another Backstage component, or to none.
///
/// # Errors
/// When the manifest has something else where a map belongs.
pub fn set_component(document: &mut Value, component: Option<&str>) -> Result<(), ManifestError> {
    set_label(document, &["spec", "template", "metadata"], COMPONENT_LABEL, component)
}

#[cfg(test)]
mod tests;
