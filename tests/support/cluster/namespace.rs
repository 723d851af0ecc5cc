//! A namespace for one test.

use std::fmt;

use serde_json::json;

use super::Cluster;

/// A namespace with a name that nobody else has.
pub struct Namespace<'a> {
    cluster: &'a Cluster,
    name: String,
}

impl<'a> Namespace<'a> {
    /// Makes one.
    #[track_caller]
    pub fn new(cluster: &'a Cluster) -> Self {
        let name = format!("test-{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
        cluster.admin().post("/api/v1/namespaces", &json!({"metadata": {"name": name}})).ok();
        Self { cluster, name }
    }

    /// The cluster that it is in.
    pub fn cluster(&self) -> &'a Cluster {
        self.cluster
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of a kind's objects in it: `path("v1", "secrets")`.
    pub fn path(&self, version: &str, plural: &str) -> String {
        let root = if version.contains('/') { "apis" } else { "api" };
        format!("/{root}/{version}/namespaces/{}/{plural}", self.name)
    }
}

impl fmt::Display for Namespace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        // In a cluster of the tests' own nobody would empty it, and it all goes soon.
        if !self.cluster.is_own() {
            let path = format!("/api/v1/namespaces/{}", self.name);
            self.cluster.admin().try_send("DELETE", &path, "application/json", Vec::new());
        }
    }
}
