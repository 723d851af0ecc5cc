//! The composition root: an adapter for each port, the background tasks, the listener, the shutdown.

pub mod arguments;
mod authentication;
mod cluster;
mod descriptors;
mod forge;
mod request_key;
mod sealing;
mod signals;
pub mod tasks;
pub mod telemetry;
mod wiring;

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::HeaderValue;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tower::Layer;
use tower::util::option_layer;

use crate::adapters::http::{Bounds, cors, metrics_router, router, serve};
use crate::config::Config;
use crate::telemetry::metrics::Metrics;
use signals::Signals;
use tasks::Tasks;
use wiring::Wired;

/// How long requests and writes in flight may take when the service stops: a little more than a request's time limit, after
/// which the server drops its connections by itself.
const DRAIN_TIME: Duration = Duration::from_secs(35);

/// Connections that wait to be accepted; the kernel may allow fewer.
const QUEUE: u32 = 4096;

/// Connections at once of Prometheus and probes.
const OPERATORS: usize = 64;

/// Why the service didn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can't be bound.
    #[error("can't listen on {address}: {reason}; change {setting}, or stop what listens there")]
    Bind {
        /// What names the address.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        reason: std::io::Error,
    },
    /// Signals can't be caught.
    #[error("can't catch signals: {0}")]
    Signals(std::io::Error),
    /// A setting, or a file or folder that it names, can't be used; the sentence says which and what to do.
    #[error("{0}")]
    Setting(String),
}

impl StartError {
    /// Several errors told at once.
    fn of_all(errors: impl IntoIterator<Item = Option<Self>>) -> Self {
        let all: Vec<String> = errors.into_iter().flatten().map(|error| error.to_string()).collect();
        Self::Setting(all.join("; "))
    }
}

/// Why the service stopped otherwise than it should.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A background task ended by itself or panicked.
    #[error("the background task {0} ended unexpectedly")]
    TaskEnded(&'static str),
    /// Writes were still in flight when the time to finish them was over.
    #[error("writes were still in flight after {} seconds", DRAIN_TIME.as_secs())]
    NotDrained,
    /// A second signal asked to stop at once.
    #[error("a second signal stopped the service at once")]
    Forced,
}

/// The service, bound to its address and ready to run.
pub struct App {
    listener: TcpListener,
    address: SocketAddr,
    metrics: Option<(TcpListener, Metrics)>,
    origins: Vec<HeaderValue>,
    wired: Wired,
    tasks: Tasks,
    signals: Signals,
}

/// Why the service ended with an error.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The runtime can't be made.
    #[error("can't start threads: {0}")]
    Runtime(#[from] std::io::Error),
    /// See [`StartError`].
    #[error(transparent)]
    Start(#[from] StartError),
    /// See [`RunError`].
    #[error(transparent)]
    Run(#[from] RunError),
}

impl AppError {
    /// The process's exit code: 2 when a setting is to be mended, like every mistake in the settings, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if matches!(self, Self::Start(StartError::Setting(_))) { 2 } else { 1 }
    }
}

/// Builds the service on a runtime of its own, runs it until it is stopped, and logs an error that ended it.
///
/// # Errors
/// [`AppError`].
pub fn run(config: Config) -> Result<(), AppError> {
    let run = || {
        let runtime = tokio::runtime::Runtime::new()?;
        let outcome = runtime.block_on(async { Ok(App::build(config).await?.run_until_stopped().await?) });
        // What blocks a thread by now (a fetch that hangs) mustn't keep the process alive.
        runtime.shutdown_background();
        outcome
    };
    run().inspect_err(|error: &AppError| tracing::error!(%error, "ended"))
}

impl App {
    /// Binds the address and makes everything that the settings ask for.
    ///
    /// # Errors
    /// [`StartError`], which says what to do.
    pub async fn build(config: Config) -> Result<Self, StartError> {
        // Before anything is made: a second instance by mistake should end here.
        let (listener, address) = bind("LISTEN_ADDRESS", config.server.listen)?;
        let metrics = match config.server.metrics {
            Some(address) => {
                let (listener, address) = bind("METRICS_ADDRESS", address)?;
                tracing::info!(%address, "serving metrics");
                Some((listener, Metrics::start()))
            }
            None => None,
        };
        let signals = Signals::catch().map_err(StartError::Signals)?;
        let mut tasks = Tasks::default();
        let wired = wiring::wire(&config, &mut tasks).await?;
        let (name, version) = (&config.telemetry.app_name, &config.telemetry.app_version);
        tracing::info!(name, version, authentication = wired.state.authenticator.is_on(), "starting");
        let origins = config.limits.origins;
        Ok(Self { listener, address, metrics, origins, wired, tasks, signals })
    }

    /// The bound address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until SIGTERM or SIGINT, or until a background task ends; then takes no more connections, lets requests and
    /// writes in flight finish, and ends the tasks.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn run_until_stopped(self) -> Result<(), RunError> {
        let Self { listener, address, metrics, origins, wired, mut tasks, mut signals } = self;
        let Wired { state, on_hangup, observe } = wired;
        let stop = CancellationToken::new();
        let bounds = Bounds::new(descriptors::connections());
        tracing::info!(connections = bounds.connections, "bounded");
        // Outermost: a browser asks what it may do without credentials.
        let service = option_layer(cors::layer(&origins)).layer(router(&state));
        let server = tokio::spawn(serve(listener, service, bounds, stop.clone()));
        let operators = metrics.map(|(listener, metrics)| {
            let render = move || {
                observe();
                metrics.render()
            };
            let router = metrics_router(&state, std::sync::Arc::new(render));
            tokio::spawn(serve(listener, router, Bounds::new(OPERATORS), stop.clone()))
        });
        tracing::info!(%address, "listening");

        let ended = tokio::select! {
            () = signals.stop(on_hangup.as_ref()) => None,
            name = tasks.unexpected_end() => Some(name),
        };
        if let Some(task) = ended {
            tracing::error!(task, "a background task ended by itself");
        }
        tracing::info!("stopping");
        state.readiness.stop();
        stop.cancel();
        let drained = async {
            // The server fails only by a panic, and then nothing is left to drain.
            let _ = server.await;
            if let Some(operators) = operators {
                let _ = operators.await;
            }
            state.writes.close();
            state.writes.wait().await;
        };
        let outcome = tokio::select! {
            drained = tokio::time::timeout(DRAIN_TIME, drained) => drained.map_err(|_| RunError::NotDrained),
            () = signals.stop(on_hangup.as_ref()) => return Err(RunError::Forced),
        };
        // Writes need the tasks (a fetch, the sealing key), so that these end last.
        tasks.stop().await;
        match ended {
            Some(task) => Err(RunError::TaskEnded(task)),
            None => outcome,
        }
    }
}

fn bind(setting: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |reason| StartError::Bind { setting, address, reason };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
    // As `TcpListener::bind` does, but for the queue: a client that finds it full waits for a second.
    socket.set_reuseaddr(true).map_err(failed)?;
    socket.bind(address).map_err(failed)?;
    let listener = socket.listen(QUEUE).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
