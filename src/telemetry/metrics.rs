//! The metrics recorder: what the parts count is kept here and written in Prometheus' text format when asked for.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// From a read out of memory to a write's time limit, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// What was counted so far.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts to keep what the parts of this process count. In one process only the first call does; before it, and without it,
    /// counting costs nothing.
    #[must_use]
    pub fn start() -> Self {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS);
        // The list isn't empty, which is all that it could refuse.
        let recorder = builder.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
        let handle = recorder.handle();
        // A second recorder gets nothing to keep.
        let _ = metrics::set_global_recorder(recorder);
        Self(handle)
    }

    /// All metrics in Prometheus' text format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}
