//! `Secret`, of which values are read as their lengths: nothing of a value is ever kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::runtime::watcher;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::metadata::lean;
use crate::adapters::kubernetes::watchable::Watchable;
use crate::domain::change::ObjectKind;
use crate::domain::nodegroup::COMPONENT_LABEL;
use crate::domain::secret::{KeySummary, SecretSummary};
use crate::domain::snapshot::Observed;

/// Secrets that aren't asked for: the controller's own keys, which open every sealed value, and what Helm and Kubernetes make for
/// themselves.
const LABELS: &str = "!sealedsecrets.bitnami.com/sealed-secrets-key";
const FIELDS: &str =
    "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,type!=bootstrap.kubernetes.io/token";

/// The annotations by which somebody allows the controller to write a Secret that isn't its own: wholly, or its keys.
const ALLOWED_BY: [&str; 2] = ["sealedsecrets.bitnami.com/managed", "sealedsecrets.bitnami.com/patch"];

/// A secret without its values. It can't fail to be decoded: kube would log the whole answer then, values included.
#[derive(Debug, Clone, Deserialize, kube::Resource)]
#[resource(inherit = core::Secret)]
pub struct Secret {
    #[serde(deserialize_with = "lean")]
    metadata: ObjectMeta,
    #[serde(rename = "type", default)]
    kind: Lenient<String>,
    #[serde(default)]
    immutable: Lenient<bool>,
    #[serde(default)]
    data: Lengths,
}

impl Watchable for Secret {
    type Seen = SecretSummary;

    const RESOURCE: &'static str = "secrets";
    const KIND: ObjectKind = ObjectKind::Secret;

    fn selected(config: watcher::Config) -> watcher::Config {
        config.labels(LABELS).fields(FIELDS)
    }

    fn observed(self) -> Observed<SecretSummary> {
        let controllable = is_controllable(&self.metadata);
        let labels = self.metadata.labels.unwrap_or_default();
        let key = |(name, bytes)| KeySummary { name, bytes, state: "ok" };
        Observed::Valid(Arc::new(SecretSummary {
            component: labels.get(COMPONENT_LABEL).cloned(),
            kind: self.kind.0.filter(|kind| !kind.is_empty()).unwrap_or_else(|| "Opaque".to_owned()),
            immutable: self.immutable.0.unwrap_or(false),
            keys: self.data.0.into_iter().map(key).collect(),
            labels,
            created_at: self.metadata.creation_timestamp.map(|at| at.0),
            controllable,
            deleting: self.metadata.deletion_timestamp.is_some(),
            ..SecretSummary::default()
        }))
    }
}

/// Whether the Sealed Secrets controller may write it, by the controller's own rule.
fn is_controllable(metadata: &ObjectMeta) -> bool {
    let owners = metadata.owner_references.iter().flatten();
    let owned = owners.into_iter().any(|owner| owner.controller == Some(true) && owner.kind == "SealedSecret");
    let annotations = metadata.annotations.iter().flatten();
    owned || annotations.into_iter().any(|(name, value)| ALLOWED_BY.contains(&name.as_str()) && value == "true")
}

/// A value of the right type, or none.
#[derive(Debug, Clone)]
struct Lenient<T>(Option<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Right(T),
            Wrong(IgnoredAny),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Right(value) => Self(Some(value)),
            Either::Wrong(_) => Self(None),
        })
    }
}

/// The values' lengths by key, as they are decoded; `None` for what is no base64 text.
#[derive(Debug, Clone, Default)]
struct Lengths(BTreeMap<String, Option<u64>>);

impl<'de> Deserialize<'de> for Lengths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(Anything)? {
            Shape::Map(lengths) => Self(lengths),
            Shape::Text(_) | Shape::Other => Self::default(),
        })
    }
}

