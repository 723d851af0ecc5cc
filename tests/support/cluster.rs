//! A real API server for tests: etcd and kube-apiserver started here, or the cluster of `TEST_KUBECONFIG`.
//!
//! ```ignore
//! let Some(cluster) = Cluster::get() else { return };
//! let namespace = cluster.namespace();
//! cluster.admin().apply(&format!("…namespace: {namespace}…"));
//! ```
//!
//! It is shared by all tests, so each takes a namespace of its own; a test that stops or kills the server, or wants a custom
//! resource definition to be absent, takes one by [`Cluster::start`]. There are no controllers: namespaces don't empty
//! themselves, and Pods don't run.

pub mod account;
pub mod assets;
pub mod caller;
mod certificates;
pub mod daemon;
mod egress;
pub mod folder;
mod kubeconfig;
pub mod namespace;
pub mod pod;
pub mod runtime;
pub mod sealed_secrets;
mod server;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use super::wait_for;
pub use account::Account;
use assets::{Assets, variable};
pub use caller::{Caller, documents};
pub use namespace::Namespace;
pub use sealed_secrets::SealedSecretsController;
use server::Server;

/// The custom resource definition of ACK's nodegroups.
pub const NODEGROUPS: &str = include_str!("../cluster/crds/eks.services.k8s.aws_nodegroups.yaml");

/// A cluster. Its processes end when it is dropped, and when the tests' process ends, in whatever way.
pub struct Cluster {
    /// An administrator's kubeconfig.
    pub kubeconfig: PathBuf,
    admin: Caller,
    kubectl: PathBuf,
    own: Option<Server>,
}

impl Cluster {
    /// The one that all tests share: the user's, if there is one. `None`, and a line that says why, where there is nothing to start.
    pub fn get() -> Option<&'static Self> {
        static OF_THE_USER: OnceLock<Cluster> = OnceLock::new();
        match variable("TEST_KUBECONFIG") {
            Some(kubeconfig) => Some(OF_THE_USER.get_or_init(|| Self::of_the_user(kubeconfig.into()))),
            None => Self::own(),
        }
    }

    /// The one that all tests share and that the tests started, for what can't be asked of a user's.
    pub fn own() -> Option<&'static Self> {
        static OWN: OnceLock<Option<Cluster>> = OnceLock::new();
        OWN.get_or_init(Self::start).as_ref()
    }

    /// One for this test alone; `None`, and a line that says why, where there is nothing to start.
    #[track_caller]
    pub fn start() -> Option<Self> {
        let assets = Assets::find()?;
        let server = Server::start(assets);
        let admin = Caller::new(&server.kubeconfig);
        server.wait_until_ready(&admin);
        let kubectl = assets.kubernetes("kubectl");
        Some(Self { kubeconfig: server.kubeconfig.clone(), admin, kubectl, own: Some(server) })
    }

    fn of_the_user(kubeconfig: PathBuf) -> Self {
        let kubectl = Assets::find().map_or_else(|| PathBuf::from("kubectl"), |assets| assets.kubernetes("kubectl"));
        Self { admin: Caller::new(&kubeconfig), kubeconfig, kubectl, own: None }
    }

    /// Requests of an administrator.
    pub fn admin(&self) -> &Caller {
        &self.admin
    }

    /// A new namespace.
    pub fn namespace(&self) -> Namespace<'_> {
        Namespace::new(self)
    }

    /// Whether the tests started it, so that they may do to it what they like.
    pub fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The processes behind it.
    #[track_caller]
    fn server(&self) -> &Server {
        self.own.as_ref().expect("a cluster that the tests started: Cluster::start()")
    }

    /// The API server's process.
    pub fn api_server(&self) -> &daemon::Daemon {
        &self.server().api
    }

    /// Where the API server listens, with TLS.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server().address()
    }

    /// The ids of its processes.
    pub fn processes(&self) -> Vec<u32> {
        vec![self.server().etcd.id(), self.server().api.id()]
    }

    /// SIGSTOP to the API server: connections stay open, and nothing is answered.
    pub fn stop(&self) {
        self.server().stop();
    }

    /// SIGCONT to the API server.
    pub fn cont(&self) {
        self.server().cont();
    }

    /// SIGKILL to the API server.
    pub fn kill(&self) {
        self.server().api.kill();
    }

    /// Starts the killed API server again, on the same port, and waits until it is ready.
    #[track_caller]
    pub fn restart(&self) {
        self.server().api.start_again();
        self.server().wait_until_ready(&self.admin);
    }

    /// Lets etcd forget every version of an object but the newest: what watches from before is told 410 once the API server has
    /// no memory of its own of it, as after a restart. Returns the oldest revision that is left.
    #[track_caller]
    pub fn compact(&self) -> u64 {
        self.server().compact()
    }

    /// Installs a custom resource definition, unless a cluster of the user has it already, and waits until it is served.
    #[track_caller]
    pub fn install(&self, definition: &str) {
        let definition = &documents(definition)[0];
        let path = self.admin.path_of(definition);
        if self.is_own() || self.admin.get(&path).status == 404 {
            self.admin.apply(&definition.to_string());
        }
        wait_for("the custom resource definition", || {
            let conditions = self.admin.get(&path).ok()["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.iter().any(|is| is["type"] == "Established" && is["status"] == "True").then_some(())
        });
        let spec = &definition["spec"];
        let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let (group, version) = (word(&spec["group"]), word(&spec["versions"][0]["name"]));
        let list = format!("/apis/{group}/{version}/{}?limit=1", word(&spec["names"]["plural"]));
        wait_for("the kind's list", || (self.admin.get(&list).status == 200).then_some(()));
    }

    /// Removes a custom resource definition, all its objects included, and waits until it isn't served.
    #[track_caller]
    pub fn uninstall(&self, definition: &str) {
        assert!(self.is_own(), "a cluster that the tests started");
        let path = self.admin.path_of(&documents(definition)[0]);
        self.admin.delete(&path).ok();
        wait_for("the end of the definition", || (self.admin.get(&path).status == 404).then_some(()));
    }

    /// Runs kubectl as the administrator.
    #[track_caller]
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> Output {
        let home = tempfile::tempdir().unwrap();
        let mut kubectl = Command::new(&self.kubectl);
        kubectl.args(arguments).env("KUBECONFIG", &self.kubeconfig).env("HOME", home.path());
        run(&mut kubectl, input)
    }
}

/// Runs a program to its end with this input.
#[track_caller]
pub fn run(command: &mut Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // It may not read all of it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}
