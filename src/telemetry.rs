//! The tracing subscriber: the log goes to stdout, as text for people or as flat JSON for machines. Beside it, the metrics.

pub mod metrics;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts the log with a filter, which was checked when the settings were read. A second call in one process changes nothing. Panics
/// are told as places, without their messages: a formatted message can hold a value of a request.
pub fn start(filter: &str, json: bool) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stdout);
    let started = if json {
        log.json().flatten_event(true).with_span_list(false).try_init()
    } else {
        log.with_ansi(std::io::stdout().is_terminal()).try_init()
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "a panic");
        }));
    }
}
