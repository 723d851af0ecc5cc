//! The Sealed Secrets controller, running for real, and reached through the API server's service proxy.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::assets::{Assets, skip};
use super::daemon::{Daemon, Recipe};
use super::{Account, Cluster, pod, run};
use crate::support::wait_for;

/// Where the controller is by default, and what it and its port are called.
pub const NAMESPACE: &str = "kube-system";
pub const NAME: &str = "sealed-secrets-controller";
pub const PORT: u16 = 8080;
/// The address of its Pod, of the range that is kept for documentation.
const POD: &str = "192.0.2.10";

/// The running controller; killed when it is dropped.
pub struct SealedSecretsController<'a> {
    cluster: &'a Cluster,
    kubeseal: PathBuf,
    /// Its process.
    pub daemon: Daemon,
    /// Who it is for the API server.
    pub account: Account<'a>,
}

impl SealedSecretsController<'static> {
    /// The one of [`Cluster::own`]; `None`, and a line that says why, where it can't run.
    pub fn get() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<SealedSecretsController<'static>>> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Cluster::own()?)).as_ref()
    }
}

impl<'a> SealedSecretsController<'a> {
    /// Starts the one of this cluster, which may have no other, and waits until it has a key; `None`, and a line that says why, where
    /// it can't run.
    #[track_caller]
    pub fn start(cluster: &'a Cluster) -> Option<Self> {
        Self::start_with(cluster, &[])
    }

    /// The same with arguments of the controller's, such as `--key-size=2048`.
    #[track_caller]
    pub fn start_with(cluster: &'a Cluster, arguments: &[&str]) -> Option<Self> {
        assert!(cluster.is_own(), "a cluster that the tests started");
        let assets = Assets::find()?;
        let (program, kubeseal) = (assets.sealed_secrets(NAME)?, assets.sealed_secrets("kubeseal")?);
        let definition = assets.sealed_secrets("sealedsecrets-crd.yaml")?;
        if let Err(reason) = pod::is_possible() {
            skip("the tests against the Sealed Secrets controller", &reason);
            return None;
        }
        cluster.install(&std::fs::read_to_string(definition).unwrap());
        let account = Account::new(cluster, NAMESPACE, NAME);
        account.allow_everywhere(&rules());
        let port = publish(cluster);
        let daemon = Daemon::start(recipe(cluster, &account, program, port, arguments));
        let controller = Self { cluster, kubeseal, daemon, account };
        controller.wait_until_ready();
        Some(controller)
    }

    /// Waits until it serves its certificate through the API server.
    #[track_caller]
    pub fn wait_until_ready(&self) {
        wait_for("the Sealed Secrets controller", || {
            self.daemon.assert_running();
            (self.cluster.admin().get(&proxied("/v1/cert.pem")).status == 200).then_some(())
        });
    }

    /// The certificate that it seals with now, PEM.
    #[track_caller]
    pub fn certificate(&self) -> String {
        self.cluster.admin().get(&proxied("/v1/cert.pem")).ok().as_str().expect("PEM").to_owned()
    }

    /// Runs kubeseal as the administrator.
    #[track_caller]
    pub fn kubeseal(&self, arguments: &[&str], input: &str) -> Output {
        run(Command::new(&self.kubeseal).args(arguments).env("KUBECONFIG", &self.cluster.kubeconfig), input)
    }
}

/// The path on the API server that leads to a path of the controller.
pub fn proxied(path: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/services/http:{NAME}:{PORT}/proxy{path}")
}

/// What the controller does in all namespaces.
fn rules() -> Value {
    let rule = |group: &str, resource: &str, verbs: &[&str]| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs});
    json!([
        rule("bitnami.com", "sealedsecrets", &["get", "list", "watch"]),
        rule("bitnami.com", "sealedsecrets/status", &["update"]),
        rule("", "secrets", &["get", "list", "watch", "create", "update", "delete"]),
        rule("", "events", &["create", "patch"]),
    ])
}

/// Makes the Service, its Pod and what connects the two, as a cluster's controllers would; returns the port that the Pod's leads to.
#[track_caller]
fn publish(cluster: &Cluster) -> u16 {
    let metadata = json!({"name": NAME, "namespace": NAMESPACE});
    let port = json!({"name": "http", "port": PORT});
    let service =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [port.clone()]}});
    let containers = json!([{"name": "controller", "image": "none"}]);
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}});
    let mut labelled = metadata.clone();
    labelled["labels"] = json!({"kubernetes.io/service-name": NAME});
    // The proxy asks whether the endpoint's address is the Pod's.
    let target = json!({"kind": "Pod", "name": NAME, "namespace": NAMESPACE});
    let endpoint = json!({"addresses": [POD], "conditions": {"ready": true}, "targetRef": target});
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": labelled,
        "addressType": "IPv4", "ports": [port], "endpoints": [endpoint],
    });
    cluster.admin().apply(&format!("{service}\n---\n{pod}\n---\n{slice}"));
    let status = json!({"status": {"podIP": POD, "podIPs": [{"ip": POD}]}});
    cluster.admin().patch(&format!("/api/v1/namespaces/{NAMESPACE}/pods/{NAME}/status"), &status).ok();
    let port = super::server::port();
    cluster.server().egress.route(POD, PORT, ([127, 0, 0, 1], port).into());
    port
}

fn recipe(cluster: &Cluster, account: &Account, program: PathBuf, port: u16, arguments: &[&str]) -> Recipe {
    let listen = [format!("--listen-addr=127.0.0.1:{port}"), "--listen-metrics-addr=127.0.0.1:0".to_owned()];
    Recipe {
        before: pod::before(account),
        program,
        arguments: listen.into_iter().chain(arguments.iter().map(|&argument| argument.to_owned())).collect(),
        variables: pod::variables(account),
        log: cluster.server().folder.path().join("sealed-secrets-controller.log"),
    }
}
