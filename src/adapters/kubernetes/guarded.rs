//! An object as the server sent it, or why it can't be decoded: one bad object mustn't hide the others.
//!
//! As kube's own `DeserializeGuard`, but it names the field, and quotes nothing.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An object of kind `K`, decoded or not.
#[derive(Debug, Clone)]
pub struct Guarded<K>(pub Result<K, Undecodable>);

/// What is left of an object that can't be decoded.
#[derive(Debug, Clone)]
pub struct Undecodable {
    /// The field, and what was expected of it.
    pub reason: String,
    metadata: ObjectMeta,
}

impl<'de, K: DeserializeOwned + Resource> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(serde_path_to_error::deserialize::<_, K>(&value).map_err(|error| Undecodable {
            reason: format!("{}: {}", error.path(), without_text(&error.inner().to_string())),
            metadata: identity(&value),
        })))
    }
}

/// Just what an object is found by again, which the server vouches for.
fn identity(value: &Value) -> ObjectMeta {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    ObjectMeta {
        name: text("/metadata/name"),
        namespace: text("/metadata/namespace"),
        resource_version: text("/metadata/resourceVersion"),
        ..ObjectMeta::default()
    }
}

/// serde's message without the text that it quotes from the object.
fn without_text(message: &str) -> String {
    let mut parts = message.split('"');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    if let Some(rest) = parts.next_back() {
        kept.push('…');
        kept.push_str(rest);
    }
    kept
}

impl<K: Resource> Resource for Guarded<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::kind(dynamic)
    }

    fn group(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::group(dynamic)
    }

    fn version(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::version(dynamic)
    }

    fn plural(dynamic: &K::DynamicType) -> Cow<'_, str> {
        K::plural(dynamic)
    }

    fn meta(&self) -> &ObjectMeta {
        match &self.0 {
            Ok(object) => object.meta(),
            Err(undecodable) => &undecodable.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match &mut self.0 {
            Ok(object) => object.meta_mut(),
            Err(undecodable) => &mut undecodable.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::adapters::kubernetes::kinds::nodegroup::Nodegroup;

    fn guarded(min: &Value) -> Guarded<Nodegroup> {
        serde_json::from_value(json!({
            "apiVersion": "eks.services.k8s.aws/v1alpha1",
            "kind": "Nodegroup",
            "metadata": {"name": "workers", "namespace": "team-a", "resourceVersion": "7"},
            "spec": {"name": "workers", "scalingConfig": {"minSize": min}, "somethingNew": {"a": [1]}},
        }))
        .unwrap()
    }

    #[test]
    fn an_object_with_unknown_fields_is_decoded() {
        let object = guarded(&json!(3)).0.unwrap();
        assert_eq!(object.spec.scaling_config.unwrap().min_size, Some(3));
    }

    #[test]
    fn one_that_cant_be_decoded_keeps_its_name_and_tells_the_field_but_no_text_of_it() {
        let object = guarded(&json!("a \"secret\" number"));
        let meta = object.meta();
        assert_eq!((meta.name.as_deref(), meta.namespace.as_deref()), (Some("workers"), Some("team-a")));
        assert_eq!(meta.resource_version.as_deref(), Some("7"));
        assert_eq!(object.0.unwrap_err().reason, "spec.scalingConfig.minSize: invalid type: string …, expected i64");
    }
}
