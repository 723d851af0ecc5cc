//! Templates that say what they are asked to say, or spoil it.

use serde_json::{Value, json};

use crate::domain::change::{ChangeText, ObjectKey, ObjectKind};
use crate::domain::error::TemplateError;
use crate::domain::manifest::{self, nodegroup, sealed_secret};
use crate::domain::names::{ClusterName, RepoPath};
use crate::domain::nodegroup::{COMPONENT_LABEL, NodegroupDraft};
use crate::domain::ports::TemplateRenderer;
use crate::domain::secret::{FINGERPRINT_ANNOTATION, SealedSecretDraft};
use crate::domain::text::ChangeSummary;

/// Does something to a manifest that was right.
pub(crate) type Spoil = fn(&mut Value);

/// Renders by hand.
pub(crate) struct FakeTemplates {
    pub(crate) spoil: Option<Spoil>,
}

impl FakeTemplates {
    fn write(&self, mut document: Value) -> Result<String, TemplateError> {
        if let Some(spoil) = self.spoil {
            spoil(&mut document);
        }
        manifest::write(&document).map_err(|error| TemplateError(error.0))
    }
}

impl TemplateRenderer for FakeTemplates {
    fn nodegroup(&self, draft: &NodegroupDraft) -> Result<String, TemplateError> {
        let spec = &draft.spec;
        let mut document = json!({
            "apiVersion": nodegroup::API_VERSION,
            "kind": nodegroup::KIND,
            "metadata": {"name": draft.key.name.as_str(), "namespace": draft.key.namespace.as_str()},
            "spec": {
                "name": draft.key.name.as_str(),
                "clusterName": spec.cluster,
                "instanceTypes": spec.instance_types,
                "capacityType": spec.capacity_type,
                "scalingConfig": {
                    "minSize": spec.scaling.min, "maxSize": spec.scaling.max, "desiredSize": spec.scaling.desired
                },
                "labels": spec.labels,
                "taints": spec.taints,
                "amiType": format!("{} gpu={}", draft.architecture.as_str(), draft.gpu),
            },
        });
        if let Some(size) = spec.disk_size_gib {
            document["spec"]["diskSize"] = json!(size);
        }
        if let Some(component) = &spec.component {
            document["metadata"]["labels"] = json!({COMPONENT_LABEL: component});
        }
        self.write(document)
    }

    fn sealed_secret(&self, draft: &SealedSecretDraft) -> Result<String, TemplateError> {
        let metadata = json!({"name": draft.key.name.as_str(), "namespace": draft.key.namespace.as_str()});
        let encrypted = draft.sealed.encrypted.iter().map(|(key, value)| (key.to_string(), json!(value)));
        let mut document = json!({
            "apiVersion": sealed_secret::API_VERSION,
            "kind": sealed_secret::KIND,
            "metadata": metadata,
            "spec": {
                "encryptedData": encrypted.collect::<serde_json::Map<_, _>>(),
                "template": {"metadata": metadata, "type": draft.kind, "immutable": draft.immutable},
            },
        });
        document["metadata"]["annotations"] = json!({FINGERPRINT_ANNOTATION: draft.sealed.fingerprint});
        let inner = &mut document["spec"]["template"]["metadata"];
        inner["labels"] = json!(draft.labels);
        inner["annotations"] = json!(draft.annotations);
        if let Some(scope) = draft.scope.annotation() {
            inner["annotations"][scope] = json!("true");
            document["metadata"]["annotations"][scope] = json!("true");
        }
        self.write(document)
    }

    fn path<'a>(&self, key: &'a ObjectKey, _: Option<&'a ClusterName>) -> Result<RepoPath, TemplateError> {
        let path = format!("{}s/{}/{}.yaml", key.kind, key.namespace, key.name);
        RepoPath::parse(&path).map_err(|error| TemplateError(error.to_string()))
    }

    fn root(&self, kind: ObjectKind) -> Option<RepoPath> {
        RepoPath::parse(&format!("{kind}s")).ok()
    }

    fn text(&self, change: &ChangeSummary) -> Result<ChangeText, TemplateError> {
        let title = format!("{} {}", change.action.as_str(), change.key);
        Ok(ChangeText { body: format!("{:?}", change.warnings), commit_message: title.clone(), title })
    }

    fn templates(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}
