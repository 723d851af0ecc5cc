//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::auth::Authenticator;
use super::error::ApiError;
use super::host::HostRule;
use super::limits::Limits;
use super::list::kept::KeptList;
use crate::application::catalog::InstanceTypes;
use crate::application::changes::Changes;
use crate::application::nodegroups::Nodegroups;
use crate::application::nodegroups::list::NodegroupList;
use crate::application::readiness::Readiness;
use crate::application::secrets::Secrets;
use crate::application::secrets::list::SecretList;
use crate::domain::error::Failure;

/// How long a request may take before its client gets a 504.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);

/// What the routes call.
#[derive(Clone)]
pub struct UseCases {
    /// The instance types.
    pub instance_types: Arc<InstanceTypes>,
    /// The nodegroups.
    pub nodegroups: Arc<Nodegroups>,
    /// The secrets.
    pub secrets: Arc<Secrets>,
    /// The changes.
    pub changes: Arc<Changes>,
}

/// The lists that are kept as bytes.
#[derive(Default)]
pub struct Lists {
    /// The nodegroups.
    pub nodegroups: Arc<KeptList<NodegroupList>>,
    /// The secrets.
    pub secrets: Arc<KeptList<SecretList>>,
}

/// The state of the router; derefs to [`Shared`], and through it to the use cases. Every request clones it several times.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What the state holds.
pub struct Shared {
    /// Whether the service is ready.
    pub readiness: Arc<Readiness>,
    /// What the routes call.
    pub use_cases: UseCases,
    /// What lists are answered from.
    pub lists: Lists,
    /// Who sends a request.
    pub authenticator: Authenticator,
    /// Which `Host`s are answered.
    pub hosts: HostRule,
    /// How much is taken on.
    pub limits: Limits,
    /// The writes in flight; the shutdown waits for them.
    pub writes: TaskTracker,
    /// How long a request may take.
    pub time_limit: Duration,
}

impl AppState {
    /// A state with the usual time limit and no write in flight.
    #[must_use]
    pub fn new(
        use_cases: UseCases,
        readiness: Arc<Readiness>,
        authenticator: Authenticator,
        hosts: HostRule,
        limits: Limits,
    ) -> Self {
        let (lists, writes, time_limit) = (Lists::default(), TaskTracker::new(), TIME_LIMIT);
        Self(Arc::new(Shared { readiness, use_cases, lists, authenticator, hosts, limits, writes, time_limit }))
    }

    /// The same with another time limit, before it is shared.
    #[cfg(test)]
    #[must_use]
    pub fn with_time_limit(self, time_limit: Duration) -> Self {
        let Some(shared) = Arc::into_inner(self.0) else { panic!("it is shared already") };
        Self(Arc::new(Shared { time_limit, ..shared }))
    }

    /// Runs a write to its end as a task of its own: a client that goes away, or the time limit, doesn't stop it halfway.
    ///
    /// # Errors
    /// The write's failure; 503 when too many are in flight; a panic inside it is a defect.
    pub async fn run_write<T: Send + 'static>(
        &self,
        write: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, ApiError> {
        let room = self.limits.write()?;
        let write = async move {
            let _room = room;
            write.await
        };
        match self.writes.spawn(write.in_current_span()).await {
            Ok(outcome) => outcome.map_err(ApiError::from),
            Err(_) => Err(ApiError::defect("a write panicked")),
        }
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Deref for Shared {
    type Target = UseCases;

    fn deref(&self) -> &UseCases {
        &self.use_cases
    }
}

#[cfg(test)]
impl UseCases {
    /// Use cases on doubles that expect no call: for tests of what stands around the routes.
    pub fn uncalled() -> Self {
        use crate::application::changes::{identity::RequestKey, policy::WritePolicy};
        use crate::application::secrets::SecretPolicy;
        use crate::domain::ports::{
            MockInstanceTypeSource, MockNodegroupStore, MockSecretSealer, MockSecretStore, MockTemplateRenderer,
            MockVersionControl,
        };
        let vcs = Arc::new(MockVersionControl::new());
        let templates = Arc::new(MockTemplateRenderer::new());
        let instance_types = Arc::new(InstanceTypes::new(Arc::new(MockInstanceTypeSource::new()), 0.5));
        let policy = WritePolicy::new(true, std::collections::BTreeSet::new(), "kube-system");
        let key = RequestKey::new(&[0; 32]);
        let changes = Arc::new(Changes::new(vcs.clone(), templates.clone(), policy, key, false));
        Self {
            nodegroups: Arc::new(Nodegroups::new(
                Arc::new(MockNodegroupStore::new()),
                None,
                instance_types.clone(),
                vcs.clone(),
                templates.clone(),
                changes.clone(),
                None,
            )),
            secrets: Arc::new(Secrets::new(
                Arc::new(MockSecretStore::new()),
                None,
                Arc::new(MockSecretSealer::new()),
                vcs,
                templates,
                changes.clone(),
                SecretPolicy { scopes: Vec::new(), metadata_prefixes: std::collections::BTreeSet::new() },
            )),
            instance_types,
            changes,
        }
    }
}
