//! Starts the log and the traces as the settings say.

use crate::config::Config;
use crate::telemetry::traces::{TraceSettings, Traces};

/// Starts them. What is given back sends traces until it is dropped.
///
/// # Errors
/// A sentence about traces that can't be sent.
pub fn start(config: &Config) -> Result<Option<Traces>, String> {
    let telemetry = &config.telemetry;
    let traces = config.traces.as_ref().map(|traces| TraceSettings {
        address: traces.address.clone(),
        headers: traces.headers.clone(),
        share: traces.share,
        service: (telemetry.app_name.clone(), telemetry.app_version.clone()),
    });
    crate::telemetry::start(&telemetry.filter, telemetry.json, traces.as_ref())
}
