//! A ServiceAccount: its token, its kubeconfig, and what RBAC lets it do.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::folder::{Folder, replace};
use super::kubeconfig::{authority_of, cluster_of, kubeconfig};
use super::{Caller, Cluster};

/// The API of RBAC.
const RBAC: &str = "rbac.authorization.k8s.io";

/// A ServiceAccount, with its credentials in files. What it was allowed in the whole cluster goes when it is dropped.
pub struct Account<'a> {
    cluster: &'a Cluster,
    namespace: String,
    name: String,
    kubeconfig: PathBuf,
    token: PathBuf,
    folder: Folder,
}

impl<'a> Account<'a> {
    /// Makes one that may do nothing.
    #[track_caller]
    pub fn new(cluster: &'a Cluster, namespace: &str, name: &str) -> Self {
        let folder = Folder::new();
        let token = folder.path().join("token");
        let server = cluster_of(&cluster.kubeconfig);
        let kubeconfig = folder.write("kubeconfig", kubeconfig(&server, &json!({"tokenFile": token})));
        folder.write("namespace", namespace);
        folder.write("ca.crt", authority_of(&server));
        let account =
            Self { cluster, namespace: namespace.to_owned(), name: name.to_owned(), kubeconfig, token, folder };
        account.create();
        account.renew();
        account
    }

    fn admin(&self) -> &'a Caller {
        self.cluster.admin()
    }

    fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/serviceaccounts/{}", self.namespace, self.name)
    }

    fn create(&self) {
        let metadata = json!({"name": self.name, "namespace": self.namespace});
        let manifest = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
        self.admin().apply(&manifest.to_string());
    }

    /// A kubeconfig whose token is in [`Account::token_file`].
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The file of its token.
    pub fn token_file(&self) -> &Path {
        &self.token
    }

    /// The folder of `token`, `ca.crt` and `namespace`, as a Pod has it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The cluster that it is in.
    pub fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// The name that RBAC and the API server's log know it by.
    pub fn user(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }

    /// Requests with the token that it has now.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.kubeconfig)
    }

    /// Puts a new token, good for an hour, into its file.
    #[track_caller]
    pub fn renew(&self) {
        let answer =
            self.admin().post(&format!("{}/token", self.path()), &json!({"spec": {"expirationSeconds": 3600}}));
        replace(&self.token, answer.ok()["status"]["token"].as_str().expect("a token"));
    }

    /// Deletes it and makes another one of the same name: the tokens that it had are refused (the API server may remember for
    /// ten seconds that it took one).
    #[track_caller]
    pub fn recreate(&self) {
        self.admin().delete(&self.path()).ok();
        self.create();
    }

    /// Lets it do this, and nothing else, in a namespace. The rules are those of a Role.
    #[track_caller]
    pub fn allow_in(&self, namespace: &str, rules: &Value) {
        self.grant("Role", &json!({"name": self.name, "namespace": namespace}), rules);
    }

    /// Lets it do this, and nothing else, in all namespaces.
    #[track_caller]
    pub fn allow_everywhere(&self, rules: &Value) {
        self.grant("ClusterRole", &json!({"name": self.wide_name()}), rules);
    }

    /// Takes back what it may in a namespace.
    #[track_caller]
    pub fn forbid_in(&self, namespace: &str) {
        self.admin().delete(&format!("/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings/{}", self.name)).ok();
    }

    /// Takes back what it may in all namespaces.
    #[track_caller]
    pub fn forbid_everywhere(&self) {
        self.admin().delete(&format!("/apis/{RBAC}/v1/clusterrolebindings/{}", self.wide_name())).ok();
    }

    fn wide_name(&self) -> String {
        format!("{}-{}", self.namespace, self.name)
    }

    #[track_caller]
    fn grant(&self, kind: &str, metadata: &Value, rules: &Value) {
        let version = format!("{RBAC}/v1");
        let role = json!({"apiVersion": version, "kind": kind, "metadata": metadata, "rules": rules});
        let subject = json!({"kind": "ServiceAccount", "name": self.name, "namespace": self.namespace});
        let reference = json!({"apiGroup": RBAC, "kind": kind, "name": metadata["name"]});
        let binding = json!({
            "apiVersion": version, "kind": format!("{kind}Binding"), "metadata": metadata,
            "subjects": [subject], "roleRef": reference,
        });
        self.admin().apply(&format!("{role}\n---\n{binding}"));
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        if !self.cluster.is_own() {
            for kind in ["clusterrolebindings", "clusterroles"] {
                let path = format!("/apis/{RBAC}/v1/{kind}/{}", self.wide_name());
                self.admin().try_send("DELETE", &path, "application/json", Vec::new());
            }
        }
    }
}
