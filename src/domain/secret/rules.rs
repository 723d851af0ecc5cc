//! What Kubernetes and this service accept of a secret, told as violations. Never a value in them.

use std::collections::{BTreeMap, BTreeSet};

use super::{KNOWN_TYPES, KnownType, MAX_SECRET_BYTES, SecretBytes, SecretSpec, SecretValues, TlsFault};
use crate::domain::error::{Violation, pointer_segment};
use crate::domain::names::{LabelValue, QualifiedName, key_prefix};

/// The most bytes that all annotations may have together, as in Kubernetes.
const MAX_ANNOTATION_BYTES: usize = 256 * 1024;
/// The label by which Argo CD claims objects: with it a Secret would be pruned, so it is refused whatever the settings say.
const ARGO_CD_LABEL: &str = "app.kubernetes.io/instance";
/// The prefix by which the controller is steered.
const CONTROLLER_PREFIX: &str = "sealedsecrets.bitnami.com";

/// Checks everything of a new secret but its scope, which is a setting's matter.
#[must_use]
pub fn check(spec: &SecretSpec, prefixes: &BTreeSet<String>) -> Vec<Violation> {
    let mut wrong = check_type(&spec.kind);
    if wrong.is_empty() {
        wrong.extend(check_keys(&spec.kind, spec.values.keys().map(super::DataKey::as_str)));
        wrong.extend(check_values(&spec.kind, &spec.values));
    }
    wrong.extend(check_size("/data", spec.values.values().map(|value| value.len() as u64).sum()));
    wrong.extend(check_manifest_size(
        "/data",
        spec.values.len() as u64,
        spec.values.keys().map(|key| key.as_str().len() as u64).sum(),
        spec.values.values().map(|value| value.len() as u64).sum(),
    ));
    wrong.extend(check_metadata("labels", &spec.labels, prefixes));
    wrong.extend(check_metadata("annotations", &spec.annotations, prefixes));
    if spec.annotations.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MAX_ANNOTATION_BYTES {
        wrong.push(Violation::new("/annotations", "must have at most 256 KiB together"));
    }
    let label = spec.labels.get(crate::domain::nodegroup::COMPONENT_LABEL);
    if let (Some(component), Some(label)) = (&spec.component, label)
        && component.as_str() != label
    {
        wrong.push(Violation::new("/component", "differs from the label backstage.io/kubernetes-id; send one of them"));
    }
    wrong
}

/// All values together have at most 1 MiB; `pointer` is where the request has them.
#[must_use]
pub fn check_size(pointer: &str, bytes: u64) -> Option<Violation> {
    (bytes > MAX_SECRET_BYTES as u64).then(|| Violation::new(pointer, "all values together must have at most 1 MiB"))
}

/// What one key adds to a manifest beside its value: the RSA part at 4096 bits, lengths, tag, quotes and line.
const SEALED_OVERHEAD: u64 = 560;
/// What stands in a manifest beside its values.
const MANIFEST_OVERHEAD: u64 = 16 * 1024;

/// The manifest must stay small enough to be read back: each key adds ciphertext of its own.
#[must_use]
pub fn check_manifest_size(pointer: &str, keys: u64, key_bytes: u64, value_bytes: u64) -> Option<Violation> {
    let ciphertext = (keys * SEALED_OVERHEAD + value_bytes) * 4 / 3;
    let most = crate::domain::manifest::MAX_SECRET_MANIFEST_BYTES as u64 - MANIFEST_OVERHEAD;
    (ciphertext + key_bytes > most)
        .then(|| Violation::new(pointer, "has too many keys: the sealed manifest would be larger than 2 MiB"))
}

fn check_type(kind: &str) -> Vec<Violation> {
    let known: Vec<&str> = KNOWN_TYPES.iter().map(|known| known.name).collect();
    let reserved = ["kubernetes.io", "k8s.io", "helm.sh"];
    let own = QualifiedName::parse(kind).is_ok()
        && key_prefix(kind).is_some_and(|prefix| {
            !reserved.iter().any(|reserved| prefix == *reserved || prefix.ends_with(&format!(".{reserved}")))
        });
    if own || known.contains(&kind) {
        return Vec::new();
    }
    vec![Violation {
        pointer: "/type".to_owned(),
        detail: format!("must be one of {}, or a type of your own such as example.com/token", known.join(", ")),
        suggestions: known.into_iter().map(str::to_owned).collect(),
    }]
}

