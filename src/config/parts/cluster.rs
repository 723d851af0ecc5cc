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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigError};

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Config::from_env(variables, Path::new("/nowhere/.env"))
    }

    fn named(names: &[&str]) -> WatchedNamespaces {
        WatchedNamespaces::Named(names.iter().map(|name| Namespace::parse(name).unwrap()).collect())
    }

    #[test]
    fn a_namespace_turns_the_cluster_on_and_a_kubeconfig_alone_doesnt() {
        let config = read(&[("KUBECONFIG", "one:two"), ("NAMESPACE", "team-b,team-a,team-b")]).unwrap();
        let cluster = config.cluster.unwrap();
        assert_eq!(cluster.namespaces, named(&["team-a", "team-b"]));
        assert_eq!(cluster.kubeconfig, [PathBuf::from("one"), PathBuf::from("two")]);
        assert!(read(&[("KUBECONFIG", "one")]).unwrap().cluster.is_none());
        let all = read(&[("KUBECONFIG", "one"), ("NAMESPACE", "team-a,*")]).unwrap();
        assert_eq!(all.cluster.unwrap().namespaces, WatchedNamespaces::All);
    }

    #[test]
    fn a_pod_watches_its_own_namespace_with_what_it_was_given() {
        let cluster = read(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")]).unwrap().cluster.unwrap();
        assert_eq!((cluster.namespaces, cluster.kubeconfig), (WatchedNamespaces::Own, vec![]));
    }

    #[test]
    fn the_kubeconfig_at_home_is_the_default() {
        let home = tempfile::tempdir().unwrap();
        let variables = [("NAMESPACE", "team-a"), ("HOME", home.path().to_str().unwrap())];
        let problems = read(&variables).unwrap_err().0;
        assert!(problems[0].contains("set KUBECONFIG"), "{problems:?}");
        std::fs::create_dir(home.path().join(".kube")).unwrap();
        std::fs::write(home.path().join(".kube/config"), "").unwrap();
        assert_eq!(read(&variables).unwrap().cluster.unwrap().kubeconfig, [home.path().join(".kube/config")]);
    }

    #[test]
    fn what_is_watched_may_be_written_to_unless_it_is_said_otherwise() {
        let access = |more: &[(&str, &str)]| {
            read(&[&[("KUBECONFIG", "one"), ("NAMESPACE", "team-a")], more].concat()).unwrap().access
        };
        assert_eq!(access(&[]).write_namespaces[0].as_str(), "team-a");
        assert!(!access(&[]).write_everywhere);
        assert!(access(&[("WRITE_NAMESPACES", "*")]).write_everywhere);
    }

    #[test]
    fn a_name_that_cant_be_one_is_a_problem() {
        let problems = read(&[("KUBECONFIG", "one"), ("NAMESPACE", "Team_A")]).unwrap_err().0;
        assert!(problems.iter().any(|problem| problem.starts_with("NAMESPACE: expected names")), "{problems:?}");
    }
}
