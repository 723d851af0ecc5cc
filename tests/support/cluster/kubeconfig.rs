//! Kubeconfig files.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A kubeconfig for one user of one cluster, as JSON, which is YAML too.
pub fn kubeconfig(cluster: &Value, user: &Value) -> String {
    let context = json!({"cluster": "test", "user": "test"});
    let whole = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": context}],
        "current-context": "test",
    });
    whole.to_string()
}

/// The cluster that the current context of a kubeconfig names.
pub fn cluster_of(kubeconfig: &Path) -> Value {
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let config: Value = serde_yaml::from_str(&text).unwrap();
    let named = |list: &Value, name: &Value| list.as_array()?.iter().find(|entry| entry["name"] == *name).cloned();
    let context = named(&config["contexts"], &config["current-context"]).expect("a current context");
    named(&config["clusters"], &context["context"]["cluster"]).expect("the context's cluster")["cluster"].clone()
}

/// The certificate of the authority that a kubeconfig's cluster names, PEM; empty when it names none.
pub fn authority_of(cluster: &Value) -> Vec<u8> {
    match (cluster["certificate-authority-data"].as_str(), cluster["certificate-authority"].as_str()) {
        (Some(data), _) => STANDARD.decode(data).unwrap(),
        (None, Some(path)) => std::fs::read(path).unwrap(),
        (None, None) => Vec::new(),
    }
}
