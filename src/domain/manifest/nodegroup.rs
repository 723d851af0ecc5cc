//! A Nodegroup's manifest (`eks.services.k8s.aws/v1alpha1`): read, compared with a request, edited.

use serde_json::{Value, json};

use super::{
    ManifestError, list, object_at, optional_integer, optional_text, require_maps, set_label, set_or_remove, text_map,
};
use crate::domain::change::ObjectKind;
use crate::domain::error::Violation;
use crate::domain::names::{InstanceTypeName, LabelValue};
use crate::domain::nodegroup::{
    COMPONENT_LABEL, CapacityType, Nodegroup, NodegroupDraft, NodegroupEdit, NodegroupSpec, Scaling, Taint,
};

/// The custom resource's API version, of AWS Controllers for Kubernetes.
pub const API_VERSION: &str = "eks.services.k8s.aws/v1alpha1";
/// The custom resource's kind.
pub const KIND: &str = "Nodegroup";

/// The fields that the custom resource definition knows below `spec` (eks-controller v1.20.0).
const SPEC_FIELDS: [&str; 21] = [
    "amiType",
    "capacityType",
    "clientRequestToken",
    "clusterName",
    "clusterRef",
    "diskSize",
    "instanceTypes",
    "labels",
    "launchTemplate",
    "name",
    "nodeRole",
    "nodeRoleRef",
    "releaseVersion",
    "remoteAccess",
    "scalingConfig",
    "subnetRefs",
    "subnets",
    "tags",
    "taints",
    "updateConfig",
    "version",
];

/// Reads a nodegroup leniently: fields may be absent, but those that are there must have the right type.
///
/// # Errors
/// A sentence that names the field.
pub fn read(document: &Value) -> Result<Nodegroup, ManifestError> {
    require_maps(document, &["/metadata", "/spec", "/spec/scalingConfig"])?;
    let name = optional_text(document, "/metadata/name", "metadata.name")?;
    if optional_text(document, "/spec/name", "spec.name")?.is_some_and(|inner| Some(inner) != name) {
        return Err(ManifestError::new("spec.name differs from metadata.name"));
    }
    let labels = text_map(document, "/metadata/labels", "metadata.labels")?;
    Ok(Nodegroup {
        cluster: optional_text(document, "/spec/clusterName", "spec.clusterName")?,
        component: labels.get(COMPONENT_LABEL).cloned(),
        instance_types: list(document, "/spec/instanceTypes", "spec.instanceTypes")?
            .iter()
            .map(|item| {
                item.as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| ManifestError::new("spec.instanceTypes must be a list of strings"))
            })
            .collect::<Result<_, _>>()?,
        capacity_type: optional_text(document, "/spec/capacityType", "spec.capacityType")?,
        min: optional_integer(document, "/spec/scalingConfig/minSize", "spec.scalingConfig.minSize")?,
        max: optional_integer(document, "/spec/scalingConfig/maxSize", "spec.scalingConfig.maxSize")?,
        desired: optional_integer(document, "/spec/scalingConfig/desiredSize", "spec.scalingConfig.desiredSize")?,
        disk_size_gib: optional_integer(document, "/spec/diskSize", "spec.diskSize")?,
        labels: text_map(document, "/spec/labels", "spec.labels")?,
        taints: list(document, "/spec/taints", "spec.taints")?.iter().map(read_taint).collect::<Result<_, _>>()?,
        ami_type: optional_text(document, "/spec/amiType", "spec.amiType")?,
        version: optional_text(document, "/spec/version", "spec.version")?,
        manifest: None,
        status: None,
    })
}

fn read_taint(taint: &Value) -> Result<Taint, ManifestError> {
    if !taint.is_object() {
        return Err(ManifestError::new("spec.taints must be a list of maps"));
    }
    Ok(Taint {
        key: optional_text(taint, "/key", "spec.taints[].key")?.unwrap_or_default(),
        value: optional_text(taint, "/value", "spec.taints[].value")?.unwrap_or_default(),
        effect: optional_text(taint, "/effect", "spec.taints[].effect")?.unwrap_or_default(),
    })
}

/// The fields in which a nodegroup differs from what a request asks for, in the request's words.
#[must_use]
pub fn differences(have: &Nodegroup, want: &NodegroupSpec) -> Vec<&'static str> {
    let names: Vec<&str> = want.instance_types.iter().map(InstanceTypeName::as_str).collect();
    let desired = have.desired.unwrap_or_else(|| have.min.unwrap_or(0).max(1));
    let checks = [
        ("cluster", have.cluster.as_deref() == Some(want.cluster.as_str())),
        ("component", have.component.as_deref() == want.component.as_ref().map(LabelValue::as_str)),
        ("instance_types", have.instance_types == names),
        ("capacity_type", capacity_word(have) == want.capacity_type.as_str()),
        ("scaling.min", have.min == Some(want.scaling.min.into())),
        ("scaling.max", have.max == Some(want.scaling.max.into())),
        ("scaling.desired", desired == i64::from(want.scaling.desired)),
        ("disk_size_gib", have.disk_size_gib == want.disk_size_gib.map(i64::from)),
        ("labels", have.labels == want.labels),
        ("taints", in_order(&have.taints) == in_order(&want.taints)),
    ];
    checks.into_iter().filter(|(_, equal)| !equal).map(|(field, _)| field).collect()
}

/// Taints in an order of their own: theirs means nothing.
fn in_order(taints: &[Taint]) -> Vec<&Taint> {
    let mut taints: Vec<&Taint> = taints.iter().collect();
    taints.sort();
    taints
}

