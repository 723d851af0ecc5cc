//! The kinds that are watched, in the shapes that are decoded.

pub mod metadata;
pub mod nodegroup;
pub mod sealed_secret;
pub mod secret;

use kube::CustomResourceExt;

/// Our definition of the Nodegroup custom resource as YAML, for test clusters without AWS's controller: `kubectl apply -f -`.
///
/// # Errors
/// When it can't be written, which would be a defect.
pub fn crd() -> Result<String, String> {
    let crd = serde_json::to_value(nodegroup::Nodegroup::crd()).map_err(|error| error.to_string())?;
    crate::domain::manifest::write(&crd).map_err(|error| error.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_names_the_kind_and_keeps_fields_that_we_dont_know() {
        let text = crd().unwrap();
        let [crd] = crate::domain::manifest::documents(text.as_bytes()).unwrap().try_into().unwrap();
        assert_eq!(crd["metadata"]["name"], "nodegroups.eks.services.k8s.aws");
        assert_eq!(crd["spec"]["names"]["kind"], "Nodegroup");
        let version = &crd["spec"]["versions"][0];
        assert_eq!((&version["name"], &version["served"]), (&"v1alpha1".into(), &true.into()));
        assert!(version["subresources"]["status"].is_object(), "{text}");
        for part in ["spec", "status"] {
            let schema = &version["schema"]["openAPIV3Schema"]["properties"][part];
            assert_eq!(schema["x-kubernetes-preserve-unknown-fields"], true, "{text}");
        }
    }
}
