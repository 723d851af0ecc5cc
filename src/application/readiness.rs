//! Whether the service is ready: every required part was once, and the service isn't stopping.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::domain::watch::WatchReport;

/// How a part of the service does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartReport {
    /// What it is, such as `instance_types`.
    pub name: &'static str,
    /// What fills it, such as `file`.
    pub adapter: &'static str,
    /// Whether it can do its work.
    pub ready: bool,
    /// Since its source was last heard from, when it has one.
    pub age: Option<Duration>,
    /// Why it isn't ready or not at its best: a fixed code such as `loading`, as probes are open to all.
    pub reason: Option<&'static str>,
    /// Whether the service waits for it at start.
    pub required: bool,
    /// The watches that it gets its data through, if it does.
    pub watches: Vec<WatchReport>,
}

/// A part that tells how it does; any closure that makes a report is one. Called by every probe: from memory, at once.
pub trait Part: Send + Sync + 'static {
    /// How it does now.
    fn report(&self) -> PartReport;
}

impl<F: Fn() -> PartReport + Send + Sync + 'static> Part for F {
    fn report(&self) -> PartReport {
        self()
    }
}

/// All parts at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadinessReport {
    /// Whether requests should be sent here.
    pub ready: bool,
    /// The parts.
    pub parts: Vec<PartReport>,
}

/// The parts, and what is remembered of them.
pub struct Readiness {
    parts: Vec<(Box<dyn Part>, AtomicBool)>,
    max_age: Option<Duration>,
    stopping: AtomicBool,
}

impl Readiness {
    /// `max_age`: a required part that wasn't heard from for longer unreadies the service; `None` lets data grow stale, as
    /// old answers are better than none.
    #[must_use]
    pub fn new(parts: Vec<Box<dyn Part>>, max_age: Option<Duration>) -> Self {
        let parts = parts.into_iter().map(|part| (part, AtomicBool::new(false))).collect();
        Self { parts, max_age, stopping: AtomicBool::new(false) }
    }

    /// The service is stopping: unready from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// How the service does now. A required part that was ready once stays so, unless its data is older than `max_age`.
    #[must_use]
    pub fn report(&self) -> ReadinessReport {
        let mut parts: Vec<PartReport> =
            self.parts.iter().map(|(part, latch)| self.latched(&part.report(), latch)).collect();
        let ready = parts.iter().all(|part| part.ready || !part.required);
        let stopping = self.stopping.load(Ordering::Relaxed);
        if stopping {
            let (name, adapter, reason) = ("process", "process", Some("stopping"));
            parts.push(PartReport {
                name,
                adapter,
                ready: false,
                age: None,
                reason,
                required: true,
                watches: Vec::new(),
            });
        }
        ReadinessReport { ready: ready && !stopping, parts }
    }

    fn latched(&self, report: &PartReport, latch: &AtomicBool) -> PartReport {
        let mut report = report.clone();
        if !report.required {
            return report;
        }
        let was_ready = latch.fetch_or(report.ready, Ordering::Relaxed);
        report.ready |= was_ready;
        if report.ready && self.max_age.is_some_and(|limit| report.age.is_some_and(|age| age > limit)) {
            report.ready = false;
            report.reason = Some("too_old");
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn part(required: bool, ready: bool, age: u64) -> PartReport {
        let age = Some(Duration::from_secs(age));
        PartReport {
            name: "git",
            adapter: "local",
            ready,
            age,
            reason: (!ready).then_some("loading"),
            required,
            watches: Vec::new(),
        }
    }

    /// A readiness with one part, and the handle by which a test changes the part's report.
    fn with(first: PartReport, max_age: Option<u64>) -> (Readiness, Arc<Mutex<PartReport>>) {
        let now = Arc::new(Mutex::new(first));
        let told = Arc::clone(&now);
        let parts: Vec<Box<dyn Part>> = vec![Box::new(move || told.lock().unwrap().clone())];
        (Readiness::new(parts, max_age.map(Duration::from_secs)), now)
    }

    #[test]
    fn a_required_part_is_waited_for_and_then_latched() {
        let (readiness, now) = with(part(true, false, 0), None);
        assert!(!readiness.report().ready);
        *now.lock().unwrap() = part(true, true, 0);
        assert!(readiness.report().ready);
        *now.lock().unwrap() = part(true, false, 9999);
        let report = readiness.report();
        assert!(report.ready && report.parts[0].ready);
        assert_eq!(report.parts[0].reason, Some("loading"), "the trouble is still told");
    }

    #[test]
    fn an_optional_part_never_unreadies_the_service() {
        let report = with(part(false, false, 0), None).0.report();
        assert!(report.ready && !report.parts[0].ready);
    }

    #[test]
    fn data_older_than_the_limit_unreadies_until_it_is_fresh_again() {
        let (readiness, now) = with(part(true, true, 11), Some(10));
        let report = readiness.report();
        assert_eq!((report.ready, report.parts[0].reason), (false, Some("too_old")));
        *now.lock().unwrap() = part(true, true, 1);
        assert!(readiness.report().ready);
    }

    #[test]
    fn a_stopping_service_is_unready_and_says_so() {
        let (readiness, _) = with(part(true, true, 0), None);
        readiness.stop();
        let report = readiness.report();
        assert!(!report.ready);
        assert_eq!(report.parts.last().unwrap().reason, Some("stopping"));
    }
}
