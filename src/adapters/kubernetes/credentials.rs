//! Where the cluster is and who asks, as kubectl finds it out: kubeconfig files, or what a pod is given.

use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError, LoadDataError};

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// These files, the first one winning; those that aren't there are passed over, as kubectl does.
    Kubeconfig(Vec<PathBuf>),
    /// The service account of the pod that this runs in.
    InCluster,
}

impl Credentials {
    /// Reads them: again for each new start of a watch, as files are replaced.
    ///
    /// # Errors
    /// A sentence that says what to mend. It quotes no file, as there are tokens in them.
    pub async fn read(&self) -> Result<Config, String> {
        match self {
            Self::Kubeconfig(paths) => {
                let kubeconfig = merged(paths).map_err(|error| told(&error))?;
                let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
                config.map_err(|error| told(&error))
            }
            Self::InCluster => Config::incluster().map_err(|error| told_in_cluster(&error).to_owned()),
        }
    }
}

fn merged(paths: &[PathBuf]) -> Result<Kubeconfig, KubeconfigError> {
    let mut there = paths.iter().filter(|path| path.exists()).map(Kubeconfig::read_from);
    let first = match (there.next(), paths.first()) {
        (Some(first), _) => first?,
        // To be told as what it is: not there.
        (None, Some(path)) => Kubeconfig::read_from(path)?,
        (None, None) => return Err(KubeconfigError::FindPath),
    };
    there.try_fold(first, |all, next| all.merge(next?))
}

fn told(error: &KubeconfigError) -> String {
    let unreadable = |what: &str, error: &LoadDataError| match error {
        LoadDataError::ReadFile(error, path) => format!("{what}, {}, can't be read: {}", path.display(), error.kind()),
        LoadDataError::DecodeBase64(_) => format!("{what} isn't base64"),
        LoadDataError::NoBase64DataOrFile => format!("{what} is missing"),
    };
    let what = match error {
        KubeconfigError::CurrentContextNotSet => {
            "has no current-context; choose one with kubectl config use-context".to_owned()
        }
        KubeconfigError::LoadContext(name) => format!("has no context {name:?}, which is its current one"),
        KubeconfigError::LoadClusterOfContext(name) => format!("has no cluster {name:?}, which the context names"),
        KubeconfigError::ReadConfig(error, path) => return format!("{}: {}", at(path), error.kind()),
        KubeconfigError::Parse(_) => "isn't a kubeconfig".to_owned(),
        KubeconfigError::MissingClusterUrl | KubeconfigError::ParseClusterUrl(_) => {
            "has no server's address that can be used".to_owned()
        }
        KubeconfigError::ParseProxyUrl(_) => "has a proxy-url that can't be used".to_owned(),
        KubeconfigError::LoadCertificateAuthority(error) => unreadable("certificate-authority", error),
        KubeconfigError::LoadClientCertificate(error) => unreadable("client-certificate", error),
        KubeconfigError::LoadClientKey(error) => unreadable("client-key", error),
        KubeconfigError::ParseCertificates(_) => "has a certificate-authority that is no PEM".to_owned(),
        _ => "can't be used".to_owned(),
    };
    format!("the kubeconfig {what}")
}

fn at(path: &Path) -> String {
    format!("the kubeconfig {} can't be read", path.display())
}

fn told_in_cluster(error: &InClusterError) -> &'static str {
    match error {
        InClusterError::ReadCertificateBundle(_)
        | InClusterError::ParseCertificates(_)
        | InClusterError::ReadDefaultNamespace(_) => {
            "the pod has no service account's credentials; set automountServiceAccountToken, or KUBECONFIG"
        }
        _ => "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT tell no address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(files: &[(&str, &str)], names: &[&str]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let paths = names.iter().map(|name| folder.path().join(name)).collect();
        Credentials::Kubeconfig(paths).read().await
    }

    const CLUSTER: &str = "clusters: [{name: one, cluster: {server: 'https://10.0.0.1:6443'}}]\n";
    const CONTEXT: &str =
        "current-context: here\ncontexts: [{name: here, context: {cluster: one, user: me, namespace: team-a}}]\n";
    const USER: &str = "users: [{name: me, user: {token: hunter2}}]\n";

    #[tokio::test]
    async fn several_files_are_one_and_missing_ones_are_passed_over() {
        let files = [("a", CONTEXT), ("b", CLUSTER), ("c", USER)];
        let config = read(&files, &["missing", "a", "b", "c"]).await.unwrap();
        assert_eq!(config.cluster_url.host(), Some("10.0.0.1"));
        assert_eq!(config.default_namespace, "team-a");
    }

    #[tokio::test]
    async fn what_is_to_be_mended_is_told_and_no_token() {
        let all = format!("{CONTEXT}{CLUSTER}{USER}");
        for (text, told) in [
            (all.replace("current-context: here\n", ""), "no current-context"),
            (all.replace("current-context: here", "current-context: there"), "no context \"there\""),
            (all.replace("cluster: one", "cluster: two"), "no cluster \"two\""),
            (all.replace("server: 'https://10.0.0.1:6443'", ""), "no server's address"),
            (format!("{all}users: ["), "isn't a kubeconfig"),
            (
                all.replace("server:", "certificate-authority: /nowhere/ca.crt, server:"),
                "certificate-authority, /nowhere/ca.crt",
            ),
        ] {
            let error = read(&[("a", &text)], &["a"]).await.unwrap_err();
            assert!(error.contains(told) && !error.contains("hunter2"), "{told}: {error}");
        }
        let error = read(&[], &["missing"]).await.unwrap_err();
        assert!(error.contains("missing can't be read"), "{error}");
    }
}
