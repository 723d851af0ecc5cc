//! The rendered manifests.

use cre_backend_api::domain::nodegroup::Architecture;
use cre_backend_api::domain::ports::TemplateRenderer;
use cre_backend_api::domain::secret::Scope;
use serde_json::Value;

use super::drafts::{built_in, full_nodegroup, full_secret, small_nodegroup, small_secret};

/// The fields of the custom resource's spec in eks-controller v1.20.0.
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

pub fn parse(yaml: &str) -> Value {
    let mut documents: Vec<Value> = serde_yaml::from_multiple(yaml).expect("valid YAML");
    assert_eq!(documents.len(), 1, "one document");
    documents.remove(0)
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str)).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_nodegroup_with_the_fewest_fields() {
    insta::assert_snapshot!(built_in().nodegroup(&small_nodegroup()).unwrap());
}

#[test]
fn a_nodegroup_with_all_fields() {
    insta::assert_snapshot!(built_in().nodegroup(&full_nodegroup()).unwrap());
}

#[test]
fn a_nodegroup_has_no_field_that_the_custom_resource_lacks() {
    for draft in [small_nodegroup(), full_nodegroup()] {
        let manifest = parse(&built_in().nodegroup(&draft).unwrap());
        assert_eq!(keys(&manifest), ["apiVersion", "kind", "metadata", "spec"]);
        for field in keys(&manifest["spec"]) {
            assert!(SPEC_FIELDS.contains(&field), "{field}");
        }
        assert_eq!(keys(&manifest["spec"]["scalingConfig"]), ["desiredSize", "maxSize", "minSize"]);
    }
}

#[test]
fn the_ami_follows_architecture_and_gpu() {
    for (architecture, gpu, ami_type) in [
        (Architecture::X86_64, false, "AL2023_x86_64_STANDARD"),
        (Architecture::X86_64, true, "AL2023_x86_64_NVIDIA"),
        (Architecture::Arm64, false, "AL2023_ARM_64_STANDARD"),
        (Architecture::Arm64, true, "AL2023_ARM_64_NVIDIA"),
    ] {
        let mut draft = small_nodegroup();
        draft.architecture = architecture;
        draft.gpu = gpu;
        assert_eq!(parse(&built_in().nodegroup(&draft).unwrap())["spec"]["amiType"], ami_type);
    }
}

#[test]
fn an_empty_component_is_not_lost() {
    let mut draft = small_nodegroup();
    draft.spec.component = Some(cre_backend_api::domain::names::LabelValue::parse("").unwrap());
    let manifest = parse(&built_in().nodegroup(&draft).unwrap());
    assert_eq!(manifest["metadata"]["labels"]["backstage.io/kubernetes-id"], "");
}

#[test]
fn a_secret_of_each_scope_with_the_fewest_fields() {
    for scope in Scope::ALL {
        insta::assert_snapshot!(
            format!("small_secret_{}", scope.as_str()),
            built_in().sealed_secret(&small_secret(scope)).unwrap()
        );
    }
}

#[test]
fn a_secret_of_each_scope_with_all_fields() {
    for scope in Scope::ALL {
        insta::assert_snapshot!(
            format!("full_secret_{}", scope.as_str()),
            built_in().sealed_secret(&full_secret(scope)).unwrap()
        );
    }
}

#[test]
fn a_secrets_labels_and_annotations_stand_in_the_template_only() {
    let manifest = parse(&built_in().sealed_secret(&full_secret(Scope::NamespaceWide)).unwrap());
    assert_eq!(keys(&manifest["metadata"]), ["annotations", "name", "namespace"]);
    assert_eq!(
        keys(&manifest["metadata"]["annotations"]),
        ["cre-backend-api/certificate-fingerprint", "sealedsecrets.bitnami.com/namespace-wide"]
    );
    assert_eq!(keys(&manifest["spec"]), ["encryptedData", "template"]);
    assert_eq!(keys(&manifest["spec"]["template"]), ["immutable", "metadata", "type"]);
    assert_eq!(
        manifest["spec"]["template"]["metadata"]["annotations"]["sealedsecrets.bitnami.com/namespace-wide"],
        "true"
    );
}
