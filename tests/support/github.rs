//! A double of GitHub's API that keeps state as GitHub does, tied to a bare repository: what a branch points to, and whether it
//! is there, is asked of git. Listens on a port of its own, in a thread of its own.

mod faults;
mod json;
mod routes;
mod state;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State as Extracted;
use axum::http::{Request, Response};
use serde_json::Value;
use tokio::sync::oneshot;

pub use faults::{Fault, When};
pub use state::{INSTALLATION_ID, Logged, OWNER, Pull, REPO, State, TOKEN};

/// The double; it ends when it is dropped.
pub struct GithubDouble {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl GithubDouble {
    /// Starts it in front of a bare repository.
    pub fn start(bare: &Path) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::new(bare, format!("http://{address}"))));
        let router = Router::new().fallback(answer).with_state(state.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let server = std::future::IntoFuture::into_future(axum::serve(listener, router));
                tokio::select! {
                    result = server => result.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address, state, stop: Some(stop), thread: Some(thread) }
    }

    /// Its address, as `GITHUB_API_URL` wants it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it has and what it will do; nothing is answered while this is held.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Makes something go wrong with requests whose method and path begin so: `POST /repos/acme/unicron/pulls`.
    pub fn fail(&self, begin: &str, fault: Fault) {
        self.state().faults.push(begin, fault);
    }

    /// The requests so far: method and path with query.
    pub fn requests(&self) -> Vec<String> {
        self.state().log.iter().map(|logged| format!("{} {}", logged.method, logged.path)).collect()
    }

    /// How many requests began so.
    pub fn count(&self, begin: &str) -> usize {
        self.requests().iter().filter(|request| request.starts_with(begin)).count()
    }

    /// Somebody edits a pull request.
    pub fn edit(&self, number: u64, edit: impl FnOnce(&mut Pull)) {
        let mut state = self.state();
        state.follow();
        let pull = state.pulls.get_mut(&number).expect("it is there");
        pull.updated_at = state::now();
        edit(pull);
    }

    /// A person closes a pull request.
    pub fn close(&self, number: u64) {
        self.edit(number, |pull| pull.end(None));
    }

    /// A reviewer merges a pull request with a merge commit.
    pub fn merge(&self, number: u64) {
        self.state().merge(number);
    }
}

impl Drop for GithubDouble {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(Extracted(shared): Extracted<Arc<Mutex<State>>>, request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let bytes = to_bytes(body, 16 * 1024 * 1024).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let lock = || shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let fault = {
        let mut state = lock();
        state.log.push(Logged { method: head.method.to_string(), path: path.clone(), body: body.clone() });
        state.faults.take(&format!("{} {path}", head.method))
    };
    let Some(fault) = fault else { return routes::answer(&mut lock(), &head, &body) };
    if fault.when() == When::After {
        let _ = routes::answer(&mut lock(), &head, &body);
    }
    fault.response().await
}
