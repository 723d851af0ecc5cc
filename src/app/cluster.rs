//! The cluster, where one is watched: its stores, the tasks that fill them, their parts of readiness.

use std::sync::Arc;

use super::StartError;
use super::tasks::Tasks;
use crate::adapters::kubernetes::{
    Connector, Credentials, KubeNodegroupStore, KubeSecretStore, NamespaceScope, Reported, Running, metrics,
};
use crate::application::readiness::{Part, PartReport};
use crate::config::{ClusterConfig, WatchedNamespaces};
use crate::domain::ports::{NodegroupStore, SecretStore};
use crate::domain::watch::Trouble;

/// What is watched.
pub struct Cluster {
    /// Makes clients of it.
    pub connector: Arc<Connector>,
    /// Its nodegroups.
    pub nodegroups: Arc<KubeNodegroupStore>,
    /// Its secrets.
    pub secrets: Arc<KubeSecretStore>,
    /// Which namespaces, for the log.
    pub namespaces: String,
}

impl Cluster {
    /// Starts the watches; those who run them go to `tasks`.
    ///
    /// # Errors
    /// When the credentials can't be used.
    pub async fn open(config: &ClusterConfig, tasks: &mut Tasks) -> Result<Self, StartError> {
        let credentials = match config.kubeconfig.as_slice() {
            [] => Credentials::InCluster,
            paths => Credentials::Kubeconfig(paths.to_vec()),
        };
        let connector =
            Connector::open(credentials).await.map_err(|what| StartError::Setting(format!("KUBECONFIG: {what}")))?;
        let connector = Arc::new(connector);
        let scope = match &config.namespaces {
            WatchedNamespaces::All => NamespaceScope::All,
            WatchedNamespaces::Named(names) => NamespaceScope::Named(names.clone()),
            WatchedNamespaces::Own => NamespaceScope::Named(connector.own_namespace().cloned().into_iter().collect()),
        };
        let namespaces = match &scope {
            NamespaceScope::All => "*".to_owned(),
            NamespaceScope::Named(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        };
        let stop = tasks.stop_token();
        let (nodegroups, watches) = KubeNodegroupStore::new(&connector, &scope, &stop);
        run("nodegroups", watches, tasks);
        let (secrets, watches) = KubeSecretStore::new(&connector, &scope, &stop);
        run("secrets", watches, tasks);
        metrics::describe();
        Ok(Self { connector, nodegroups: Arc::new(nodegroups), secrets: Arc::new(secrets), namespaces })
    }

    /// A client for single calls.
    ///
    /// # Errors
    /// When the credentials can't be used.
    pub async fn client(&self) -> Result<kube::Client, StartError> {
        self.connector.client().await.map_err(|none| StartError::Setting(format!("KUBECONFIG: {}", none.reason)))
    }

    /// Its parts of readiness.
    pub fn parts(&self) -> [Box<dyn Part>; 2] {
        [part("nodegroups", self.nodegroups.clone()), part("secrets", self.secrets.clone())]
    }

    /// The ports that it fills.
    pub fn stores(&self) -> (Arc<dyn NodegroupStore>, Arc<dyn SecretStore>) {
        (self.nodegroups.clone(), self.secrets.clone())
    }

    /// What tells in metrics how the watches do, for whoever is about to write them.
    pub fn observer(&self) -> impl Fn() + Send + Sync + 'static {
        let (nodegroups, secrets) = (self.nodegroups.clone(), self.secrets.clone());
        move || {
            metrics::observe(nodegroups.report().source);
            metrics::observe(secrets.report().source);
        }
    }
}

fn run(name: &'static str, watches: Vec<Running>, tasks: &mut Tasks) {
    for watch in watches {
        tasks.spawn(name, watch);
    }
}

fn part(name: &'static str, store: Arc<impl Reported>) -> Box<dyn Part> {
    Box::new(move || {
        let report = store.report();
        let (ready, age) = (report.settled, report.age());
        let stale = report.source.is_stale() && age.is_some();
        let reason = report.trouble.map(Trouble::as_str).or_else(|| stale.then_some("stale"));
        let watches = report.source.watches.iter().map(|watch| watch.report()).collect();
        PartReport { name, adapter: "kubernetes", ready, age: age.filter(|_| ready), reason, required: true, watches }
    })
}