/// The rule of a type that Kubernetes knows.
fn known(kind: &str) -> Option<&'static KnownType> {
    KNOWN_TYPES.iter().find(|known| known.name == kind)
}

/// The keys that a type needs must be there.
#[must_use]
pub fn check_keys<'a>(kind: &str, keys: impl Iterator<Item = &'a str>) -> Vec<Violation> {
    let keys: BTreeSet<&str> = keys.collect();
    let Some(known) = known(kind) else { return Vec::new() };
    let missing = known.required.iter().filter(|name| !keys.contains(*name));
    let mut wrong: Vec<Violation> = missing
        .map(|name| Violation::new(format!("/data/{name}"), format!("is required by the type {kind}")))
        .collect();
    if !known.any_of.is_empty() && !known.any_of.iter().any(|name| keys.contains(name)) {
        let names = known.any_of.join(" or ");
        wrong.push(Violation::new("/data", format!("the type {kind} needs {names}")));
    }
    wrong
}

/// Tells whether a value has the form that its key needs, and what that is.
type Form = (fn(&[u8]) -> bool, &'static str);

/// Values of types whose form the API server or its users check must have that form.
#[must_use]
pub fn check_values(kind: &str, values: &SecretValues) -> Vec<Violation> {
    let form = |key: &str| -> Option<Form> {
        match (kind, key) {
            ("kubernetes.io/dockerconfigjson", ".dockerconfigjson") | ("kubernetes.io/dockercfg", ".dockercfg") => {
                Some((is_json_object, "must be a JSON object"))
            }
            _ => None,
        }
    };
    let wrong = values.iter().filter_map(|(key, value)| {
        let (holds, expected) = form(key.as_str())?;
        (!holds(value.expose())).then(|| Violation::new(format!("/data/{key}"), expected))
    });
    wrong.collect()
}

/// The certificate and the private key among the values of a TLS secret; of other types nothing.
#[must_use]
pub fn tls_pair<'a>(kind: &str, values: &'a SecretValues) -> (Option<&'a SecretBytes>, Option<&'a SecretBytes>) {
    let value = |name: &str| values.iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| value);
    if kind == "kubernetes.io/tls" { (value("tls.crt"), value("tls.key")) } else { (None, None) }
}

/// A fault of a TLS secret as a violation.
#[must_use]
pub fn tls_violation(fault: TlsFault) -> Violation {
    match fault {
        TlsFault::Certificate => Violation::new("/data/tls.crt", "must be a certificate in PEM"),
        TlsFault::Key => Violation::new(
            "/data/tls.key",
            "must be a private key in PEM, not encrypted: RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519",
        ),
        TlsFault::Pair => {
            Violation::new("/data/tls.key", "must be the private key of the first certificate in tls.crt")
        }
    }
}

fn is_json_object(value: &[u8]) -> bool {
    // IgnoredAny: the document is checked without a copy of it being made.
    std::str::from_utf8(value).is_ok_and(|text| text.trim_start().starts_with('{'))
        && serde_json::from_slice::<serde::de::IgnoredAny>(value).is_ok()
}

/// Labels (`labels`) or annotations (`annotations`): Kubernetes' rules, and only prefixes that the settings name.
fn check_metadata(field: &str, pairs: &BTreeMap<String, String>, prefixes: &BTreeSet<String>) -> Vec<Violation> {
    let mut wrong = Vec::new();
    for (key, value) in pairs {
        let pointer = format!("/{field}/{}", pointer_segment(key));
        if QualifiedName::parse(key).is_err() {
            wrong.push(Violation::new(&pointer, format!("the key must be {}", QualifiedName::EXPECTED)));
        } else if let Some(rule) = refused_prefix(key, prefixes) {
            wrong.push(Violation::new(&pointer, rule));
        }
        if field == "labels" && LabelValue::parse(value).is_err() {
            wrong.push(Violation::new(&pointer, format!("the value must have {}", LabelValue::EXPECTED)));
        }
    }
    wrong
}

