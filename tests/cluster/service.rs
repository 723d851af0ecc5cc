//! The built service on a real API server, with no more rights than it asks for.

mod access;
mod canary;
mod faults;
mod kinds;
mod many;
mod reading;

use serde_json::{Value, json};

use crate::support::cluster::{Account, Cluster, NODEGROUPS, Namespace};
use crate::support::process::Builder;
use crate::support::{TestApp, wait_for};

/// The custom resource definition of SealedSecrets.
pub(super) fn sealed_secrets_definition() -> Option<String> {
    let path = crate::support::cluster::assets::Assets::find()?.sealed_secrets("sealedsecrets-crd.yaml")?;
    Some(std::fs::read_to_string(path).unwrap())
}

/// What the service asks for, as `deploy/` has it.
pub(super) fn rights() -> Value {
    let rule = |group: &str, resource: &str| json!({"apiGroups": [group], "resources": [resource], "verbs": ["list", "watch"]});
    json!([rule("eks.services.k8s.aws", "nodegroups"), rule("bitnami.com", "sealedsecrets"), rule("", "secrets")])
}

/// A namespace of a cluster, and an account that may read it.
struct Scene<'a> {
    cluster: &'a Cluster,
    namespace: Namespace<'a>,
    account: Account<'a>,
}

impl<'a> Scene<'a> {
    /// With both definitions in the cluster.
    fn of(cluster: &'a Cluster) -> Self {
        cluster.install(NODEGROUPS);
        if let Some(definition) = sealed_secrets_definition() {
            cluster.install(&definition);
        }
        Self::without_definitions(cluster)
    }

    fn without_definitions(cluster: &'a Cluster) -> Self {
        let namespace = cluster.namespace();
        let account = Account::new(cluster, namespace.name(), "backend-api");
        account.allow_in(namespace.name(), &rights());
        Self { cluster, namespace, account }
    }

    /// The service, watching the namespace.
    fn settings(&self) -> Builder {
        TestApp::builder()
            .with_few_prices()
            .env("NAMESPACE", self.namespace.name())
            .env("KUBECONFIG", self.account.kubeconfig().to_str().unwrap())
    }

    /// The service, once it is ready.
    #[track_caller]
    fn app(&self) -> TestApp {
        let app = self.settings().start();
        app.wait_until_ready();
        app
    }

    fn nodegroup_path(&self, name: &str) -> String {
        self.namespace.path("eks.services.k8s.aws/v1alpha1", &format!("nodegroups/{name}"))
    }

    fn secret_path(&self, name: &str) -> String {
        self.namespace.path("v1", &format!("secrets/{name}"))
    }

    /// Makes or changes a nodegroup.
    #[track_caller]
    fn apply_nodegroup(&self, name: &str, max: u32) {
        let metadata = json!({"name": name, "namespace": self.namespace.name()});
        let spec = json!({
            "name": name, "clusterName": "prod", "instanceTypes": ["m5.xlarge"], "capacityType": "ON_DEMAND",
            "scalingConfig": {"minSize": 1, "maxSize": max, "desiredSize": 1},
        });
        let manifest = json!({"apiVersion": "eks.services.k8s.aws/v1alpha1", "kind": "Nodegroup", "metadata": metadata, "spec": spec});
        self.cluster.admin().apply(&manifest.to_string());
    }

    /// Makes or changes a secret.
    #[track_caller]
    fn apply_secret(&self, name: &str, values: &Value) {
        let metadata = json!({"name": name, "namespace": self.namespace.name()});
        let manifest = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values});
        self.cluster.admin().apply(&manifest.to_string());
    }

    /// What the service lists of a kind.
    #[track_caller]
    fn list(&self, app: &TestApp, kind: &str) -> Value {
        let answer = app.get(&format!("/api/{kind}?namespace={}", self.namespace));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The names that the service lists of a kind.
    #[track_caller]
    fn names(&self, app: &TestApp, kind: &str) -> Vec<String> {
        let list = self.list(app, kind);
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until the service lists exactly these.
    #[track_caller]
    fn wait_for_names(&self, app: &TestApp, kind: &str, names: &[&str]) {
        wait_for(&format!("{kind} {names:?}"), || (self.names(app, kind) == names).then_some(()));
    }
}

/// A part of readiness.
fn part(app: &TestApp, name: &str) -> Value {
    let readiness = crate::support::client::request(app.address, "GET", "/api/readiness", &[], b"").json();
    readiness["parts"].as_array().unwrap().iter().find(|part| part["name"] == name).unwrap().clone()
}
