//! The metrics recorder: what the parts count is kept here and written in Prometheus' text format when asked for.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// What was counted so far.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts to keep what the parts of this process count. In one process only the first call does; before it, and without it,
    /// counting costs nothing.
    #[must_use]
    pub fn start() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
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
