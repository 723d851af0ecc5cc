//! A runtime of the helpers' own, so that tests with and without one may call them.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::mpsc::channel;

use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime, which lasts as long as the process.
pub fn handle() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()).handle()
}

/// Waits for a future on it; the calling thread may be one of another runtime.
#[track_caller]
pub fn run<F>(future: F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    let (sender, result) = channel();
    handle().spawn(async move {
        let _ = sender.send(future.await);
    });
    result.recv().expect("the future doesn't panic")
}