/// Argo CD, Helm, replicators and the controller act on keys with prefixes: only those that the operator named pass.
fn refused_prefix(key: &str, prefixes: &BTreeSet<String>) -> Option<String> {
    let prefix = key_prefix(key)?;
    if key == ARGO_CD_LABEL || prefix == CONTROLLER_PREFIX {
        return Some("is never allowed: a controller acts on it".to_owned());
    }
    if prefixes.contains(prefix) {
        return None;
    }
    let allowed: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    Some(format!("only these prefixes are allowed (SECRET_METADATA_PREFIXES): {}", allowed.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::DataKey;
    use crate::domain::secret::Scope;

    fn spec(kind: &str, values: &[(&str, &str)]) -> SecretSpec {
        SecretSpec {
            kind: kind.to_owned(),
            scope: Scope::Strict,
            values: values
                .iter()
                .map(|(key, value)| (DataKey::parse(key).unwrap(), SecretBytes::new(value.as_bytes().to_vec())))
                .collect(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            immutable: false,
            component: None,
        }
    }

    fn pointers(spec: &SecretSpec) -> Vec<String> {
        let prefixes = ["app.kubernetes.io".to_owned(), "backstage.io".to_owned()].into();
        check(spec, &prefixes).into_iter().map(|violation| violation.pointer).collect()
    }

    #[test]
    fn well_known_types_need_their_keys_in_their_form() {
        assert!(pointers(&spec("kubernetes.io/tls", &[("tls.crt", "x"), ("tls.key", "x")])).is_empty());
        assert_eq!(pointers(&spec("kubernetes.io/tls", &[("tls.crt", "x")])), ["/data/tls.key"]);
        assert_eq!(pointers(&spec("kubernetes.io/basic-auth", &[("user", "x")])), ["/data"]);
        assert!(pointers(&spec("kubernetes.io/basic-auth", &[("password", "x")])).is_empty());
        assert_eq!(
            pointers(&spec("kubernetes.io/dockerconfigjson", &[(".dockerconfigjson", "{oops")])),
            ["/data/.dockerconfigjson"]
        );
        assert_eq!(pointers(&spec("kubernetes.io/ssh-auth", &[("id", "x")])), ["/data/ssh-privatekey"]);
    }

    #[test]
    fn types_that_a_controller_makes_are_refused_and_own_ones_pass() {
        for refused in
            ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1", "x", ""]
        {
            assert_eq!(pointers(&spec(refused, &[("a", "b")])), ["/type"], "{refused}");
        }
        assert!(pointers(&spec("example.com/token", &[("a", "b")])).is_empty());
    }

    #[test]
    fn metadata_with_a_prefix_needs_it_in_the_settings() {
        let mut secret = spec("Opaque", &[("a", "b")]);
        for (key, value) in [("team", "a"), ("app.kubernetes.io/name", "shop"), ("backstage.io/kubernetes-id", "shop")]
        {
            secret.labels.insert(key.to_owned(), value.to_owned());
        }
        assert!(pointers(&secret).is_empty());
        for refused in [
            "app.kubernetes.io/instance",
            "argocd.argoproj.io/sync-options",
            "sealedsecrets.bitnami.com/managed",
            "a b",
        ] {
            let mut secret = spec("Opaque", &[("a", "b")]);
            secret.annotations.insert(refused.to_owned(), "true".to_owned());
            assert_eq!(pointers(&secret), [format!("/annotations/{}", pointer_segment(refused))]);
        }
    }

    #[test]
    fn all_values_together_have_at_most_one_mebibyte() {
        let half = "x".repeat(MAX_SECRET_BYTES / 2);
        assert!(pointers(&spec("Opaque", &[("a", &half), ("b", &half)])).is_empty());
        assert_eq!(pointers(&spec("Opaque", &[("a", &half), ("b", &half), ("c", "x")])), ["/data"]);
    }
}
