//! A Git server for tests: `git http-backend` behind HTTP, with a token check and faults on demand.

mod cgi;
mod remote;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use futures_util::stream;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

pub use remote::{TestRemote, branch, commit_on, until};

/// The token that the server takes.
pub const TOKEN: &str = "ghs_hunter2hunter2";

/// What a request gets instead of, or around, the true answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Another status, with headers and a body.
    Status(u16, Vec<(&'static str, String)>, &'static str),
    /// No answer at all.
    Hang,
    /// The true answer up to this many bytes, then nothing more.
    HangAfter(usize),
    /// The true answer up to this many bytes, then the connection is cut.
    CutAfter(usize),
    /// The true answer, once the semaphore has a permit, which stays with it.
    Hold(Arc<Semaphore>),
}

/// A fault for the next requests whose method and address contain a text.
struct Planned {
    part: String,
    left: usize,
    fault: Fault,
}

#[derive(Default)]
struct Shared {
    root: PathBuf,
    token: String,
    planned: Mutex<Vec<Planned>>,
    seen: Mutex<Vec<String>>,
}

/// A running server; stops when dropped.
pub struct SmartHttp {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
    folder: TempDir,
}

impl SmartHttp {
    /// Serves the bare repositories of a new folder.
    pub fn start() -> Self {
        Self::start_for(TOKEN)
    }

    /// The same for another token.
    pub fn start_for(token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shared = Arc::new(Shared { root: folder.path().to_owned(), token: token.to_owned(), ..Shared::default() });
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(serve).with_state(Arc::clone(&shared));
        runtime.spawn(async move {
            // Made here, as a test may have a runtime of its own.
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await
        });
        Self { address, shared, runtime: Some(runtime), folder }
    }

    /// The folder of the repositories.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a repository.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// Lets the next `times` requests fail whose `METHOD address` contains `part`.
    pub fn fault(&self, part: &str, times: usize, fault: Fault) {
        self.shared.planned.lock().unwrap().push(Planned { part: part.to_owned(), left: times, fault });
    }

    /// Takes back all faults that are left.
    pub fn heal(&self) {
        self.shared.planned.lock().unwrap().clear();
    }

    /// How many requests had `part` in their `METHOD address`.
    pub fn count(&self, part: &str) -> usize {
        self.shared.seen.lock().unwrap().iter().filter(|seen| seen.contains(part)).count()
    }

    /// Everything that was asked for, headers included.
    pub fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }
}

impl Drop for SmartHttp {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let asked = format!("{} {}", request.method(), request.uri());
    let agent = request.headers().get("user-agent").map_or("", |agent| agent.to_str().unwrap());
    shared.seen.lock().unwrap().push(format!("{asked} {agent}"));
    let fault = {
        let mut planned = shared.planned.lock().unwrap();
        let found = planned.iter_mut().find(|planned| planned.left > 0 && asked.contains(&planned.part));
        found.map(|planned| {
            planned.left -= 1;
            planned.fault.clone()
        })
    };
    match &fault {
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Hold(gate)) => gate.acquire().await.unwrap().forget(),
        Some(Fault::Status(status, headers, body)) => {
            let answer = Response::builder().status(*status);
            let answer = headers.iter().fold(answer, |answer, (name, value)| answer.header(*name, value));
            return answer.body(Body::from(*body)).unwrap();
        }
        _ => {}
    }
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{}", shared.token));
    let shown = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if shown != Some(&format!("Basic {expected}")) {
        let answer = Response::builder().status(401).header("www-authenticate", "Basic realm=\"test\"");
        return answer.body(Body::from(format!("go away with {}", shown.unwrap_or("nothing")))).unwrap();
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let root = shared.root.clone();
    let (head, bytes) = tokio::task::spawn_blocking(move || cgi::run(&root, &parts, &body)).await.unwrap();
    let (length, cut) = match fault {
        Some(Fault::HangAfter(length)) if length < bytes.len() => (length, false),
        Some(Fault::CutAfter(length)) if length < bytes.len() => (length, true),
        Some(fault @ (Fault::HangAfter(_) | Fault::CutAfter(_))) => {
            // The answer ends before the fault, which waits for a longer one.
            shared.planned.lock().unwrap().push(Planned { part: asked, left: 1, fault });
            return head.body(Body::from(bytes)).unwrap();
        }
        _ => return head.body(Body::from(bytes)).unwrap(),
    };
    let part = bytes.slice(..length);
    let body = stream::unfold(Some(part), move |part| async move {
        match part {
            Some(part) => Some((Ok(part), None)),
            // Time for what was sent before to reach the other side isn't needed: it is in order.
            None if cut => Some((Err(std::io::Error::other("cut")), None)),
            None => std::future::pending::<Option<(Result<Bytes, std::io::Error>, Option<Bytes>)>>().await,
        }
    });
    head.body(Body::from_stream(body)).unwrap()
}
