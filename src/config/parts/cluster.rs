//! The cluster: which namespaces are watched, and with whose credentials.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::config::vars::Vars;
use crate::domain::names::Namespace;

/// What isn't a setting of ours but tells where this runs.
pub struct Surroundings {
    /// Whether a pod of a cluster: Kubernetes sets `KUBERNETES_SERVICE_HOST` there.
    in_cluster: bool,
    /// The kubeconfig that kubectl takes when `KUBECONFIG` names none.
    kubeconfig: Option<PathBuf>,
}

impl Surroundings {
    /// Finds out from the environment.
    pub fn of(variables: &[(OsString, OsString)]) -> Self {
        let value = |wanted: &str| variables.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let kubeconfig = value("HOME").map(|home| Path::new(home).join(".kube/config"));
        Self {
            in_cluster: value("KUBERNETES_SERVICE_HOST").is_some(),
            kubeconfig: kubeconfig.filter(|path| path.exists()),
        }
    }
}

/// The namespaces that are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchedNamespaces {
    /// All.
    All,
    /// These.
    Named(Vec<Namespace>),
    /// The one that the pod, or the context, is in.
    Own,
}

/// The cluster that is watched.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// `NAMESPACE`, in a pod its own namespace; setting it turns the cluster on.
    pub namespaces: WatchedNamespaces,
    /// `KUBECONFIG`, `~/.kube/config`: the files with credentials; none of them for those of the pod.
    pub kubeconfig: Vec<PathBuf>,
}

impl ClusterConfig {
    pub(in crate::config) fn read(vars: &Vars, surroundings: &Surroundings) -> Option<Self> {
        let names = vars.list("NAMESPACE", |name| match name {
            "*" => Ok(None),
            name => Namespace::parse(name)
                .map(Some)
                .map_err(|_| format!("names with commas, each {}, or *", Namespace::EXPECTED)),
        });
        if names.is_empty() && !surroundings.in_cluster {
            return None;
        }
        let mut kubeconfig: Vec<PathBuf> =
            vars.get("KUBECONFIG").map(|paths| std::env::split_paths(paths).collect()).unwrap_or_default();
        kubeconfig.retain(|path| !path.as_os_str().is_empty());
        if kubeconfig.is_empty() {
            kubeconfig.extend(surroundings.kubeconfig.clone());
        }
        if kubeconfig.is_empty() && !surroundings.in_cluster {
            vars.problem(
                "NAMESPACE",
                "is to be watched, but no kubeconfig says where; set KUBECONFIG, or unset NAMESPACE to read Git alone",
            );
        }
        let namespaces = if names.is_empty() {
            WatchedNamespaces::Own
        } else if names.contains(&None) {
            WatchedNamespaces::All
        } else {
            let mut names: Vec<Namespace> = names.into_iter().flatten().collect();
            names.sort();
            names.dedup();
            WatchedNamespaces::Named(names)
        };
        Some(Self { namespaces, kubeconfig })
    }
}
