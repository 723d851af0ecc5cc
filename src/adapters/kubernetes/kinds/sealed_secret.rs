//! `SealedSecret` of `bitnami.com/v1alpha1`, read as Git's manifests are, and what its controller says of it.

use std::sync::Arc;

use kube::CustomResource;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::adapters::kubernetes::guarded::Guarded;
use crate::adapters::kubernetes::watchable::Watchable;
use crate::domain::change::ObjectKind;
use crate::domain::manifest::sealed_secret;
use crate::domain::secret::SecretSummary;
use crate::domain::snapshot::{Invalid, Observed};

/// What is asked for, as it stands.
#[derive(CustomResource, Debug, Clone, Default, Serialize, Deserialize)]
#[kube(
    group = "bitnami.com",
    version = "v1alpha1",
    kind = "SealedSecret",
    namespaced,
    status = "SealedSecretStatus",
    schema = "disabled"
)]
pub struct SealedSecretSpec {
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// What the controller says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedSecretStatus {
    conditions: Option<Vec<Condition>>,
    observed_generation: Option<i64>,
}

/// A condition; `Synced` is the one that there is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    message: Option<String>,
}

impl Watchable for Guarded<SealedSecret> {
    type Seen = SecretSummary;

    const RESOURCE: &'static str = "sealedsecrets.bitnami.com";
    const KIND: ObjectKind = ObjectKind::Secret;

    fn observed(self) -> Observed<SecretSummary> {
        match self.0.map_err(|undecodable| undecodable.reason).and_then(seen) {
            Ok(summary) => Observed::Valid(Arc::new(summary)),
            Err(reason) => Observed::Invalid(Box::new(Invalid { reason, manifest: None })),
        }
    }
}

/// The domain's view: of the Secret that it asks for, and whether the controller made it.
fn seen(object: SealedSecret) -> Result<SecretSummary, String> {
    let SealedSecret { metadata, spec, status } = object;
    let annotations = metadata.annotations.unwrap_or_default();
    let document = json!({ "metadata": { "annotations": annotations }, "spec": spec.fields });
    let summary = sealed_secret::read(&document).map_err(|error| error.0)?;
    let status = status.unwrap_or_default();
    // Of an older generation it says nothing about what is asked for now.
    let current = status.observed_generation >= metadata.generation;
    let conditions = status.conditions.unwrap_or_default();
    let condition = conditions.into_iter().find(|condition| condition.kind == "Synced");
    let synced = current && condition.as_ref().is_some_and(|condition| condition.status == "True");
    let message = condition.filter(|condition| condition.status != "True").and_then(|condition| condition.message);
    let deleting = metadata.deletion_timestamp.is_some();
    Ok(SecretSummary { synced: Some(synced), message, deleting, ..summary })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(generation: i64, status: &Value) -> Observed<SecretSummary> {
        let object: Guarded<SealedSecret> = serde_json::from_value(json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {
                "name": "db", "namespace": "team-a", "generation": generation,
                "annotations": {"sealedsecrets.bitnami.com/namespace-wide": "true"},
            },
            "spec": {"encryptedData": {"password": "AAA="}, "template": {"type": "Opaque", "metadata": {"labels": {"a": "b"}}}},
            "status": status,
        }))
        .unwrap();
        object.observed()
    }

    fn said(generation: i64, status: &Value) -> (bool, Option<String>) {
        let Observed::Valid(summary) = observed(generation, status) else { panic!("not valid") };
        assert!(summary.sealed && summary.keys[0].name == "password");
        assert_eq!(summary.scope.unwrap().as_str(), "namespace-wide");
        (summary.synced.unwrap(), summary.message.clone())
    }

    #[test]
    fn it_is_synced_when_the_controller_says_so_of_this_generation() {
        let status = |state: &str| {
            json!({
                "observedGeneration": 2,
                "conditions": [{"type": "Synced", "status": state, "message": "no key could decrypt secret (password)"}],
            })
        };
        assert_eq!(said(2, &status("True")), (true, None));
        assert_eq!(said(3, &status("True")), (false, None));
        assert_eq!(said(2, &status("False")), (false, Some("no key could decrypt secret (password)".to_owned())));
        assert_eq!(said(1, &json!(null)), (false, None), "not seen yet");
    }

    #[test]
    fn one_that_cant_be_read_is_invalid() {
        let object: Guarded<SealedSecret> = serde_json::from_value(json!({
            "metadata": {"name": "db", "namespace": "team-a"}, "spec": {"encryptedData": ["x"]},
        }))
        .unwrap();
        let Observed::Invalid(invalid) = object.observed() else { panic!("valid") };
        assert_eq!(invalid.reason, "spec.encryptedData must be a map of strings");
    }
}
