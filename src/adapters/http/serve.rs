//! Serves connections: axum's own loop waits for a request's head without end and takes any number of connections.

mod activity;
mod write_time;

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::state::TIME_LIMIT;
use activity::Activity;
use write_time::WriteTimed;

/// How long a client may take to send a request's head; also how long an idle connection is kept.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long a client may read nothing of its answer.
const WRITE_TIME: Duration = Duration::from_secs(30);
/// How long a connection without a request in flight is kept after the stop, from the last byte that its client took.
const IDLE_TIME: Duration = Duration::from_secs(1);
/// How long connections are kept at all after the stop: the requests in flight had their time by then.
const STOP_TIME: Duration = TIME_LIMIT.saturating_add(Duration::from_secs(1));

/// What is taken on of connections.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at once; more wait in the kernel's queue.
    pub connections: usize,
    /// How long a client may take to send a request's head, and be silent between two.
    head_time: Duration,
}

impl Bounds {
    /// So many connections, and the usual times.
    #[must_use]
    pub fn new(connections: usize) -> Self {
        Self { connections, head_time: HEAD_TIME }
    }
}

/// What answers requests: a router, or what stands around it.
pub trait Answers:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> Answers for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

/// Accepts connections until `stop`, then lets each finish the request that it is in. Ends when the last one has, and after
/// `STOP_TIME` at the latest; a caller who can't wait that long drops the future, which ends them all.
pub async fn serve<S: Answers>(listener: TcpListener, service: S, bounds: Bounds, stop: CancellationToken) {
    let connections = TaskTracker::new();
    // Dropped with this future: connections that are left then are ended.
    let abandon = CancellationToken::new();
    let guard = abandon.clone().drop_guard();
    let permits = Arc::new(Semaphore::new(bounds.connections));
    while let Some((stream, permit)) = accept(&listener, &permits, &stop).await {
        let (service, stop, abandon) = (service.clone(), stop.clone(), abandon.clone());
        connections.spawn(async move {
            let _permit = permit;
            abandon.run_until_cancelled(serve_connection(stream, service, bounds.head_time, stop)).await;
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(STOP_TIME, connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "connections are dropped");
    }
    drop(guard);
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

async fn serve_connection<S: Answers>(stream: TcpStream, service: S, head_time: Duration, stop: CancellationToken) {
    // Small answers shouldn't wait for an acknowledgement; a socket that refuses this works all the same.
    let _ = stream.set_nodelay(true);
    let activity = Activity::new();
    let counted = Arc::clone(&activity);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        // Routers and their edge are always ready.
        let (in_flight, answer) = (counted.begin(), service.clone().call(request.map(Body::new)));
        async move {
            let answer = answer.await;
            drop(in_flight);
            answer
        }
    });
    let stream = WriteTimed::new(stream, WRITE_TIME, Arc::clone(&activity));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_time);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // An error here is the client's going away; its requests have their own log lines.
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    // A client that doesn't read, or is slow to send a head, mustn't hold the stop up.
    tokio::select! {
        _ = connection => {}
        () = activity.idle(IDLE_TIME) => {}
    }
}

/// Errors of the one connection that was to be accepted, not of the listener.
fn is_the_connections(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{self, SocketAddr};

    use axum::Router;
    use axum::routing::get;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;

    struct Served {
        address: SocketAddr,
        stop: CancellationToken,
        /// Notified when the handler has begun.
        begun: Arc<Notify>,
        /// Lets the handler end.
        go: Arc<Notify>,
        task: JoinHandle<()>,
    }

    async fn served() -> Served {
        served_with(Bounds::new(8)).await
    }

    /// Serves one slow route.
    async fn served_with(bounds: Bounds) -> Served {
        let (begun, go, stop) = (Arc::new(Notify::new()), Arc::new(Notify::new()), CancellationToken::new());
        let (told, wait) = (Arc::clone(&begun), Arc::clone(&go));
        let slow = move || async move {
            told.notify_one();
            wait.notified().await;
            "done"
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(serve(listener, Router::new().route("/", get(slow)), bounds, stop.clone()));
        Served { address, stop, begun, go, task }
    }

    async fn ask(served: &Served) -> net::TcpStream {
        let mut client = net::TcpStream::connect(served.address).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        served.begun.notified().await;
        client
    }

    /// Everything up to the connection's end.
    async fn rest(mut client: net::TcpStream) -> String {
        let read = move || {
            let mut text = String::new();
            client.read_to_string(&mut text).map(|_| text)
        };
        tokio::task::spawn_blocking(read).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_request_in_flight_is_answered_after_the_stop_and_new_connections_are_refused() {
        let served = served().await;
        let client = ask(&served).await;
        served.stop.cancel();
        while TcpStream::connect(served.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!served.task.is_finished(), "it waits for the request");
        served.go.notify_one();
        let answer = rest(client).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
        served.task.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_does_not_hold_the_stop_up() {
        let begun = Arc::new(Notify::new());
        let told = Arc::clone(&begun);
        let large = move || async move {
            told.notify_one();
            vec![0_u8; 8 * 1024 * 1024]
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let task = tokio::spawn(serve(listener, Router::new().route("/", get(large)), Bounds::new(1), stop.clone()));
        let mut client = net::TcpStream::connect(address).unwrap();
        client.write_all("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(3).as_bytes()).unwrap();
        begun.notified().await;
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), task).await.expect("it ends soon").unwrap();
        drop(client);
    }

    #[tokio::test]
    async fn a_client_that_sends_its_head_slowly_is_let_go_and_makes_room() {
        let served = served_with(Bounds { connections: 1, head_time: Duration::from_millis(300) }).await;
        let mut slow = net::TcpStream::connect(served.address).unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost: local").unwrap();
        // It holds the only place that there is, so that the next one is answered only when it is gone.
        served.go.notify_one();
        let client = ask(&served).await;
        let client = tokio::task::spawn_blocking(move || {
            let (mut client, mut head) = (client, [0; 12]);
            client.read_exact(&mut head).map(|()| head)
        });
        assert_eq!(&client.await.unwrap().unwrap(), b"HTTP/1.1 200");
        assert_eq!(rest(slow).await, "");
    }

    #[tokio::test]
    async fn connections_end_when_nobody_waits_for_them_any_more() {
        let served = served().await;
        let client = ask(&served).await;
        served.task.abort();
        assert_eq!(rest(client).await, "");
    }
}
