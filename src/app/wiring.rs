//! Picks an adapter for each port and makes the use cases: the one place that names concrete adapters.

use std::sync::Arc;

use super::StartError;
use super::tasks::Tasks;
use crate::adapters::http::{AppState, Authenticator, HostRule};
use crate::application::readiness::{Part, Readiness};
use crate::config::Config;

/// What the settings were wired to.
pub struct Wired {
    /// What the handlers reach.
    pub state: AppState,
    /// Called on SIGHUP: to read again what is read from files.
    pub on_hangup: Box<dyn Fn() + Send + Sync>,
}

/// Makes everything that the settings ask for. Background tasks go to `tasks`, which owns them.
///
/// # Errors
/// When a part can't start; the message says what to do.
// Adapters that open repositories and files will be awaited here.
#[allow(clippy::unused_async, clippy::unnecessary_wraps)]
pub async fn wire(config: &Config, _tasks: &mut Tasks) -> Result<Wired, StartError> {
    // WIRE HERE: adapters → use cases → `AppState`; a `Part` for each that readiness shows; background tasks by
    // `tasks.spawn("name", …)`, each ending on `tasks.stop_token()`.
    let parts: Vec<Box<dyn Part>> = Vec::new();

    let server = &config.server;
    let readiness = Arc::new(Readiness::new(parts, server.ready_max_age));
    let authenticator = match &server.tokens_file {
        Some(file) => Authenticator::with_tokens(file.clone()),
        None => Authenticator::off(),
    };
    let hosts = HostRule::new(authenticator.is_on(), &server.allowed_hosts);
    let state = AppState::new(readiness, authenticator, hosts);
    Ok(Wired { state, on_hangup: Box::new(|| tracing::info!("SIGHUP: nothing to read again")) })
}
