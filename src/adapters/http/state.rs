//! What every handler can reach.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::auth::Authenticator;
use super::error::ApiError;
use super::host::HostRule;
use crate::application::readiness::Readiness;
use crate::domain::error::Failure;

/// How long a request may take before its client gets a 504.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The state of the router. Cheap to clone: use cases come in as `Arc`s.
#[derive(Clone)]
pub struct AppState {
    /// Whether the service is ready.
    pub readiness: Arc<Readiness>,
    /// Who sends a request.
    pub authenticator: Arc<Authenticator>,
    /// Which `Host`s are answered.
    pub hosts: Arc<HostRule>,
    /// The writes in flight; the shutdown waits for them.
    pub writes: TaskTracker,
    /// How long a request may take.
    pub time_limit: Duration,
}

impl AppState {
    /// A state with the usual time limit and no write in flight.
    #[must_use]
    pub fn new(readiness: Arc<Readiness>, authenticator: Authenticator, hosts: HostRule) -> Self {
        Self {
            readiness,
            authenticator: Arc::new(authenticator),
            hosts: Arc::new(hosts),
            writes: TaskTracker::new(),
            time_limit: TIME_LIMIT,
        }
    }

    /// Runs a write to its end as a task of its own: a client that goes away, or the time limit, doesn't stop it halfway.
    ///
    /// # Errors
    /// The write's failure; a panic inside it is a defect.
    pub async fn run_write<T: Send + 'static>(
        &self,
        write: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, ApiError> {
        match self.writes.spawn(write.in_current_span()).await {
            Ok(outcome) => outcome.map_err(ApiError::from),
            Err(_) => Err(ApiError::defect("a write panicked")),
        }
    }
}
