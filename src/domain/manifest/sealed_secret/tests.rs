//! A sealed secret's manifest: what is read, refused and edited.

use super::*;
use crate::domain::change::ObjectKey;

/// A manifest that says everything that a request can ask for. The ciphertexts hold 3 and 5 bytes.
fn manifest() -> Value {
    json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {
            "name": "db", "namespace": "team-a",
            "annotations": {FINGERPRINT_ANNOTATION: "old", "sealedsecrets.bitnami.com/namespace-wide": "true"}
        },
        "spec": {
            "encryptedData": {"password": ciphertext(3), "user": ciphertext(5)},
            "template": {
                "metadata": {
                    "name": "db", "namespace": "team-a",
                    "labels": {COMPONENT_LABEL: "shop"},
                    "annotations": {"note": "a", "sealedsecrets.bitnami.com/namespace-wide": "true"}
                },
                "type": "Opaque",
                "immutable": true
            }
        }
    })
}

/// The form of a ciphertext, around nothing.
fn ciphertext(bytes: usize) -> String {
    let mut sealed = vec![0, 2, 7, 7];
    sealed.extend(vec![0; bytes + TAG_BYTES]);
    STANDARD.encode(sealed)
}

fn draft() -> SealedSecretDraft {
    SealedSecretDraft {
        key: ObjectKey::parse(ObjectKind::Secret, "team-a", "db").unwrap(),
        kind: "Opaque".to_owned(),
        scope: Scope::NamespaceWide,
        sealed: sealed(&[("password", &ciphertext(3)), ("user", &ciphertext(5))], "old"),
        labels: BTreeMap::from([(COMPONENT_LABEL.to_owned(), "shop".to_owned())]),
        annotations: BTreeMap::from([("note".to_owned(), "a".to_owned())]),
        immutable: true,
    }
}

fn sealed(values: &[(&str, &str)], fingerprint: &str) -> Sealed {
    let encrypted = values.iter().map(|(key, value)| (DataKey::parse(key).unwrap(), (*value).to_owned()));
    Sealed { encrypted: encrypted.collect(), fingerprint: fingerprint.to_owned() }
}

fn keys(names: &[&str]) -> Vec<DataKey> {
    names.iter().map(|name| DataKey::parse(name).unwrap()).collect()
}

fn check(document: &Value) -> Result<(), ManifestError> {
    verify(&super::super::write(document).unwrap(), &draft())
}

#[test]
fn a_manifest_is_read_without_its_values() {
    let summary = read(&manifest()).unwrap();
    let shown: Vec<_> = summary.keys.iter().map(|key| (key.name.as_str(), key.bytes)).collect();
    assert_eq!(shown, [("password", Some(3)), ("user", Some(5))]);
    assert_eq!((summary.scope, summary.immutable), (Some(Scope::NamespaceWide), true));
    assert_eq!(summary.certificate_fingerprint.as_deref(), Some("old"));
}

#[test]
fn ciphertexts_are_one_number_whatever_their_order_and_another_when_any_of_them_is_another() {
    let number = |pairs: &[(&str, &str)]| ciphertexts(pairs.iter().copied());
    let both = number(&[("password", &ciphertext(3)), ("user", &ciphertext(5))]);
    assert_eq!(number(&[("user", &ciphertext(5)), ("password", &ciphertext(3))]), both);
    assert_eq!(read(&manifest()).unwrap().ciphertexts, Some(both));
    for other in [
        &[("password", "a"), ("user", "b")][..],
        &[("password", "b"), ("user", "a")],
        &[("passworda", ""), ("user", "b")],
        &[("password", "a")],
        &[],
    ] {
        assert_ne!(number(other), number(&[("password", "a"), ("user", "c")]), "{other:?}");
    }
}

#[test]
fn a_length_that_cant_be_told_is_unknown() {
    for text in ["", "AA==", "not base64", "//8AAAA="] {
        assert_eq!(plaintext_length(text), None, "{text}");
    }
}

#[test]
fn the_wider_of_two_scopes_holds_as_for_the_controller() {
    let annotations = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| (format!("sealedsecrets.bitnami.com/{name}"), (*value).to_owned())).collect()
    };
    assert_eq!(scope(&annotations(&[("cluster-wide", "true"), ("namespace-wide", "true")])), Scope::ClusterWide);
    assert_eq!(scope(&annotations(&[("cluster-wide", "false"), ("namespace-wide", "true")])), Scope::NamespaceWide);
    assert_eq!(scope(&annotations(&[("namespace-wide", "yes")])), Scope::Strict);
}

