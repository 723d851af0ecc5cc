//! Serves connections: axum's own loop waits for a request's head without end and takes any number of connections.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a client may take to send a request's head; also how long an idle connection is kept.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// Connections at once; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 1024;

/// Accepts connections until `stop`, then lets each finish the request that it is in. Ends when the last one has; a caller
/// who can't wait that long drops the future, which ends them all.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    // Dropped with this future: connections that are left then are ended.
    let abandon = CancellationToken::new();
    let _guard = abandon.clone().drop_guard();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Some((stream, permit)) = accept(&listener, &permits, &stop).await {
        let (router, stop, abandon) = (router.clone(), stop.clone(), abandon.clone());
        connections.spawn(async move {
            let _permit = permit;
            abandon.run_until_cancelled(serve_connection(stream, router, stop)).await;
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// The next connection; `None` when the service stops.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    stop: &CancellationToken,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = stop.run_until_cancelled(Arc::clone(permits).acquire_owned()).await?.ok()?;
    loop {
        match stop.run_until_cancelled(listener.accept()).await? {
            Ok((stream, _)) => return Some((stream, permit)),
            Err(error) if is_the_connections(&error) => {}
            Err(error) => {
                // Out of file descriptors, most likely: waiting for some to be closed is all that helps.
                tracing::error!(error = %error, "can't accept a connection");
                stop.run_until_cancelled(tokio::time::sleep(Duration::from_millis(200))).await?;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    // Small answers shouldn't wait for an acknowledgement; a socket that refuses this works all the same.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // An error here is the client's going away; its requests have their own log lines.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Errors of the one connection that was to be accepted, not of the listener.
fn is_the_connections(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
