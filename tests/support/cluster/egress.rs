//! How the API server reaches "pods": it asks a proxy for each connection, as it does where a network lies between the two.
//!
//! Its service proxy refuses endpoints on loopback, and takes only addresses that a Pod has. So a Pod gets an address of the range
//! that is kept for documentation, and this proxy leads from there to a program on this machine: nothing of the network is
//! changed, and nobody needs to be root.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::runtime;

type Routes = Arc<Mutex<BTreeMap<String, SocketAddr>>>;

/// The proxy; ends when it is dropped.
pub struct Egress {
    routes: Routes,
    task: JoinHandle<()>,
}

impl Egress {
    /// Listens on a socket in the file system.
    pub fn start(socket: &Path) -> Self {
        let routes = Routes::default();
        let (shared, path) = (Arc::clone(&routes), socket.to_owned());
        let listener = runtime::run(async move { UnixListener::bind(path).unwrap() });
        let task = runtime::handle().spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(pass(connection, Arc::clone(&shared)));
            }
        });
        Self { routes, task }
    }

    /// What tells the API server of it.
    pub fn configuration(socket: &Path) -> String {
        let connection = json!({"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": socket}}});
        let selections = json!([{"name": "cluster", "connection": connection}]);
        let version = "apiserver.k8s.io/v1beta1";
        json!({"apiVersion": version, "kind": "EgressSelectorConfiguration", "egressSelections": selections})
            .to_string()
    }

    /// Leads connections for this address and port of a Pod to another address.
    pub fn route(&self, pod: &str, port: u16, to: SocketAddr) {
        self.routes.lock().unwrap().insert(format!("{pod}:{port}"), to);
    }
}

impl Drop for Egress {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves one `CONNECT pod:port`.
async fn pass(mut client: UnixStream, routes: Routes) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let asked = head.split(' ').nth(1).unwrap_or_default();
    let to = routes.lock().unwrap().get(asked).copied();
    let connected = match to {
        Some(to) => TcpStream::connect(to).await.ok(),
        None => None,
    };
    let Some(mut server) = connected else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    };
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
