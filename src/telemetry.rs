//! The tracing subscriber: the log goes to stdout, as text for people or as flat JSON for machines. Beside it, the metrics.

pub mod metrics;
pub mod traces;

use std::io::IsTerminal;

use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use self::traces::{TraceSettings, Traces};
use crate::traced::TARGET;

/// Told by the watches in their own words, once; who wants kube's as well names it in the filter.
const QUIET: &str = "kube_client=off,kube_runtime=off";

/// Here kube logs whole answers that it can't read, and they can hold the values of secrets: no filter turns it on.
const QUOTES_ANSWERS: &str = "kube_client::client";

/// Starts the log with a filter, which was checked when the settings were read. A second call in one process changes nothing. Panics
/// are told as places, without their messages: a formatted message can hold a value of a request.
///
/// # Errors
/// A sentence about traces that can't be sent.
pub fn start(filter: &str, json: bool, traces: Option<&TraceSettings>) -> Result<Option<Traces>, String> {
    let (traces, sent) = traces.map(Traces::start).transpose()?.unzip();
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}")).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stdout);
    let log = if json {
        log.json().flatten_event(true).with_span_list(false).boxed()
    } else {
        log.with_ansi(std::io::stdout().is_terminal()).boxed()
    };
    let safe = filter_fn(|told| told.target() != QUOTES_ANSWERS && told.target() != TARGET);
    // A list, as a layer that isn't there would have every span made.
    let mut layers = vec![log.with_filter(filter.and(safe)).boxed()];
    layers.extend(sent);
    let started = tracing_subscriber::registry().with(layers).try_init();
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "a panic");
        }));
    }
    Ok(traces)
}