#[test]
fn a_manifest_that_says_what_was_asked_for_passes() {
    assert_eq!(check(&manifest()), Ok(()));
    let mut without = manifest();
    without["metadata"]["annotations"].as_object_mut().unwrap().remove(FINGERPRINT_ANNOTATION);
    assert_eq!(check(&without), Ok(()), "a template may leave the fingerprint out");
}

#[test]
fn a_manifest_that_loses_changes_or_adds_anything_is_refused_by_name() {
    for (parent, field, value, named) in [
        ("", "kind", json!("Secret"), "kind"),
        ("", "data", json!({}), "the manifest"),
        ("/metadata", "name", json!("other"), "metadata.name"),
        ("/metadata", "ownerReferences", json!([]), "metadata"),
        ("/metadata/annotations", "sealedsecrets.bitnami.com/cluster-wide", json!("true"), "scope"),
        ("/metadata/annotations", FINGERPRINT_ANNOTATION, json!("wrong"), "fingerprint"),
        ("/spec", "data", json!({"password": "hunter2"}), "spec"),
        ("/spec/encryptedData", "password", json!("AgB+"), "encryptedData"),
        ("/spec/encryptedData", "more", json!("AgB+"), "encryptedData"),
        ("/spec/template", "data", json!({"password": "hunter2"}), "spec.template"),
        ("/spec/template", "type", json!("example.com/other"), "type"),
        ("/spec/template", "type", Value::Null, "type"),
        ("/spec/template", "immutable", json!(false), "immutable"),
        ("/spec/template", "immutable", json!("true"), "spec.template.immutable"),
        ("/spec/template/metadata", "name", json!("other"), "spec.template.metadata.name"),
        ("/spec/template/metadata", "namespace", json!("other"), "spec.template.metadata.namespace"),
        ("/spec/template/metadata", "labels", json!({}), "labels"),
        ("/spec/template/metadata/annotations", "more", json!("x"), "annotations"),
    ] {
        let mut document = manifest();
        document.pointer_mut(parent).unwrap()[field] = value;
        let error = check(&document).unwrap_err();
        assert!(error.0.contains(named), "{parent}/{field}: {error}");
        assert!(!error.0.contains("hunter2"), "{error}");
    }
}

#[test]
fn an_edit_leaves_every_other_ciphertext_byte_for_byte() {
    let mut document = manifest();
    edit(&mut document, &sealed(&[("token", "new")], "new"), &keys(&["user", "absent"])).unwrap();
    let mut expected = manifest();
    expected["spec"]["encryptedData"] = json!({"password": ciphertext(3), "token": "new"});
    assert_eq!(document, expected, "the fingerprint stays too: one value is still under the old certificate");
}

#[test]
fn the_fingerprint_changes_once_every_value_is_sealed_anew() {
    let mut document = manifest();
    edit(&mut document, &sealed(&[("password", "new")], "new"), &keys(&["user"])).unwrap();
    assert_eq!(document["metadata"]["annotations"][FINGERPRINT_ANNOTATION], "new");
    let mut foreign = json!({"spec": {"encryptedData": {"a": "old"}}});
    edit(&mut foreign, &sealed(&[("a", "new")], "new"), &[]).unwrap();
    assert_eq!(foreign["metadata"]["annotations"][FINGERPRINT_ANNOTATION], "new");
}

#[test]
fn an_edit_without_effect_leaves_the_document_as_it_was() {
    for mut document in [manifest(), json!({"spec": {}})] {
        let before = document.clone();
        edit(&mut document, &sealed(&[], ""), &[]).unwrap();
        assert_eq!(document, before);
    }
    let mut document = manifest();
    edit(&mut document, &sealed(&[], ""), &keys(&["absent"])).unwrap();
    set_component(&mut document, Some("shop")).unwrap();
    assert_eq!(document, manifest());
}

#[test]
fn the_component_is_a_label_of_the_secret_and_not_of_its_wrapper() {
    let mut document = manifest();
    set_component(&mut document, None).unwrap();
    let mut expected = manifest();
    expected["spec"]["template"]["metadata"].as_object_mut().unwrap().remove("labels");
    assert_eq!(document, expected);
    set_component(&mut document, Some("new")).unwrap();
    assert_eq!(document["spec"]["template"]["metadata"]["labels"], json!({COMPONENT_LABEL: "new"}));
}