/// What a piece of JSON is, without its content.
enum Shape {
    /// Text, and the length that it has when decoded.
    Text(Option<u64>),
    /// A map, and the lengths of what is in it.
    Map(BTreeMap<String, Option<u64>>),
    /// Anything else.
    Other,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

/// Takes any JSON and keeps nothing of it.
struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Shape, E> {
        Ok(Shape::Text(decoded_length(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut lengths = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Shape>()? {
            lengths.insert(name, if let Shape::Text(length) = value { length } else { None });
        }
        Ok(Shape::Map(lengths))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }
}

fn decoded_length(base64: &str) -> Option<u64> {
    let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    let whole = base64.len().is_multiple_of(4) && padding <= 2;
    whole.then(|| base64.len() as u64 / 4 * 3).and_then(|length| length.checked_sub(padding as u64))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;

    fn summary(mut object: Value) -> Arc<SecretSummary> {
        object["metadata"]["name"] = json!("db");
        let object: Secret = serde_json::from_str(&object.to_string()).unwrap();
        let shown = format!("{object:?}");
        assert!(!shown.contains("aHVudGVy"), "{shown}");
        match object.observed() {
            Observed::Valid(summary) => summary,
            Observed::Invalid(invalid) => panic!("{invalid:?}"),
        }
    }

    fn bytes(summary: &SecretSummary) -> Vec<(&str, Option<u64>)> {
        summary.keys.iter().map(|key| (key.name.as_str(), key.bytes)).collect()
    }

    #[test]
    fn values_are_lengths() {
        for length in 0..70 {
            let value = STANDARD.encode(vec![7; length]);
            let summary = summary(json!({"type": "Opaque", "data": {"key": value}}));
            assert_eq!(bytes(&summary), [("key", Some(length as u64))]);
        }
    }

    #[test]
    fn nothing_that_a_secret_can_hold_fails_to_be_decoded() {
        let wrong = [
            json!(null),
            json!(1),
            json!(-1),
            json!(1.5),
            json!(true),
            json!("text"),
            json!([1, {"a": 2}]),
            json!({"a": []}),
        ];
        for value in &wrong {
            summary(json!({"type": value, "immutable": value, "data": value, "stringData": value}));
            let known = summary(json!({"type": "Opaque", "data": {"key": value, "other": "aHVudGVyMg=="}}));
            assert_eq!(bytes(&known)[1], ("other", Some(7)), "{value}");
        }
        assert_eq!(bytes(&summary(json!({}))), []);
    }

    #[test]
    fn the_controller_may_write_what_a_sealed_secret_owns_and_what_is_annotated_for_it() {
        let owner = |kind: &str, controller: bool| {
            json!({"ownerReferences": [
                {"apiVersion": "v1", "kind": kind, "name": "db", "uid": "1", "controller": controller},
            ]})
        };
        let annotated = |name: &str, value: &str| json!({"annotations": {name: value}});
        for (metadata, expected) in [
            (json!({}), false),
            (owner("SealedSecret", true), true),
            (owner("SealedSecret", false), false),
            (owner("ReplicaSet", true), false),
            (annotated("sealedsecrets.bitnami.com/managed", "true"), true),
            (annotated("sealedsecrets.bitnami.com/patch", "true"), true),
            (annotated("sealedsecrets.bitnami.com/managed", "false"), false),
            (annotated("sealedsecrets.bitnami.com/cluster-wide", "true"), false),
        ] {
            assert_eq!(summary(json!({"metadata": metadata})).controllable, expected, "{metadata}");
        }
    }

    #[test]
    fn what_kubectl_apply_wrote_into_an_annotation_is_dropped() {
        let object: Secret = serde_json::from_value(json!({"metadata": {
            "name": "db",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"data\":{\"password\":\"aHVudGVyMg==\"}}",
                "sealedsecrets.bitnami.com/managed": "true",
            },
            "managedFields": [{"manager": "kubectl"}],
        }}))
        .unwrap();
        let annotations = object.metadata.annotations.unwrap();
        assert_eq!(annotations.keys().collect::<Vec<_>>(), ["sealedsecrets.bitnami.com/managed"]);
        assert!(object.metadata.managed_fields.is_none());
    }
}
