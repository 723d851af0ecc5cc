//! An API server and its etcd, of the tests' own.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::assets::Assets;
use super::caller::Caller;
use super::certificates::Certificates;
use super::daemon::{Daemon, Recipe};
use super::egress::Egress;
use super::folder::Folder;
use super::kubeconfig::kubeconfig;
use crate::support::client::request;
use crate::support::wait_for;

/// Both processes. They are killed, then the folder goes.
pub struct Server {
    /// An administrator's.
    pub kubeconfig: PathBuf,
    /// How it reaches Pods.
    pub egress: Egress,
    pub api: Daemon,
    pub etcd: Daemon,
    etcd_port: u16,
    port: u16,
    pub folder: Folder,
}

impl Server {
    /// Starts both, and doesn't wait for them.
    pub fn start(assets: &Assets) -> Self {
        let folder = Folder::new();
        let certificates = Certificates::write(&folder);
        let (port, etcd_port) = (port(), port());
        let etcd = Daemon::start(etcd(assets, &folder, etcd_port));
        let socket = folder.path().join("egress.sock");
        let egress = Egress::start(&socket);
        folder.write("egress.yaml", Egress::configuration(&socket));
        let api = Daemon::start(api(assets, &folder, &certificates, port, etcd_port));
        let cluster =
            json!({"server": format!("https://127.0.0.1:{port}"), "certificate-authority": certificates.authority});
        let user = json!({"client-certificate": certificates.admin, "client-key": certificates.admin_key});
        let kubeconfig = folder.write("admin.kubeconfig", kubeconfig(&cluster, &user));
        Self { kubeconfig, egress, api, etcd, etcd_port, port, folder }
    }

    /// Waits until the API server serves everything.
    #[track_caller]
    pub fn wait_until_ready(&self, admin: &Caller) {
        wait_for("the API server", || {
            self.etcd.assert_running();
            self.api.assert_running();
            let ready = admin.try_send("GET", "/readyz", "text/plain", Vec::new())?;
            // Namespaces of the system are made by a task of its own, which readiness doesn't wait for.
            (ready.status == 200 && admin.get("/api/v1/namespaces/kube-system").status == 200).then_some(())
        });
    }

    /// Where the API server listens.
    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// SIGSTOP: connections stay open, and nothing is answered.
    pub fn stop(&self) {
        self.api.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn cont(&self) {
        self.api.signal(Signal::CONT);
    }

    /// Lets etcd forget every version of an object but the newest, and returns the revision that is the oldest now.
    #[track_caller]
    pub fn compact(&self) -> u64 {
        let any = self.ask_etcd("range", &json!({"key": STANDARD.encode("/"), "keys_only": true}));
        let revision = any["header"]["revision"].as_str().expect("a revision").to_owned();
        self.ask_etcd("compaction", &json!({"revision": revision, "physical": true}));
        revision.parse().unwrap()
    }

    #[track_caller]
    fn ask_etcd(&self, what: &str, body: &Value) -> Value {
        let address = ([127, 0, 0, 1], self.etcd_port).into();
        let path = format!("/v3/kv/{what}");
        let headers = [("Content-Type", "application/json")];
        let answer = request(address, "POST", &path, &headers, body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }
}

fn etcd(assets: &Assets, folder: &Folder, port: u16) -> Recipe {
    let (client, peer) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", self::port()));
    let data = folder.path().join("etcd");
    let arguments = vec![
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        // The data needn't outlive the machine.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ];
    recipe(assets.kubernetes("etcd"), arguments, folder)
}

/// What controller-runtime's envtest starts, with RBAC on.
fn api(assets: &Assets, folder: &Folder, files: &Certificates, port: u16, etcd_port: u16) -> Recipe {
    let file = |flag: &str, path: &PathBuf| format!("--{flag}={}", path.display());
    let arguments = vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        file("tls-cert-file", &files.server),
        file("tls-private-key-file", &files.server_key),
        file("client-ca-file", &files.authority),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        file("service-account-key-file", &files.accounts_public),
        file("service-account-signing-key-file", &files.accounts_key),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        // Nobody makes the accounts `default` that it wants: that is the controller manager's work.
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        // It would publish its own address, which a Service can't have when it is a loopback one.
        "--endpoint-reconciler-type=none".to_owned(),
        file("egress-selector-config-file", &folder.path().join("egress.yaml")),
    ];
    recipe(assets.kubernetes("kube-apiserver"), arguments, folder)
}

fn recipe(program: PathBuf, arguments: Vec<String>, folder: &Folder) -> Recipe {
    let log = folder.path().join(program.file_name().unwrap()).with_extension("log");
    Recipe { before: Vec::new(), program, arguments, variables: Vec::new(), log }
}

/// A free port below those that the kernel gives out by itself: nobody takes it while the server is away.
pub fn port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        // Several processes of tests may run at once.
        let offset = std::process::id() * 64 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(20_000 + offset % 10_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