/// The capacity type, with EKS's default.
#[must_use]
pub fn capacity_word(nodegroup: &Nodegroup) -> &str {
    nodegroup.capacity_type.as_deref().unwrap_or(CapacityType::OnDemand.as_str())
}

/// Compares a rendered manifest with the draft that it was rendered from: nothing lost, nothing smuggled in.
///
/// # Errors
/// A sentence naming every field that differs.
pub fn verify(rendered: &str, draft: &NodegroupDraft) -> Result<(), ManifestError> {
    let documents = super::documents(rendered.as_bytes())?;
    let [document] = documents.as_slice() else {
        return Err(ManifestError::new(format!("there must be one document, not {}", documents.len())));
    };
    if super::kind(document) != Some(ObjectKind::Nodegroup) {
        return Err(ManifestError::new(format!("apiVersion and kind must be {API_VERSION} and {KIND}")));
    }
    if super::key(ObjectKind::Nodegroup, document)? != draft.key {
        return Err(ManifestError::new("metadata.name or metadata.namespace isn't the one asked for"));
    }
    if document.pointer("/spec/name").and_then(Value::as_str) != Some(draft.key.name.as_str()) {
        return Err(ManifestError::new("spec.name isn't the name asked for"));
    }
    check_fields(document, "", &["apiVersion", "kind", "metadata", "spec"])?;
    check_fields(document, "/metadata", &["annotations", "labels", "name", "namespace"])?;
    check_fields(document, "/spec", &SPEC_FIELDS)?;
    check_fields(document, "/spec/scalingConfig", &["desiredSize", "maxSize", "minSize"])?;
    for index in 0..list(document, "/spec/taints", "spec.taints")?.len() {
        check_fields(document, &format!("/spec/taints/{index}"), &["effect", "key", "value"])?;
    }
    let wrong = differences(&read(document)?, &draft.spec);
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(ManifestError::new(format!("these aren't as asked for: {}", wrong.join(", "))))
    }
}

/// Refuses fields that nobody asked for.
pub(super) fn check_fields(document: &Value, pointer: &str, known: &[&str]) -> Result<(), ManifestError> {
    let place = if pointer.is_empty() { "the manifest".to_owned() } else { pointer[1..].replace('/', ".") };
    let fields = document
        .pointer(pointer)
        .and_then(Value::as_object)
        .ok_or_else(|| ManifestError::new(format!("{place} must be a map")))?;
    if fields.keys().all(|field| known.contains(&field.as_str())) {
        Ok(())
    } else {
        Err(ManifestError::new(format!("{place} has a field besides {}", known.join(", "))))
    }
}

/// The numbers of nodes after an edit: a part left out stays, and a desired size that nobody named is kept within the bounds.
///
/// # Errors
/// The violations of the new numbers, or of a manifest without numbers.
pub fn edited_scaling(have: &Nodegroup, edit: &NodegroupEdit) -> Result<Option<Scaling>, Vec<Violation>> {
    let Some(scaling) = &edit.scaling else { return Ok(None) };
    let min = scaling.min.or(have.min).unwrap_or(0);
    let max = scaling.max.or(have.max).unwrap_or_else(|| min.max(1));
    let kept = have.desired.unwrap_or_else(|| min.max(1)).clamp(min.min(max), max.max(min));
    let new = Scaling::new(min, max, Some(scaling.desired.unwrap_or(kept)));
    new.map(Some).map_err(|mut wrong| {
        wrong.retain(|violation| scaling.desired.is_some() || violation.pointer != "/scaling/desired");
        if scaling.max.is_none() && scaling.min.is_some() && min > max {
            // The request doesn't name the max: it is the min that has to change.
            for violation in wrong.iter_mut().filter(|violation| violation.pointer == "/scaling/max") {
                *violation = Violation::new("/scaling/min", format!("must not be greater than max, which is {max}"));
            }
        }
        wrong
    })
}

/// Applies an edit to a manifest; everything that it doesn't name stays equal as data, and an edit without effect leaves the
/// document as it was.
///
/// # Errors
/// When the manifest has something else where a map belongs.
pub fn edit(document: &mut Value, edit: &NodegroupEdit, scaling: Option<Scaling>) -> Result<(), ManifestError> {
    let have = read(document)?;
    if let (Some(scaling), Some(named)) = (scaling, &edit.scaling) {
        // What the manifest leaves to EKS stays so, unless the request names it.
        let parts = [
            ("minSize", scaling.min, named.min.is_some() || have.min.is_some()),
            ("maxSize", scaling.max, named.max.is_some() || have.max.is_some()),
            ("desiredSize", scaling.desired, named.desired.is_some() || have.desired.is_some()),
        ];
        for (field, nodes, _) in parts.into_iter().filter(|(_, _, stands)| *stands) {
            object_at(document, &["spec", "scalingConfig"])?.insert(field.to_owned(), json!(nodes));
        }
    }
    if let Some(labels) = edit.labels.as_ref().filter(|labels| **labels != have.labels) {
        set_or_remove(object_at(document, &["spec"])?, "labels", json!(labels));
    }
    if let Some(taints) = edit.taints.as_ref().filter(|taints| in_order(taints) != in_order(&have.taints)) {
        set_or_remove(object_at(document, &["spec"])?, "taints", json!(taints));
    }
    if let Some(component) = &edit.component {
        set_label(document, &["metadata"], COMPONENT_LABEL, component.as_ref().map(LabelValue::as_str))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
